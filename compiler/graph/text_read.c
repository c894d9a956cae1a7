/* The reader of the text form: recursive descent with one token of lookahead. It stops at the first
 * error.
 *
 *   program   = "program" name "batch" int "shards" int "{" { state | optimizer | function } "}"
 *   state     = "state" @name ":" type kind { clause }
 *   optimizer = "optimizer" op { name } [ "{" name "=" value { "," name "=" value } "}" ]
 *               { group }
 *   group     = "group" string [ "{" factor "=" number { "," factor "=" number } "}" ]
 *   function  = "func" name [ kind ] { clause } "{" { node | output } "}"
 *
 * Nodes are read by text_node.c. Numbers are checked against limits when they are read, so that no
 * later sum or product of sizes overflows; the verifier then checks the whole. */
#include "text.h"

#include <string.h>

#include "op.h"
#include "optimizer.h"
#include "text_parse.h"
#include "text_words.h"
#include "verify.h"

enum { MAX_BATCH = 1 << 20 };

static bool read_kind(struct parser *p, struct state *s)
{
    for (unsigned i = 0; text_kind_word(i); i++) {
        if (parser_take_word(p, text_kind_word(i))) {
            s->kind = (enum ftmrt_state_kind)i;
            return true;
        }
    }
    return parser_expected(p, "parameter, buffer or slot");
}

static bool read_init(struct parser *p, struct state *s)
{
    for (unsigned i = 0; text_init_word(i); i++) {
        if (parser_take_word(p, text_init_word(i))) {
            s->init = (enum ftmrt_init)i;
            return true;
        }
    }
    return parser_expected(p, "an initial value");
}

/* [0, 2] */
static bool read_phases(struct parser *p, struct state *s)
{
    if (!parser_want(p, '['))
        return false;
    do {
        int64_t phase;
        if (!parser_int(p, "a phase", 0, GRAPH_MAX_PHASES - 1, &phase))
            return false;
        s->phases |= UINT32_C(1) << phase;
    } while (parser_take(p, ','));
    return parser_want(p, ']');
}

static bool read_flag(struct parser *p, struct state *s)
{
    if (parser_take_word(p, "trainable"))
        s->trainable = s->mutable = true;
    else if (parser_take_word(p, "mutable"))
        s->mutable = true;
    else if (parser_take_word(p, "kept"))
        s->kept = s->mutable = true;
    else if (parser_take_word(p, "learnt"))
        s->learnt = true;
    else if (parser_take_word(p, "added"))
        s->added = true;
    else if (parser_take_word(p, "grows"))
        s->grows = true;
    else
        return false;
    return true;
}

/* One clause behind a state's kind; *more is false when there is none. */
static bool read_clause(struct parser *p, struct state *s, bool *more)
{
    int64_t number = 0;
    *more = true;
    if (read_flag(p, s))
        return true;
    if (s->trainable && parser_take_word(p, "phases"))
        return read_phases(p, s);
    if (parser_take_word(p, "layout"))
        return parser_layout(p, &s->form.layout);
    if (parser_take_word(p, "stored"))
        return parser_dtype(p, &s->form.stored);
    if (parser_take_word(p, "file"))
        return parser_shape(p, &s->file_shape);
    if (parser_take_word(p, "source")) {
        bool ok = parser_int(p, "the index of a source", 0, INT32_MAX, &number);
        s->source = (int32_t)number;
        return ok;
    }
    if (parser_take_word(p, "init"))
        return read_init(p, s);
    if (parser_take_word(p, "init_arg"))
        return parser_float(p, &s->init_arg);
    if (parser_take_word(p, "fan_in"))
        return parser_int(p, "fan_in", 0, PARSER_MAX_SIZE, &s->fan_in);
    if (parser_take_word(p, "group"))
        return parser_quoted(p, &s->group);
    if (parser_take_word(p, "layer"))
        return parser_quoted(p, &s->layer);
    if (parser_take_word(p, "kind"))
        return parser_quoted(p, &s->layer_kind);
    *more = false;
    return true;
}

