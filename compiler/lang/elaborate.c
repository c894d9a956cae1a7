/* Runs blocks and models: binds their parameters, executes their statements, and so appends layers
 * to the network.
 *
 * Execution is bounded (steps, layers, depth of calls). A block that reported an error is not run
 * again, and a loop stops at the first round with errors, so that one mistake is one message. */
#include "builder.h"

#include <string.h>

#include "str.h"

static const char *decl_kind_text(const struct decl *d)
{
    return d->kind == DECL_MODEL ? "model" : "block";
}

static bool step(struct builder *b, struct span span)
{
    if (b->steps < BUILD_MAX_STEPS) {
        b->steps++;
        return !b->stopped;
    }
    if (!b->stopped)
        diag_report(b->diag, span, DIAG_TOO_MANY_STEPS, BUILD_MAX_STEPS);
    b->stopped = true;
    return false;
}

/* ---- parameters ---- */

/* `image: f32[3, H, W]`: compares the value's shape with the numbers, binds the names. */
static bool bind_dims(struct builder *b, struct frame *frame, const struct param *p, struct value v,
                      struct span span)
{
    if (v.kind != VALUE_TENSOR) {
        diag_report(b->diag, span, DIAG_WRONG_TYPE, arena_printf(b->arena, "'%s'", p->name),
                    "a layer's value", value_text(b->arena, &v));
        return false;
    }
    const struct type *type = &net_layer(b->net, v.tensor)->type;
    const struct shape *s = &type->shape;
    enum ftmrt_dtype dtype;
    if (!dtype_by_word(p->dtype, &dtype) || dtype != type->dtype) {
        diag_report(b->diag, span, DIAG_WRONG_TYPE, arena_printf(b->arena, "'%s'", p->name),
                    p->dtype, ftmrt_dtype_name(type->dtype));
        return false;
    }
    if (s->rank != p->dims->list.len + 1) {
        char text[128];
        diag_report(b->diag, span, DIAG_WRONG_TYPE, arena_printf(b->arena, "'%s'", p->name),
                    arena_printf(b->arena, "%u dimensions and the batch", p->dims->list.len),
                    shape_text(s, text, sizeof text));
        return false;
    }
    for (uint32_t i = 0; i < p->dims->list.len; i++) {
        const struct expr *dim = p->dims->list.at[i];
        if (dim->kind == EXPR_NAME && !frame_get(frame, dim->text)) {
            frame_set(b, frame, dim->text, value_int(s->dim[i + 1]));
            continue;
        }
        struct value want = eval(b, frame, dim);
        if (want.kind != VALUE_INT || want.integer == s->dim[i + 1])
            continue;
        diag_report(b->diag, span, DIAG_WRONG_TYPE,
                    arena_printf(b->arena, "dimension %u of '%s'", i + 1, p->name),
                    value_text(b->arena, &want),
                    arena_printf(b->arena, "%lld", (long long)s->dim[i + 1]));
        return false;
    }
    return true;
}

static bool set_param(struct builder *b, struct frame *frame, const struct param *p, struct value v,
                      struct span span)
{
    if (v.kind == VALUE_ERROR)
        return false;
    frame_set(b, frame, p->name, v);
    return !p->dtype || bind_dims(b, frame, p, v, span);
}

/* Whether a call is the user's, of what is not: the recipe's of its model, or one of another file. */
static bool is_users_call(const struct builder *b, const struct frame *caller,
                          const struct decl *callee, const struct expr *e)
{
    const struct decl *recipe = b->files->finetune;
    return caller->decl->kind == DECL_FINETUNE ||
           (recipe && e->span.source == recipe->span.source &&
            callee->span.source != e->span.source);
}

/* Notes where a value was given, if it has come from no farther. */
static void note_origin(struct builder *b, struct value *v, struct origin origin)
{
    struct origin *kept = arena_new(b->arena, struct origin);
    *kept = origin;
    v->origin = v->origin ? v->origin : kept;
}

static bool bind_default(struct builder *b, struct frame *caller, struct frame *frame,
                         const struct param *p, const struct expr *e)
{
    if (!p->value) {
        diag_report(b->diag, e->span, DIAG_MISSING_ARGUMENT, frame->decl->name, p->name);
        return false;
    }
    struct value v = eval(b, frame, p->value);
    if (is_users_call(b, caller, frame->decl, e))
        note_origin(b, &v, (struct origin){e->span, frame->decl->name, p->name, true});
    return set_param(b, frame, p, v, p->span);
}

