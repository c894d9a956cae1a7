/* Reading one node of the text form:
 *
 *   node  = %name "=" op [ @state ] [ operands ] [ attributes ]
 *           { "then" op [ operands ] [ attributes ] } [ ":" type [ layout ] [ "stored" dtype ] ] [ "at" string ]
 *
 * Attributes that are left out have the value most ops want: a stride, dilation, dimension and groups of 1,
 * else zero. The type may be left out too, but for inputs; where it is written, it must be what the
 * op's rule infers. */
#include "text_parse.h"

#include <string.h>

#include "op.h"

static void default_attrs(struct attrs *a)
{
    *a = (struct attrs){.stride = {1, 1},
                        .dilation = {1, 1},
                        .dim = 1,
                        .groups = 1,
                        .ignore_index = NO_IGNORE_INDEX};
}

/* ---- old spellings ---- */

static const char *op_spelling(const char *name)
{
#define FTM_OLD_ATTR(op, old, attr)
#define FTM_OLD_OP(old, op)                                                                        \
    if (strcmp(name, #old) == 0)                                                                   \
        return #op;
#include "old_spellings.def"
    return name;
}

static const char *attr_spelling(enum op of, const char *name)
{
#define FTM_OLD_OP(old, op)
#define FTM_OLD_ATTR(op, old, attr)                                                                \
    if (of == OP_##op && strcmp(name, #old) == 0)                                                  \
        return #attr;
#include "old_spellings.def"
    return name;
}

/* ---- attributes ---- */

/* Reads the value of the attribute `name` if it is the one of this row; else what follows is tried. */
#define FTM_READ_ATTR(name, read)                                                                  \
    strcmp(word, #name) == 0 && (has >> ATTR_INDEX_##name & 1U) ? (read):

static bool read_attr_value(struct parser *p, enum op op, const char *word, struct attrs *a,
                            bool *known)
{
    uint64_t has = op_info(op)->attrs;
    *known = true;
#define FTM_ATTR_INT(name)                                                                         \
    FTM_READ_ATTR(name, parser_int(p, #name, -PARSER_MAX_SIZE, PARSER_MAX_SIZE, &a->name))
#define FTM_ATTR_INT2(name)   FTM_READ_ATTR(name, parser_ints(p, #name, a->name, 2))
#define FTM_ATTR_INT4(name)   FTM_READ_ATTR(name, parser_ints(p, #name, a->name, 4))
#define FTM_ATTR_LIST(name)   FTM_READ_ATTR(name, parser_list(p, #name, &a->name))
#define FTM_ATTR_FLOAT(name)  FTM_READ_ATTR(name, parser_float(p, &a->name))
#define FTM_ATTR_FLOAT2(name) FTM_READ_ATTR(name, parser_floats(p, a->name, 2))
#define FTM_ATTR_BOOL(name)   FTM_READ_ATTR(name, parser_bool(p, &a->name))
#define FTM_ATTR_STRING(name) FTM_READ_ATTR(name, parser_quoted(p, &a->name))
#define FTM_ATTR_SHAPE(name)  FTM_READ_ATTR(name, parser_shape(p, &a->name))
#define FTM_ATTR_LAYOUT(name) FTM_READ_ATTR(name, parser_layout(p, &a->name))
#define FTM_ATTR_ROLE(name)   FTM_READ_ATTR(name, parser_role(p, &a->name))
    return
#include "attrs.def"
        (*known = false);
}

static bool read_attr(struct parser *p, enum op op, struct attrs *a)
{
    struct token name = p->token;
    bool known;
    if (name.kind != TOKEN_WORD)
        return parser_expected(p, "the name of an attribute");
    parser_advance(p);
    if (!parser_want(p, '='))
        return false;
    bool ok = read_attr_value(p, op, attr_spelling(op, name.text), a, &known);
    if (!known)
        diag_report(p->diag, name.span, DIAG_GRAPH_ATTRIBUTE, op_info(op)->name, name.text);
    return ok;
}

static bool read_attrs(struct parser *p, enum op op, const struct attrs **attrs)
{
    struct attrs a;
    default_attrs(&a);
    bool given = parser_take(p, '{');
    if (given) {
        do {
            if (!read_attr(p, op, &a))
                return false;
        } while (parser_take(p, ','));
    }
    *attrs = program_attrs(p->program, op, &a);
    return !given || parser_want(p, '}');
}

/* ---- operations and operands ---- */

/* The name of an op and, behind a dot, of its kernel; `variant` NULL: no kernel may be named. */
static bool read_op(struct parser *p, enum op *op, const char **variant)
{
    const char *dot = p->token.kind == TOKEN_WORD && variant ? strchr(p->token.text, '.') : NULL;
    const char *name = p->token.text;
    if (dot) {
        name = arena_strndup(p->arena, name, (size_t)(dot - name));
        *variant = arena_strndup(p->arena, dot + 1, strlen(dot + 1));
    }
    *op = p->token.kind == TOKEN_WORD ? op_by_name(op_spelling(name)) : OP_COUNT;
    if (*op == OP_COUNT) {
        const char *names[OP_COUNT];
        for (unsigned i = 0; i < OP_COUNT; i++)
            names[i] = op_info((enum op)i)->name;
        return parser_unknown(p, "operation", names, OP_COUNT);
    }
    parser_advance(p);
    return true;
}

/* A node under construction. */
struct reading {
    struct node node;
    VEC(value_id) inputs;
    VEC(struct step) steps;
};

/* Adds operands in parentheses, if any, to the node's inputs; `implicit` of op's operands are not
 * written. */
static bool read_operands(struct parser *p, struct reading *r, enum op op, uint32_t implicit,
                          struct span span)
{
    uint32_t before = r->inputs.len;
    if (parser_take(p, '(')) {
        do {
            value_id v;
            if (!parser_value(p, &v))
                return false;
            vec_push(p->arena, &r->inputs, v);
        } while (parser_take(p, ','));
        if (!parser_want(p, ')'))
            return false;
    }
    uint32_t count = r->inputs.len - before + implicit;
    if (op_takes(op, count))
        return true;
    diag_report(p->diag, span, DIAG_GRAPH_OPERANDS, op_info(op)->name, op_least_operands(op),
                count);
    return false;
}

static bool read_state_ref(struct parser *p, struct node *n)
{
    const struct program *program = p->program;
    if (p->token.kind != TOKEN_STATE)
        return parser_expected(p, "@ and the name of a state");
    struct attrs a = {.state = program_find_state(program, p->token.text)};
    if (a.state == UINT32_MAX) {
        const char **names = arena_array(p->arena, const char *, program->states.len);
        for (uint32_t i = 0; i < program->states.len; i++)
            names[i] = program->states.at[i].name;
        return parser_unknown(p, "state", names, program->states.len);
    }
    n->attrs = program_attrs(p->program, OP_state, &a);
    parser_advance(p);
    return true;
}

static bool read_anchor(struct parser *p, struct reading *r)
{
    struct node *n = &r->node;
    struct span span = p->token.span;
    if (!read_op(p, &n->op, &n->variant))
        return false;
    n->span = span;
    if (n->op == OP_state)
        return read_state_ref(p, n);
    return read_operands(p, r, n->op, 0, span) && read_attrs(p, n->op, &n->attrs);
}

static bool read_step(struct parser *p, struct reading *r)
{
    struct span span = p->token.span;
    struct step s = {0};
    if (!read_op(p, &s.op, NULL))
        return false;
    if (op_info(s.op)->cls != OP_CLASS_ELEMWISE) {
        diag_report(p->diag, span, DIAG_GRAPH_STEP, op_info(s.op)->name);
        return false;
    }
    uint32_t before = r->inputs.len;
    if (!read_operands(p, r, s.op, 1, span) || !read_attrs(p, s.op, &s.attrs))
        return false;
    s.extra = r->inputs.len - before;
    vec_push(p->arena, &r->steps, s);
    return true;
}

/* ---- the type ---- */

static const char *type_text(struct parser *p, const struct type *t)
{
    char shape[128];
    return arena_printf(p->arena, "%s%s", ftmrt_dtype_name(t->dtype),
                        shape_text(&t->shape, shape, sizeof shape));
}

/* Whether the next token is a word that stands behind a layout, or behind its node. */
static bool follows_layout(const struct parser *p)
{
    static const char *const words[] = {"stored", "at", "output"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (p->token.kind == TOKEN_WORD && strcmp(p->token.text, words[i]) == 0)
            return true;
    return false;
}

/* What is left out is plain and stored as the type. */
static bool read_form(struct parser *p, const struct type *t, struct form *form)
{
    *form = form_plain(t);
    if (p->token.kind == TOKEN_WORD && !follows_layout(p) && !parser_layout(p, &form->layout))
        return false;
    return !parser_take_word(p, "stored") || parser_dtype(p, &form->stored);
}

static bool read_type(struct parser *p, struct node *n)
{
    struct span span = p->token.span;
    struct type written = {0};
    struct form form;
    bool given = parser_take(p, ':');
    if (given) {
        span = p->token.span;
        if (!parser_type(p, &written) || !read_form(p, &written, &form))
            return false;
    } else if (n->op == OP_input) {
        return parser_expected(p, "':' and the type of the input");
    }
    n->type = written;
    if (!graph_infer(p->graph, n))
        return false;
    if (given)
        n->form = form;
    if (!given || type_equal(&n->type, &written))
        return true;
    diag_report(p->diag, span, DIAG_GRAPH_TYPE, type_text(p, &n->type), type_text(p, &written));
    return false;
}

bool parser_node(struct parser *p)
{
    struct reading r = {0};
    struct node *n = &r.node;
    struct token name = p->token;
    if (name.kind != TOKEN_VALUE)
        return parser_expected(p, "a node, output or }");
    if (map_has(&p->values, name.text)) {
        diag_report(p->diag, name.span, DIAG_GRAPH_TWICE,
                    arena_printf(p->arena, "%%%s", name.text));
        return false;
    }
    parser_advance(p);
    if (!parser_want(p, '=') || !read_anchor(p, &r))
        return false;
    while (parser_take_word(p, "then"))
        if (!read_step(p, &r))
            return false;
    n->inputs = r.inputs.at;
    n->input_count = r.inputs.len;
    n->steps = r.steps.at;
    n->step_count = r.steps.len;
    if (!read_type(p, n) || (parser_take_word(p, "at") && !parser_quoted(p, &n->name)))
        return false;
    if (n->op == OP_input && !n->attrs->label)
        return parser_expected(p, "a label of the input");
    graph_append(p->graph, n);
    map_set(&p->values, name.text, (void *)(uintptr_t)p->graph->nodes.len);
    return true;
}
