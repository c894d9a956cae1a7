/* The printer of the text form (text.h shows it). What has its usual value is left out, so that
 * dumps stay readable: layouts that are plain, file shapes equal to the graph's, states without a
 * source. Broken programs print too: the verifier shows a node by its text. */
#include "text.h"

#include <ctype.h>
#include <string.h>

#include "op.h"
#include "optimizer.h"
#include "query.h"
#include "str.h"
#include "text_words.h"

/* ---- words ---- */

bool text_word_char(char c) { return isalnum((unsigned char)c) || (c && strchr("_.-/", c)); }

static void print_quoted(const char *s, FILE *out)
{
    fputc('"', out);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

/* A name as it is if it reads back as one word, else in quotes. */
static void print_name(const char *s, FILE *out)
{
    bool word = s[0] && (isalpha((unsigned char)s[0]) || s[0] == '_');
    for (const char *c = s; *c; c++)
        word = word && text_word_char(*c);
    if (word)
        fputs(s, out);
    else
        print_quoted(s, out);
}

static void print_double(double v, FILE *out)
{
    struct arena scratch;
    struct strbuf b;
    arena_init(&scratch, "number");
    strbuf_init(&b, &scratch);
    strbuf_add_double(&b, v);
    fputs(b.text, out);
    arena_clear(&scratch);
}

static void print_shape(const struct shape *s, FILE *out)
{
    char text[128];
    fputs(shape_text(s, text, sizeof text), out);
}

static void print_dtype(enum ftmrt_dtype dtype, FILE *out)
{
    for (const char *c = ftmrt_dtype_name(dtype); *c; c++)
        fputc(tolower((unsigned char)*c), out);
}

static void print_type(const struct type *t, FILE *out)
{
    print_dtype(t->dtype, out);
    print_shape(&t->shape, out);
}

/* What of the form of a value is not plain, the layout behind a word. */
static void print_form(const char *word, struct form form, const struct type *t, FILE *out)
{
    if (form.layout != FTMRT_LAYOUT_PLAIN)
        fprintf(out, "%s %s", word, ftmrt_layout_name(form.layout));
    if (form.stored == t->dtype)
        return;
    fputs(" stored ", out);
    print_dtype(form.stored, out);
}

static const char *const kind_words[] = {
    [FTMRT_STATE_PARAMETER] = "parameter",
    [FTMRT_STATE_BUFFER] = "buffer",
    [FTMRT_STATE_SLOT] = "slot",
    [FTMRT_STATE_TEACHER] = "teacher",
};

static const char *const init_words[] = {
#define FTMRT_INIT(name, text, meaning) text,
#include "init.def"
#undef FTMRT_INIT
};

const char *text_kind_word(unsigned kind)
{
    return kind < sizeof kind_words / sizeof *kind_words ? kind_words[kind] : NULL;
}

const char *text_init_word(unsigned init)
{
    return init < sizeof init_words / sizeof *init_words ? init_words[init] : NULL;
}

/* ---- attributes ---- */

static void print_ints(const int64_t *v, uint32_t count, FILE *out)
{
    if (count == 0)
        fputc('[', out);
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "%s%lld", i == 0 ? "[" : ", ", (long long)v[i]);
    fputc(']', out);
}

static bool has_attr(enum op op, enum attr_index index) { return op_info(op)->attrs >> index & 1U; }

/* Starts an attribute of the list; false if the op does not have it. */
static bool start_attr(enum op op, enum attr_index index, const char *name, bool *any, FILE *out)
{
    if (!has_attr(op, index))
        return false;
    fprintf(out, "%s%s = ", *any ? ", " : " {", name);
    *any = true;
    return true;
}

/* A list of attributes of an op, as far as it is printed. */
struct attr_list {
    enum op op;
    bool any;
    FILE *out;
};

static void print_int_attr(struct attr_list *l, enum attr_index index, const char *name, int64_t v)
{
    if (start_attr(l->op, index, name, &l->any, l->out))
        fprintf(l->out, "%lld", (long long)v);
}

static void print_ints_attr(struct attr_list *l, enum attr_index index, const char *name,
                            const int64_t *v, uint32_t count)
{
    if (start_attr(l->op, index, name, &l->any, l->out))
        print_ints(v, count, l->out);
}

static void print_float_attr(struct attr_list *l, enum attr_index index, const char *name, double v)
{
    if (start_attr(l->op, index, name, &l->any, l->out))
        print_double(v, l->out);
}

static void print_floats_attr(struct attr_list *l, enum attr_index index, const char *name,
                              const double *v, uint32_t count)
{
    if (!start_attr(l->op, index, name, &l->any, l->out))
        return;
    for (uint32_t i = 0; i < count; i++) {
        fputs(i == 0 ? "[" : ", ", l->out);
        print_double(v[i], l->out);
    }
    fputc(']', l->out);
}