/* What is given for the parameters of a block or model, while arguments are matched. */
struct given {
    const char **names;
    struct value *values;
    struct span *spans;
    bool *given;
    bool ok, misnamed; /* misnamed: what is missing follows from that */
};

static struct given new_given(struct arena *arena, const struct params *params)
{
    uint32_t n = params->list.len;
    struct given g = {.names = arena_array(arena, const char *, n),
                      .values = arena_array(arena, struct value, n),
                      .spans = arena_array(arena, struct span, n),
                      .given = arena_array(arena, bool, n),
                      .ok = true};
    for (uint32_t i = 0; i < n; i++)
        g.names[i] = params->list.at[i].name;
    return g;
}

/* Matches and evaluates the arguments of a call. */
static void match_all(struct builder *b, struct frame *caller, const struct decl *d,
                      const struct expr *e, struct given *g, uint32_t implicit)
{
    uint32_t n = d->params->list.len, position = implicit;
    for (uint32_t i = 0; i < e->args->list.len; i++) {
        const struct arg *arg = &e->args->list.at[i];
        uint32_t slot = match_argument(b, d->name, g->names, n, arg, position, implicit != 0);
        position += !arg->name;
        struct value v = eval(b, caller, arg->value);
        if (slot == n) {
            g->misnamed = true;
            continue;
        }
        if (g->given[slot]) {
            report_twice(b, d->name, g->names[slot], arg);
            g->ok = false;
        }
        if (is_users_call(b, caller, d, e))
            note_origin(b, &v, (struct origin){arg->value->span, d->name, g->names[slot], false});
        g->given[slot] = true;
        g->values[slot] = v;
        g->spans[slot] = arg->value->span;
    }
}

/* Arguments first, then defaults, which may use the parameters before them. */
static bool bind_params(struct builder *b, struct frame *caller, struct frame *frame,
                        const struct expr *e, const struct value *implicit, uint32_t count)
{
    const struct params *params = frame->decl->params;
    struct given g = new_given(b->arena, params);
    if (count > params->list.len)
        count = params->list.len;
    for (uint32_t i = 0; i < count; i++) {
        g.given[i] = true;
        g.values[i] = implicit[i];
        g.spans[i] = e->span;
    }
    match_all(b, caller, frame->decl, e, &g, count);
    for (uint32_t i = 0; i < params->list.len && !g.misnamed; i++) {
        const struct param *p = &params->list.at[i];
        bool bound = g.given[i] ? set_param(b, frame, p, g.values[i], g.spans[i])
                                : bind_default(b, caller, frame, p, e);
        g.ok = bound && g.ok;
    }
    return g.ok && !g.misnamed;
}

/* ---- statements ---- */

static void run_body(struct builder *b, struct frame *frame, const struct stmts *body);

static void run_for(struct builder *b, struct frame *frame, const struct stmt *s)
{
    struct value from = eval(b, frame, s->value), to = eval(b, frame, s->to);
    if (from.kind == VALUE_ERROR || to.kind == VALUE_ERROR)
        return;
    if (from.kind != VALUE_INT || to.kind != VALUE_INT) {
        const struct value *bad = from.kind != VALUE_INT ? &from : &to;
        diag_report(b->diag, from.kind != VALUE_INT ? s->value->span : s->to->span, DIAG_WRONG_TYPE,
                    "bound of a loop", "an integer", value_text(b->arena, bad));
        return;
    }
    uint32_t errors = b->diag->errors;
    for (int64_t i = from.integer; i < to.integer && step(b, s->span); i++) {
        frame_set(b, frame, s->name, value_int(i));
        run_body(b, frame, s->body);
        if (frame->returned || b->diag->errors > errors)
            return;
    }
}

static void run_if(struct builder *b, struct frame *frame, const struct stmt *s)
{
    struct value cond = eval(b, frame, s->value);
    if (cond.kind == VALUE_BOOL && cond.integer)
        run_body(b, frame, s->body);
    else if (cond.kind == VALUE_BOOL && s->other)
        run_body(b, frame, s->other);
    else if (cond.kind != VALUE_BOOL && cond.kind != VALUE_ERROR)
        diag_report(b->diag, s->value->span, DIAG_WRONG_TYPE, "condition", "true or false",
                    value_text(b->arena, &cond));
}

static void run_return(struct builder *b, struct frame *frame, const struct stmt *s)
{
    struct value v = eval(b, frame, s->value);
    if (frame->decl->kind == DECL_MODEL) {
        diag_report(b->diag, s->span, DIAG_MISPLACED, "`return`", "a block");
        diag_note(b->diag, "a model ends with `output name = value`");
        return;
    }
    frame->returned = true;
    frame->result = v;
}

