/* Expressions: names, attributes of values, operators, conditionals, labels and calls. Errors are
 * reported once; the value VALUE_ERROR then travels upwards in silence. */
#include "builder.h"

#include <string.h>
#include <strings.h>

#include "functions.h"
#include "op.h"
#include "str.h"

/* ---- names ---- */

/* The layer whose value, or whose list of results, it is; NULL: none. */
static struct layer *layer_of(const struct builder *b, const struct value *v)
{
    if (v->kind == VALUE_TENSOR)
        return net_layer(b->net, v->tensor);
    if (v->kind != VALUE_LIST || !v->count || v->items[0].kind != VALUE_TENSOR)
        return NULL;
    const struct layer *first = net_layer(b->net, v->items[0].tensor);
    return layer_is_part(first) ? net_layer(b->net, first->inputs[0]) : NULL;
}

/* People know a value by the first name that it gets. */
static void name_layer(struct builder *b, const char *scope, const char *name,
                       const struct value *v)
{
    struct layer *l = layer_of(b, v);
    if (!l || layer_variable(l, scope))
        return;
    struct layer_name *n = arena_new(b->arena, struct layer_name);
    *n = (struct layer_name){scope, name, l->names};
    l->names = n;
}

void frame_set(struct builder *b, struct frame *frame, const char *name, struct value v)
{
    if (frame->scope)
        name_layer(b, frame->scope, name, &v);
    if (!frame->index.arena)
        map_init(&frame->index, b->arena);
    uintptr_t at = (uintptr_t)map_get(&frame->index, name);
    if (at) {
        frame->names.at[at - 1].value = v;
        return;
    }
    vec_push(b->arena, &frame->names, (struct variable){name, v});
    map_set(&frame->index, name, (void *)(uintptr_t)frame->names.len);
}

const struct value *frame_get(const struct frame *frame, const char *name)
{
    uintptr_t at = frame->index.arena ? (uintptr_t)map_get(&frame->index, name) : 0;
    return at ? &frame->names.at[at - 1].value : NULL;
}

static const char *const symbols[] = {
#define FTMRT_LABEL(name, word, meaning) word,
#include "label_kinds.def"
#undef FTMRT_LABEL
    "same", "imagenet", "random", "balanced"};
enum { SYMBOL_COUNT = sizeof symbols / sizeof *symbols };

static void report_unknown_name(struct builder *b, const struct frame *frame, const struct expr *e)
{
    if (frame->decl->kind == DECL_FINETUNE && !strcmp(e->text, "classes")) {
        diag_report(b->diag, e->span, DIAG_CLASSES_UNKNOWN);
        diag_note(b->diag, "write `classes = 10` or `labels = [\"...\", ...]` in the finetune");
        return;
    }
    diag_report(b->diag, e->span, DIAG_UNKNOWN_NAME, e->text);
    if (b->diag->dropped)
        return; /* nobody reads the suggestion */
    if (!strcasecmp(e->text, "nan") || !strncasecmp(e->text, "inf", 3)) {
        diag_note(b->diag, "numbers are finite, and written as 0.01 or 1e-3");
        return;
    }
    const char **declared;
    const uint32_t count = files_names(b->files, e->span, false, &declared);
    const char **names =
        arena_array(b->arena, const char *, frame->names.len + count + SYMBOL_COUNT);
    uint32_t n = 0;
    for (uint32_t i = 0; i < frame->names.len; i++)
        names[n++] = frame->names.at[i].name;
    for (uint32_t i = 0; i < count; i++)
        names[n++] = declared[i];
    for (uint32_t i = 0; i < SYMBOL_COUNT; i++)
        names[n++] = symbols[i];
    const char *near = e->text[1] ? str_nearest(e->text, names, n) : NULL;
    if (near)
        diag_note(b->diag, "did you mean '%s'?", near);
}

static const char *find_symbol(const char *text)
{
    for (uint32_t i = 0; i < SYMBOL_COUNT; i++)
        if (!strcmp(symbols[i], text))
            return symbols[i];
    return NULL;
}

static const struct ftmrt_call_info *find_bare(const char *text)
{
    const struct ftmrt_call_info *info = call_find(text);
    return info && info->category != FTMRT_CATEGORY_LAYER ? info : NULL;
}

bool name_is_unknown(const struct builder *b, const struct frame *frame, const struct expr *e)
{
    return e->kind == EXPR_NAME && !frame_get(frame, e->text) &&
           !files_find(b->files, e->text, e->span) && !find_symbol(e->text) &&
           !find_bare(e->text) && !call_word(e->text);
}