static void print_word_attr(struct attr_list *l, enum attr_index index, const char *name,
                            const char *word)
{
    if (word && start_attr(l->op, index, name, &l->any, l->out))
        fputs(word, l->out);
}

static void print_quoted_attr(struct attr_list *l, enum attr_index index, const char *name,
                              const char *text)
{
    if (start_attr(l->op, index, name, &l->any, l->out))
        print_quoted(text ? text : "", l->out);
}

static void print_shape_attr(struct attr_list *l, enum attr_index index, const char *name,
                             const struct shape *s)
{
    if (start_attr(l->op, index, name, &l->any, l->out))
        print_shape(s, l->out);
}

#define ROW(name) &l, ATTR_INDEX_##name, #name

static void print_attrs(enum op op, const struct attrs *a, FILE *out)
{
    struct attr_list l = {.op = op, .out = out};
#define FTM_ATTR_INT(name)    print_int_attr(ROW(name), a->name);
#define FTM_ATTR_INT2(name)   print_ints_attr(ROW(name), a->name, 2);
#define FTM_ATTR_INT4(name)   print_ints_attr(ROW(name), a->name, 4);
#define FTM_ATTR_LIST(name)   print_ints_attr(ROW(name), a->name.at, a->name.count);
#define FTM_ATTR_FLOAT(name)  print_float_attr(ROW(name), a->name);
#define FTM_ATTR_FLOAT2(name) print_floats_attr(ROW(name), a->name, 2);
#define FTM_ATTR_BOOL(name)   print_word_attr(ROW(name), a->name ? "true" : "false");
#define FTM_ATTR_STRING(name) print_quoted_attr(ROW(name), a->name);
#define FTM_ATTR_SHAPE(name)  print_shape_attr(ROW(name), &a->name);
#define FTM_ATTR_LAYOUT(name) print_word_attr(ROW(name), ftmrt_layout_name(a->name));
#define FTM_ATTR_ROLE(name)                                                                        \
    print_word_attr(ROW(name), a->name != FTMRT_ROLE_NONE ? text_role_word(a->name) : NULL);
#include "attrs.def"
    if (l.any)
        fputc('}', out);
}

/* ---- nodes ---- */

static void print_operands(const value_id *v, uint32_t count, FILE *out)
{
    for (uint32_t i = 0; i < count; i++)
        if (value_valid(v[i]))
            fprintf(out, "%s%%%u", i == 0 ? "(" : ", ", v[i].i);
        else
            fprintf(out, "%s%%none", i == 0 ? "(" : ", ");
    if (count > 0)
        fputc(')', out);
}

static void print_state_ref(const struct program *p, uint32_t state, FILE *out)
{
    fputs(" @", out);
    if (state < p->states.len)
        print_name(p->states.at[state].name, out);
    else
        fputc('?', out);
}

void node_print(const struct graph *g, value_id v, FILE *out)
{
    const struct node *n = graph_node(g, v);
    fprintf(out, "%%%u = %s%s%s", v.i, op_info(n->op)->name, n->variant ? "." : "",
            n->variant ? n->variant : "");
    uint32_t next = node_anchor_inputs(n);
    if (n->op == OP_state)
        print_state_ref(g->program, n->attrs->state, out);
    print_operands(n->inputs, next, out);
    if (n->op != OP_state)
        print_attrs(n->op, n->attrs, out);
    for (uint32_t i = 0; i < n->step_count; i++) {
        const struct step *s = &n->steps[i];
        uint32_t extra = s->extra < n->input_count - next ? s->extra : n->input_count - next;
        fprintf(out, " then %s", op_info(s->op)->name);
        print_operands(n->inputs + next, extra, out);
        print_attrs(s->op, s->attrs, out);
        next += extra;
    }
    fputs(" : ", out);
    print_type(&n->type, out);
    print_form("", n->form, &n->type, out);
    if (n->name) {
        fputs(" at ", out);
        print_quoted(n->name, out);
    }
}

/* ---- programs ---- */

static void print_state_init(const struct state *s, FILE *out)
{
    if (s->init != FTMRT_INIT_DEFAULT)
        fprintf(out, " init %s", text_init_word(s->init));
    if (s->init_arg != 0) {
        fputs(" init_arg ", out);
        print_double(s->init_arg, out);
    }
    if (s->fan_in != 0)
        fprintf(out, " fan_in %lld", (long long)s->fan_in);
}