static bool has_output(const struct frame *frame, const char *name)
{
    for (uint32_t i = 0; i < frame->outputs.len; i++)
        if (!strcmp(frame->outputs.at[i].name, name))
            return true;
    return false;
}

static void run_output(struct builder *b, struct frame *frame, const struct stmt *s)
{
    struct value v = eval(b, frame, s->value);
    if (frame->decl->kind != DECL_MODEL) {
        diag_report(b->diag, s->span, DIAG_MISPLACED, "`output`", "a model");
        diag_note(b->diag, "a block ends with `return value`");
    } else if (has_output(frame, s->name)) {
        diag_report(b->diag, s->span, DIAG_OUTPUT_COUNT, frame->decl->name, s->name);
    } else {
        vec_push(b->arena, &frame->outputs, (struct variable){s->name, v});
    }
}

static void run_stmt(struct builder *b, struct frame *frame, const struct stmt *s)
{
    switch (s->kind) {
    case STMT_ASSIGN: frame_set(b, frame, s->name, eval(b, frame, s->value)); break;
    case STMT_FOR: run_for(b, frame, s); break;
    case STMT_IF: run_if(b, frame, s); break;
    case STMT_RETURN: run_return(b, frame, s); break;
    case STMT_OUTPUT: run_output(b, frame, s); break;
    }
}

static void run_body(struct builder *b, struct frame *frame, const struct stmts *body)
{
    for (uint32_t i = 0; i < body->list.len && !frame->returned; i++) {
        if (!step(b, body->list.at[i]->span))
            return;
        run_stmt(b, frame, body->list.at[i]);
    }
}

/* ---- blocks and models ---- */

/* A model's result: its output, or a list of them. */
static void take_outputs(struct builder *b, struct frame *frame)
{
    const uint32_t n = frame->outputs.len;
    struct value *items = arena_array(b->arena, struct value, n);
    b->output_names = arena_array(b->arena, const char *, n);
    b->output_count = n;
    bool ok = true;
    for (uint32_t i = 0; i < n; i++) {
        b->output_names[i] = frame->outputs.at[i].name;
        items[i] = frame->outputs.at[i].value;
        ok = ok && items[i].kind != VALUE_ERROR;
    }
    if (!ok)
        frame->result = value_error();
    else
        frame->result =
            n == 1 ? items[0] : (struct value){.kind = VALUE_LIST, .items = items, .count = n};
}

/* A preset has the outputs of the model that it calls. */
static void run_model_or_block(struct builder *b, struct frame *frame)
{
    const struct decl *d = frame->decl;
    if (d->body) {
        run_body(b, frame, d->body);
    } else {
        frame->result = eval_call(b, frame, d->preset, NULL);
        frame->returned = true;
    }
    if (frame->outputs.len)
        take_outputs(b, frame);
    if (frame->returned || frame->outputs.len || b->stopped)
        return;
    diag_report(b->diag, d->span, DIAG_NO_RESULT, decl_kind_text(d), d->name,
                d->kind == DECL_MODEL ? "`output name = value`" : "`return value`");
}

static struct value run_frame(struct builder *b, struct frame *frame, struct frame *caller,
                              const struct expr *e, const struct value *implicit, uint32_t count)
{
    if (e->label && !(frame->scope = eval_label(b, caller, e->label)))
        return value_error();
    if (!bind_params(b, caller, frame, e, implicit, count))
        return value_error();
    uint32_t errors = b->diag->errors;
    b->depth++;
    run_model_or_block(b, frame);
    b->depth--;
    if (b->diag->errors > errors) {
        vec_push(b->arena, &b->broken, frame->decl);
        return value_error();
    }
    return frame->result;
}

static bool is_broken(const struct builder *b, const struct decl *decl)
{
    for (uint32_t i = 0; i < b->broken.len; i++)
        if (b->broken.at[i] == decl)
            return true;
    return false;
}

struct value run_decl(struct builder *b, struct frame *caller, const struct decl *decl,
                      const struct expr *e, const struct value *implicit, uint32_t count)
{
    if (decl->damaged || is_broken(b, decl) || !step(b, e->span))
        return value_error();
    if (b->depth >= BUILD_MAX_CALL_DEPTH) {
        diag_report(b->diag, e->span, DIAG_CALL_DEPTH, BUILD_MAX_CALL_DEPTH);
        b->stopped = true;
        return value_error();
    }
    struct frame frame = {.decl = decl, .scope = caller->scope, .block = caller->block};
    if (e->label)
        frame.block = decl->name;
    return run_frame(b, &frame, caller, e, implicit, count);
}