/* A name: a variable, else a block or model, else a call without arguments, else a word. */
static struct value eval_name(struct builder *b, struct frame *frame, const struct expr *e)
{
    const struct value *v = frame_get(frame, e->text);
    if (v)
        return *v;
    const struct decl *decl = files_find(b->files, e->text, e->span);
    if (decl && files_ambiguous(b->files, e->text, e->span))
        return value_error();
    if (decl)
        return (struct value){.kind = VALUE_DECL, .decl = decl};
    const char *symbol = find_symbol(e->text);
    if (symbol)
        return (struct value){.kind = VALUE_SYMBOL, .text = symbol};
    const struct ftmrt_call_info *info = find_bare(e->text);
    if (info) {
        struct bound_call *call = call_bind_bare(b, info, e->span);
        return call ? (struct value){.kind = VALUE_CALL, .call = call} : value_error();
    }
    if (call_word(e->text))
        return (struct value){.kind = VALUE_SYMBOL, .text = e->text};
    report_unknown_name(b, frame, e);
    return value_error();
}

static struct value eval_attr(struct builder *b, struct frame *frame, const struct expr *e)
{
    struct value a = eval(b, frame, e->a);
    if (a.kind == VALUE_ERROR)
        return a;
    static const char *const names[] = {"channels", "height", "width"};
    const struct shape *s =
        a.kind == VALUE_TENSOR ? &net_layer(b->net, a.tensor)->type.shape : NULL;
    for (uint32_t i = 0; s && i < 3; i++)
        if (!strcmp(e->text, names[i]) && i + 1 < s->rank)
            return value_int(s->dim[i + 1]);
    diag_report(b->diag, e->span, DIAG_UNKNOWN_ATTRIBUTE, value_text(b->arena, &a), e->text);
    const char *near = s ? str_nearest(e->text, names, 3) : NULL;
    if (near && s && s->rank == 4)
        diag_note(b->diag, "did you mean '%s'?", near);
    else if (s)
        diag_note(b->diag, s->rank == 4 ? "there are channels, height and width"
                                        : "it has no height and width: only channels");
    return value_error();
}

static struct value eval_index(struct builder *b, struct frame *frame, const struct expr *e)
{
    struct value list = eval(b, frame, e->a), index = eval(b, frame, e->b);
    if (list.kind == VALUE_ERROR || index.kind == VALUE_ERROR)
        return value_error();
    if (list.kind != VALUE_LIST)
        diag_report(b->diag, e->a->span, DIAG_WRONG_TYPE, "before [ ]", "a list",
                    value_text(b->arena, &list));
    else if (index.kind != VALUE_INT)
        diag_report(b->diag, e->b->span, DIAG_WRONG_TYPE, "index", "an integer",
                    value_text(b->arena, &index));
    else if (index.integer < 0 || index.integer >= list.count)
        diag_report(b->diag, e->b->span, DIAG_INDEX_RANGE, (long long)index.integer, list.count);
    else
        return list.items[index.integer];
    return value_error();
}

static struct value eval_list(struct builder *b, struct frame *frame, const struct expr *e)
{
    uint32_t n = e->items->list.len;
    struct value v = {
        .kind = VALUE_LIST, .items = arena_array(b->arena, struct value, n), .count = n};
    bool ok = true;
    for (uint32_t i = 0; i < n; i++) {
        v.items[i] = eval(b, frame, e->items->list.at[i]);
        ok &= v.items[i].kind != VALUE_ERROR;
    }
    return ok ? v : value_error();
}

/* ---- operators ---- */

static struct value eval_if(struct builder *b, struct frame *frame, const struct expr *e)
{
    struct value cond = eval(b, frame, e->b);
    if (cond.kind == VALUE_BOOL)
        return eval(b, frame, cond.integer ? e->a : e->c);
    if (cond.kind != VALUE_ERROR)
        diag_report(b->diag, e->b->span, DIAG_WRONG_TYPE, "condition", "true or false",
                    value_text(b->arena, &cond));
    return value_error();
}

static bool is_number(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
}

/* Whether a value is the smaller one, to be broadcast. */
static bool is_smaller(const struct builder *b, const struct value *a, const struct value *other)
{
    if (is_number(a) || is_number(other))
        return is_number(a);
    return shape_elements(&net_layer(b->net, a->tensor)->type.shape, 1) <
           shape_elements(&net_layer(b->net, other->tensor)->type.shape, 1);
}

/* An operator between the values of two layers, or of a layer and a number, is a layer. What is broadcast is the call's second argument, on either side
 * of an operator whose operands may be exchanged. */