/* " trainable", in some phases only " trainable phases [0, 2]". */
static void print_trainable(const struct state *s, FILE *out)
{
    fputs(" trainable", out);
    const char *between = " phases [";
    for (uint32_t i = 0; i < GRAPH_MAX_PHASES; i++)
        if (s->phases >> i & 1U) {
            fprintf(out, "%s%u", between, i);
            between = ", ";
        }
    if (s->phases != 0)
        fputc(']', out);
}

static void print_state(const struct state *s, FILE *out)
{
    fputs("  state @", out);
    print_name(s->name, out);
    fputs(" : ", out);
    print_type(&s->type, out);
    fprintf(out, " %s", text_kind_word(s->kind));
    if (s->trainable)
        print_trainable(s, out);
    else if (s->mutable)
        fputs(s->kept ? " kept" : " mutable", out);
    if (s->learnt)
        fputs(" learnt", out);
    if (s->added)
        fputs(" added", out);
    if (s->grows)
        fputs(" grows", out);
    print_form(" layout", s->form, &s->type, out);
    if (!shape_equal(&s->file_shape, &s->type.shape)) {
        fputs(" file ", out);
        print_shape(&s->file_shape, out);
    }
    if (s->source >= 0)
        fprintf(out, " source %d", s->source);
    print_state_init(s, out);
    if (s->group) {
        fputs(" group ", out);
        print_quoted(s->group, out);
    }
    if (s->layer) {
        fputs(" layer ", out);
        print_quoted(s->layer, out);
    }
    if (s->layer_kind) {
        fputs(" kind ", out);
        print_quoted(s->layer_kind, out);
    }
    fputc('\n', out);
}

static void print_group(const struct optimizer_group *group, FILE *out)
{
    fputs("    group ", out);
    print_quoted(group->name, out);
    fputs(" {lr = ", out);
    print_double(group->lr, out);
    fputs(", weight_decay = ", out);
    print_double(group->weight_decay, out);
    fputs("}\n", out);
}

static void print_clip(const char *name, double value, bool *any, FILE *out)
{
    if (value == 0)
        return;
    fprintf(out, "%s%s = ", *any ? ", " : " {", name);
    print_double(value, out);
    *any = true;
}

/* Values and attributes that are not zero. */
static void print_optimizer(const struct optimizer *o, FILE *out)
{
    const struct optimizer_rule *rule = optimizer_rule(o->op);
    if (!rule)
        return;
    fprintf(out, "  optimizer %s", op_info(o->op)->name);
    bool any = false;
    for (uint32_t i = 0; i < optimizer_values(rule); i++) {
        if (o->values[i] == 0)
            continue;
        fprintf(out, "%s%s = ", any ? ", " : " {", rule->scalars[i]);
        print_double(o->values[i], out);
        any = true;
    }
    print_clip("clip_norm", o->clip_norm, &any, out);
    print_clip("clip_value", o->clip_value, &any, out);
#define FTM_ATTR_BOOL(name)                                                                        \
    if (o->attrs.name && start_attr(o->op, ATTR_INDEX_##name, #name, &any, out))                   \
        fputs("true", out);
#include "attrs.def"
    fputs(any ? "}\n" : "\n", out);
    for (uint32_t i = 0; i < o->groups.len; i++)
        print_group(&o->groups.at[i], out);
}

static void print_function(const struct graph *g, FILE *out)
{
    fputs("  func ", out);
    print_name(g->name, out);
    if (g->kind != text_kind_by_name(g->name))
        fprintf(out, " %s", text_entry_word(g->kind));
    if (g->phase > 0)
        fprintf(out, " phase %u", g->phase);
    if (*g->scope) {
        fputs(" scope ", out);
        print_quoted(g->scope, out);
    }
    if (g->max_n > 0)
        fprintf(out, " batch %lld", (long long)g->max_n);
    fputs(" {\n", out);
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        if (g->nodes.at[i].dead)
            continue;
        fputs("    ", out);
        node_print(g, (value_id){i}, out);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        fputs("    output ", out);
        print_quoted(g->outputs.at[i].name, out);
        if (g->outputs.at[i].role != FTMRT_ROLE_NONE)
            fprintf(out, " role %s", text_role_word(g->outputs.at[i].role));
        fprintf(out, " = %%%u\n", g->outputs.at[i].value.i);
    }
    fputs("  }\n", out);
}

void program_print(const struct program *p, FILE *out)
{
    fputs("program ", out);
    print_name(p->name, out);
    fprintf(out, " batch %lld shards %lld {\n", (long long)p->max_batch, (long long)p->shards);
    for (uint32_t i = 0; i < p->states.len; i++)
        print_state(&p->states.at[i], out);
    print_optimizer(&p->optimizer, out);
    for (uint32_t i = 0; i < p->functions.len; i++)
        print_function(p->functions.at[i], out);
    fputs("}\n", out);
}