static bool read_state(struct parser *p)
{
    struct state s = {.source = -1, .span = p->token.span};
    if (p->token.kind != TOKEN_STATE)
        return parser_expected(p, "@ and the name of a state");
    s.name = p->token.text;
    if (program_find_state(p->program, s.name) != UINT32_MAX) {
        diag_report(p->diag, p->token.span, DIAG_GRAPH_TWICE, s.name);
        return false;
    }
    parser_advance(p);
    if (!parser_want(p, ':') || !parser_type(p, &s.type) || !read_kind(p, &s))
        return false;
    s.file_shape = s.type.shape;
    s.form = form_plain(&s.type);
    for (bool more = true; more;)
        if (!read_clause(p, &s, &more))
            return false;
    if (!parser_shape_fits(p, s.span, s.name, &s.type.shape) ||
        !parser_shape_fits(p, s.span, s.name, &s.file_shape))
        return false;
    const uint32_t index = program_add_state(p->program, s);
    p->program->states.at[index].form.stored = s.form.stored;
    return true;
}

/* One of the optimizer's attributes, if the word names it. */
static bool read_optimizer_flag(struct parser *p, struct optimizer *o, bool *known)
{
    *known = true;
#define FTM_ATTR_BOOL(name)                                                                        \
    if ((op_info(o->op)->attrs >> ATTR_INDEX_##name & 1U) && parser_take_word(p, #name))           \
        return parser_want(p, '=') && parser_bool(p, &o->attrs.name);
#include "attrs.def"
    *known = false;
    return true;
}

static bool read_optimizer_value(struct parser *p, struct optimizer *o)
{
    const struct optimizer_rule *rule = optimizer_rule(o->op);
    bool known = false, ok = read_optimizer_flag(p, o, &known);
    if (known || !ok)
        return ok;
    if (parser_take_word(p, "clip_norm"))
        return parser_want(p, '=') && parser_float(p, &o->clip_norm);
    if (parser_take_word(p, "clip_value"))
        return parser_want(p, '=') && parser_float(p, &o->clip_value);
    uint32_t count = optimizer_values(rule), i = 0;
    while (i < count && !parser_take_word(p, rule->scalars[i]))
        i++;
    if (i == count)
        return parser_unknown(p, "value of the optimizer", rule->scalars, count);
    return parser_want(p, '=') && parser_float(p, &o->values[i]);
}

/* Names behind the optimizer, as older texts have them: attributes that hold, and numbers that are not 0 whatever they are. */
static void read_optimizer_names(struct parser *p, struct optimizer *o)
{
    const struct optimizer_rule *rule = optimizer_rule(o->op);
    const uint32_t count = optimizer_values(rule);
    const double usual = 0.9; /* torch's example of a momentum */
    for (bool more = true; more;) {
        more = false;
#define FTM_ATTR_BOOL(name)                                                                        \
    if ((op_info(o->op)->attrs >> ATTR_INDEX_##name & 1U) && parser_take_word(p, #name))           \
        more = o->attrs.name = true;
#include "attrs.def"
        for (uint32_t i = 0; i < count; i++)
            if (parser_take_word(p, rule->scalars[i])) {
                o->values[i] = usual;
                more = true;
            }
    }
}

static bool read_factor(struct parser *p, struct optimizer_group *group)
{
    static const char *const names[] = {"lr", "weight_decay"};
    double *const factors[] = {&group->lr, &group->weight_decay};
    for (int i = 0; i < 2; i++)
        if (parser_take_word(p, names[i]))
            return parser_want(p, '=') && parser_float(p, factors[i]);
    return parser_unknown(p, "factor of a group", names, 2);
}

static bool read_group(struct parser *p)
{
    struct optimizer_group group = {.lr = 1, .weight_decay = 1};
    if (!parser_quoted(p, &group.name))
        return false;
    if (parser_take(p, '{')) {
        do {
            if (!read_factor(p, &group))
                return false;
        } while (parser_take(p, ','));
        if (!parser_want(p, '}'))
            return false;
    }
    vec_push(p->arena, &p->program->optimizer.groups, group);
    return true;
}

static bool read_optimizer(struct parser *p)
{
    struct optimizer *o = &p->program->optimizer;
    const char *names[OP_COUNT];
    uint32_t count = 0;
    for (unsigned op = 0; op < OP_COUNT; op++) {
        if (!optimizer_rule((enum op)op))
            continue;
        names[count++] = op_info((enum op)op)->name;
        if (parser_take_word(p, names[count - 1]))
            o->op = (enum op)op;
    }
    if (o->op == OP_COUNT)
        return parser_unknown(p, "optimizer", names, count);
    read_optimizer_names(p, o);
    if (parser_take(p, '{')) {
        do {
            if (!read_optimizer_value(p, o))
                return false;
        } while (parser_take(p, ','));
        if (!parser_want(p, '}'))
            return false;
    }
    while (parser_take_word(p, "group"))
        if (!read_group(p))
            return false;
    return true;
}

static bool read_output(struct parser *p)
{
    const char *name = NULL;
    value_id v;
    enum ftmrt_role role = FTMRT_ROLE_NONE;
    if (!parser_quoted(p, &name) || (parser_take_word(p, "role") && !parser_role(p, &role)) ||
        !parser_want(p, '=') || !parser_value(p, &v))
        return false;
    graph_output(p->graph, name, v);
    p->graph->outputs.at[p->graph->outputs.len - 1].role = role;
    return true;
}

/* What stands between a function's name and its body: kind, phase, scope and greatest n. */
static bool read_function_clauses(struct parser *p, struct graph *g)
{
    int64_t phase = 0;
    for (unsigned i = 0; text_entry_word(i); i++)
        if (parser_take_word(p, text_entry_word(i)))
            g->kind = (enum ftmrt_entry_kind)i;
    if (parser_take_word(p, "phase") &&
        !parser_int(p, "the phase", 0, GRAPH_MAX_PHASES - 1, &phase))
        return false;
    g->phase = (uint32_t)phase;
    if (parser_take_word(p, "scope") && !parser_quoted(p, &g->scope))
        return false;
    return !parser_take_word(p, "batch") ||
           parser_int(p, "the batch of a function", 1, p->program->max_batch, &g->max_n);
}

static bool read_function(struct parser *p)
{
    const char *name = NULL;
    struct span span = p->token.span;
    if (!parser_name(p, &name))
        return false;
    if (program_find_function(p->program, name)) {
        diag_report(p->diag, span, DIAG_GRAPH_TWICE, name);
        return false;
    }
    p->graph = program_add_function(p->program, name, text_kind_by_name(name));
    map_init(&p->values, p->arena);
    if (!read_function_clauses(p, p->graph) || !parser_want(p, '{'))
        return false;
    while (!parser_take(p, '}'))
        if (parser_take_word(p, "output") ? !read_output(p) : !parser_node(p))
            return false;
    return true;
}

static bool read_program(struct parser *p)
{
    const char *name = NULL;
    int64_t batch = 0, shards = 0;
    if (!parser_want_word(p, "program") || !parser_name(p, &name) ||
        !parser_want_word(p, "batch") || !parser_int(p, "the batch", 1, MAX_BATCH, &batch) ||
        !parser_want_word(p, "shards") ||
        !parser_int(p, "the number of shards", 1, FTMRT_MAX_SHARDS, &shards) ||
        !parser_want(p, '{'))
        return false;
    p->program = program_new(p->arena, p->diag, name, batch);
    p->program->shards = shards;
    while (!parser_take(p, '}')) {
        bool ok = parser_take_word(p, "state")       ? read_state(p)
                  : parser_take_word(p, "optimizer") ? read_optimizer(p)
                  : parser_take_word(p, "func") ? read_function(p)
                                                : parser_expected(p, "state, optimizer, func or }");
        if (!ok)
            return false;
    }
    return p->token.kind == TOKEN_END || parser_expected(p, "the end of the file");
}

struct program *program_read(struct arena *arena, struct diag *diag, const struct source *source)
{
    struct parser p = {.arena = arena, .diag = diag};
    lexer_init(&p.lexer, arena, source);
    parser_advance(&p);
    if (!read_program(&p))
        return NULL;
    char text[1024];
    if (!program_verify(p.program, text, sizeof text)) {
        diag_report(diag, (struct span){.source = source}, DIAG_GRAPH_INVALID, text);
        return NULL;
    }
    return p.program;
}