static struct value eval_layers(struct builder *b, struct frame *frame, const struct expr *e,
                                const struct value *x, const struct value *y)
{
    const struct ftmrt_call_info *info = call_of_operator(ast_op_text(e->op));
    if (!info)
        return value_binary(b->arena, b->diag, e->op, x, y, e->span);
    struct bound_call c = {.info = info, .args = arena_array(b->arena, struct value, 2)};
    const bool swap = op_info(op_by_name(info->name))->flags & OP_COMM && is_smaller(b, x, y);
    c.args[0] = swap ? *y : *x;
    c.args[1] = swap ? *x : *y;
    return layer_call(b, frame, e, &c);
}

static bool is_source(const struct value *v)
{
    return v->kind == VALUE_CALL && v->call->info->category == FTMRT_CATEGORY_DATA;
}

/* The sources of a sum: those of a sum in front, and the one behind. */
static struct value eval_sources(struct builder *b, const struct expr *e, const struct value *x,
                                 const struct value *y)
{
    const struct ftmrt_call_info *info = call_of_sources();
    const struct value one = {.items = (struct value *)(uintptr_t)x, .count = 1},
                       *front = x->call->info == info ? &x->call->args[0] : &one;
    struct value sum = {.kind = VALUE_LIST, .count = front->count + 1};
    sum.items = arena_array(b->arena, struct value, sum.count);
    memcpy(sum.items, front->items, front->count * sizeof *sum.items);
    sum.items[front->count] = *y;
    struct bound_call *c = arena_new(b->arena, struct bound_call);
    *c = (struct bound_call){info, arena_array(b->arena, struct value, 1),
                             arena_array(b->arena, struct span, 1), e->span};
    c->args[0] = sum;
    c->spans[0] = e->span;
    return (struct value){.kind = VALUE_CALL, .call = c};
}

static struct value eval_binary(struct builder *b, struct frame *frame, const struct expr *e)
{
    struct value x = eval(b, frame, e->a);
    if (x.kind == VALUE_BOOL && e->op == (x.integer ? AST_OR : AST_AND))
        return x; /* decided: the other side is not evaluated */
    struct value y = eval(b, frame, e->b);
    const bool tensors = x.kind == VALUE_TENSOR || y.kind == VALUE_TENSOR;
    if (tensors && (x.kind == VALUE_TENSOR || is_number(&x)) &&
        (y.kind == VALUE_TENSOR || is_number(&y)))
        return eval_layers(b, frame, e, &x, &y);
    if (e->op == AST_ADD && is_source(&x) && is_source(&y))
        return eval_sources(b, e, &x, &y);
    return value_binary(b->arena, b->diag, e->op, &x, &y, e->span);
}

/* Minus the value of a layer is -1 times it. */
static struct value eval_unary(struct builder *b, struct frame *frame, const struct expr *e)
{
    const struct value x = eval(b, frame, e->a), minus_one = value_int(-1);
    struct expr times = *e;
    times.op = AST_MUL;
    if (e->op == AST_NEG && x.kind == VALUE_TENSOR)
        return eval_layers(b, frame, &times, &x, &minus_one);
    return value_unary(b->arena, b->diag, e->op, &x, e->span);
}

/* ---- labels and calls ---- */

/* Components that are not empty. */
static bool label_valid(const char *s)
{
    bool empty = true;
    for (size_t i = 0; s[i]; i++) {
        if (s[i] == '.' && empty)
            return false;
        empty = s[i] == '.';
    }
    return !empty && strlen(s) <= BUILD_MAX_LABEL;
}

const char *eval_label(struct builder *b, struct frame *frame, const struct label *label)
{
    struct strbuf out;
    strbuf_init(&out, b->arena);
    strbuf_add(&out, "");
    for (uint32_t i = 0; i < label->parts.len; i++) {
        const struct label_part *part = &label->parts.at[i];
        if (part->text) {
            strbuf_add(&out, part->text);
            continue;
        }
        struct value v = eval(b, frame, part->expr);
        if (v.kind == VALUE_INT) {
            strbuf_addf(&out, "%lld", (long long)v.integer);
        } else if (v.kind == VALUE_STRING) {
            strbuf_add(&out, v.text);
        } else {
            if (v.kind != VALUE_ERROR)
                diag_report(b->diag, part->expr->span, DIAG_WRONG_TYPE, "in a label",
                            "an integer or a string", value_text(b->arena, &v));
            return NULL;
        }
    }
    if (!label_valid(out.text) || strlen(out.text) + strlen(frame->scope) > BUILD_MAX_LABEL ||
        strspn(out.text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") !=
            out.len) {
        diag_report(b->diag, label->span, DIAG_BAD_LABEL,
                    arena_printf(b->arena, "%.80s", out.text));
        return NULL;
    }
    return *frame->scope ? arena_printf(b->arena, "%s.%s", frame->scope, out.text) : out.text;
}

/* The nearest name to a misspelt one that a call can have here, or NULL: of blocks and models, of functions of values, of
 * layers and what else there is. */
static const char *nearest_call(struct builder *b, const struct frame *frame, const struct expr *e)
{
    const char **declared;
    const uint32_t count = files_names(b->files, e->span, false, &declared);
    const char **names =
        arena_array(b->arena, const char *, count + frame->names.len + function_count());
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++)
        names[n++] = declared[i];
    for (uint32_t i = 0; i < frame->names.len; i++)
        if (frame->names.at[i].value.kind == VALUE_DECL)
            names[n++] = frame->names.at[i].name;
    for (uint32_t i = 0; i < function_count(); i++)
        names[n++] = function_name(i);
    const char *near = str_nearest(e->text, names, n);
    for (int category = 0; category < FTMRT_CATEGORY_COUNT && !near; category++)
        near = call_nearest(e->text, (enum ftmrt_category)category);
    return near;
}

static void report_unknown_call(struct builder *b, const struct frame *frame, const struct expr *e)
{
    diag_report(b->diag, e->span, DIAG_UNKNOWN_CALL, "layer, block, model or function", e->text);
    if (b->diag->dropped)
        return;
    const char *near = nearest_call(b, frame, e);
    if (near)
        diag_note(b->diag, "did you mean '%s'?", near);
    diag_note(b->diag, "layers: %s", call_list(b->arena, FTMRT_CATEGORY_LAYER));
}

/* A call of a row: of a layer, or of what a recipe calls. */
static struct value eval_row(struct builder *b, struct frame *frame, const struct expr *e,
                             const struct ftmrt_call_info *info, const struct value *implicit)
{
    if (e->label && info->category != FTMRT_CATEGORY_LAYER) {
        diag_report(b->diag, e->label->span, DIAG_LABEL_UNUSED, e->text);
        return value_error();
    }
    struct bound_call *call = call_bind(b, frame, info, e, implicit);
    if (!call)
        return value_error();
    if (info->category == FTMRT_CATEGORY_LAYER)
        return layer_call(b, frame, e, call);
    return (struct value){.kind = VALUE_CALL, .call = call};
}

struct value eval_call(struct builder *b, struct frame *frame, const struct expr *e,
                       const struct value *implicit)
{
    const struct value *bound = frame_get(frame, e->text);
    if (bound && bound->kind == VALUE_ERROR)
        return *bound;
    const bool local = bound && bound->kind == VALUE_DECL;
    const struct decl *decl = local ? bound->decl : files_find(b->files, e->text, e->span);
    if (decl && !local && files_ambiguous(b->files, e->text, e->span))
        return value_error();
    if (decl)
        return run_decl(b, frame, decl, e, implicit, implicit != NULL);
    const struct function *function = implicit ? NULL : function_find(e->text);
    if (function)
        return function_call(b, frame, function, e);
    const struct ftmrt_call_info *info = call_find(e->text);
    if (info)
        return eval_row(b, frame, e, info, implicit);
    report_unknown_call(b, frame, e);
    return value_error();
}

struct value eval(struct builder *b, struct frame *frame, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_INT: return value_int(e->integer);
    case EXPR_BOOL: return value_bool(e->integer != 0);
    case EXPR_FLOAT: return value_float(e->real);
    case EXPR_PERCENT: return (struct value){.kind = VALUE_PERCENT, .real = e->real};
    case EXPR_EPOCHS: return (struct value){.kind = VALUE_EPOCHS, .real = e->real};
    case EXPR_FACTOR:
        diag_report(b->diag, e->span, DIAG_MISPLACED, "a factor", "`group`");
        return value_error();
    case EXPR_STRING: return (struct value){.kind = VALUE_STRING, .text = e->text};
    case EXPR_NAME: return eval_name(b, frame, e);
    case EXPR_ATTR: return eval_attr(b, frame, e);
    case EXPR_INDEX: return eval_index(b, frame, e);
    case EXPR_LIST: return eval_list(b, frame, e);
    case EXPR_CALL: return eval_call(b, frame, e, NULL);
    case EXPR_UNARY: return eval_unary(b, frame, e);
    case EXPR_BINARY: return eval_binary(b, frame, e);
    case EXPR_IF: return eval_if(b, frame, e);
    }
    return value_error();
}
