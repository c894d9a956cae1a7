/* The forward of a module: a statement for each value that the description names or that is read more than once, the others within the
 * expressions that read them. */
#include <inttypes.h>
#include <string.h>

#include "calls.h"
#include "literal.h"
#include "writer.h"

/* One forward while it is written. Values are layers of the whole network. */
struct forward {
    struct writer *w;
    uint32_t scope;
    const char **names; /* [layers]: the variable that holds a value; NULL: none does */
    uint32_t *reads;    /* [layers]: how often it is read here */
    uint32_t *last;     /* [layers]: the statement that reads it last, from 1; 0: none */
    bool *inlined;      /* [layers]: within the expression that reads it */
    VEC(uint32_t) held; /* values that a variable has held */
    struct strbuf out;
};

static const struct layer *layer_at(const struct forward *f, uint32_t i)
{
    return writer_layer(f->w, i);
}

static const struct module_scope *module_at(const struct forward *f, uint32_t i)
{
    return &f->w->scopes.at[i];
}

/* The module of this one that makes a value; the number of modules: the value is made here, or outside. */
static uint32_t module_of(const struct forward *f, uint32_t value)
{
    uint32_t at = f->w->scope_of[value];
    if (at == f->scope)
        return f->w->scopes.len;
    while (at && module_at(f, at)->parent != f->scope)
        at = module_at(f, at)->parent;
    return at ? at : f->w->scopes.len;
}

/* ---- which values need a variable ---- */

static uint32_t item_reads(const struct forward *f, struct module_item item,
                           const uint32_t **values)
{
    if (item.is_module) {
        *values = module_at(f, item.index)->inputs.at;
        return module_at(f, item.index)->inputs.len;
    }
    const struct layer *l = layer_at(f, item.index);
    uint32_t *read = arena_array(f->w->arena, uint32_t, l->input_count);
    for (uint32_t i = 0; i < l->input_count; i++)
        read[i] = l->inputs[i].i;
    *values = read;
    return l->input_count;
}

static void count_reads(struct forward *f)
{
    const struct module_scope *s = module_at(f, f->scope);
    for (uint32_t i = 0; i < s->order.len; i++) {
        const uint32_t *values;
        const uint32_t n = item_reads(f, s->order.at[i], &values);
        for (uint32_t k = 0; k < n; k++)
            f->reads[values[k]]++;
    }
    for (uint32_t i = 0; i < s->outputs.len; i++)
        f->reads[s->outputs.at[i]]++;
}

/* Parameters, and results taken out of a list, are written where they are read. */
static bool is_always_inlined(const struct layer *l)
{
    return layer_is_part(l) || (l->param_count && !*l->params[0].name);
}

/* Whether the value of an item stands in the expression that reads it. */
static bool is_inlined(const struct forward *f, struct module_item item)
{
    const struct module_scope *m = item.is_module ? module_at(f, item.index) : NULL;
    if (m && m->outputs.len != 1)
        return false;
    const uint32_t value = m ? m->outputs.at[0] : item.index;
    const struct layer *l = layer_at(f, value);
    if (!m && is_always_inlined(l))
        return true;
    return f->reads[value] == 1 && !layer_variable(l, module_at(f, f->scope)->path);
}

/* ---- expressions ---- */

enum precedence { LOOSE, SUM, PRODUCT, TIGHT };

static void add_value(struct forward *f, uint32_t value, enum precedence around);

/* The operator that a layer is in the language and in Python, or 0. */
static char operator_of(const struct layer *l)
{
    for (const char *p = "+-*/"; *p; p++)
        if (l->row == call_of_operator((char[]){*p, '\0'}))
            return *p;
    return 0;
}

/* Operand i of an operator: a value, or a number that was written. */
static void add_operand(struct forward *f, const struct layer *l, uint32_t i, uint32_t *input,
                        enum precedence around)
{
    if (l->args[i].kind == VALUE_TENSOR) {
        add_value(f, l->inputs[(*input)++].i, around);
        return;
    }
    struct strbuf number;
    strbuf_init(&number, f->w->arena);
    strbuf_add_double(&number, value_number(&l->args[i]));
    strbuf_addf(&f->out, *number.text == '-' && around > LOOSE ? "(%s)" : "%s", number.text);
}

static void add_operator(struct forward *f, const struct layer *l, char operator,
                         enum precedence around)
{
    const enum precedence own = operator == '+' || operator == '-' ? SUM : PRODUCT;
    uint32_t input = 0;
    strbuf_add(&f->out, own < around ? "(" : "");
    add_operand(f, l, 0, &input, own);
    strbuf_addf(&f->out, " %c ", operator);
    /* to the right of - and / another one of its kind would be read first */
    add_operand(f, l, 1, &input, own == SUM ? PRODUCT : TIGHT);
    strbuf_add(&f->out, own < around ? ")" : "");
}

/* What a layer reads, as arguments; a list of values in brackets. */
static void add_inputs(struct forward *f, const struct layer *l)
{
    uint32_t input = 0;
    const char *between = "";
    for (uint32_t i = 0; i < l->row->param_count; i++) {
        const struct value *v = &l->args[i];
        if (v->kind == VALUE_TENSOR) {
            strbuf_add(&f->out, between);
            add_value(f, l->inputs[input++].i, LOOSE);
            between = ", ";
        } else if (l->row->params[i].type == FTMRT_TYPE_TENSORS) {
            strbuf_addf(&f->out, "%s(", between);
            for (uint32_t k = 0; k < v->count; k++) {
                strbuf_add(&f->out, k ? ", " : "");
                add_value(f, l->inputs[input++].i, LOOSE);
            }
            strbuf_add(&f->out, v->count == 1 ? ",)" : ")");
            between = ", ";
        } else if (l->row->params[i].type == FTMRT_TYPE_TENSOR) {
            strbuf_addf(&f->out, "%s%s", between, value_text(f->w->arena, v));
            between = ", ";
        }
    }
}

static void add_layer(struct forward *f, uint32_t layer, enum precedence around)
{
    const struct layer *l = layer_at(f, layer);
    const struct layer_call *c = &f->w->calls[layer];
    const char operator = operator_of(l);
    if (layer_is_part(l)) {
        add_value(f, l->inputs[0].i, TIGHT);
        strbuf_addf(&f->out, "[%" PRId64 "]", l->args[0].integer);
    } else if (l->param_count && !*l->params[0].name) {
        strbuf_add(&f->out, field_access(f->w, f->scope, f->w->fields[layer]));
    } else if (operator) {
        add_operator(f, l, operator, around);
    } else {
        strbuf_addf(&f->out, "%s(",
                    c->is_module ? field_access(f->w, f->scope, f->w->fields[layer]) : c->callee);
        add_inputs(f, l);
        if (!c->is_module)
            add_function_arguments(&f->out, f->w, layer);
        strbuf_addc(&f->out, ')');
    }
}

static void add_module(struct forward *f, uint32_t module)
{
    const struct module_scope *m = module_at(f, module);
    strbuf_addf(&f->out, "%s(", field_access(f->w, f->scope, m->path));
    for (uint32_t i = 0; i < m->inputs.len; i++) {
        strbuf_add(&f->out, i ? ", " : "");
        add_value(f, m->inputs.at[i], LOOSE);
    }
    strbuf_addc(&f->out, ')');
}

static void add_item(struct forward *f, struct module_item item, enum precedence around)
{
    if (item.is_module)
        add_module(f, item.index);
    else
        add_layer(f, item.index, around);
}

static void add_value(struct forward *f, uint32_t value, enum precedence around)
{
    const uint32_t module = module_of(f, value);
    if (f->names[value])
        strbuf_add(&f->out, f->names[value]);
    else if (module < f->w->scopes.len)
        add_module(f, module);
    else
        add_layer(f, value, around);
}

/* ---- variables ---- */

/* Notes that a statement reads what an item reads, through what stands within it. */
static void note_reads(struct forward *f, struct module_item item, uint32_t statement)
{
    const uint32_t *values;
    const uint32_t n = item_reads(f, item, &values);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t module = module_of(f, values[i]);
        f->last[values[i]] = statement;
        if (f->inlined[values[i]])
            note_reads(f,
                       module < f->w->scopes.len ? (struct module_item){true, module}
                                                 : (struct module_item){false, values[i]},
                       statement);
    }
}

/* Whether a variable holds a value that this statement's successors still read. */
static bool is_held(const struct forward *f, const char *name, uint32_t statement)
{
    for (uint32_t i = 0; i < f->held.len; i++) {
        const uint32_t value = f->held.at[i];
        if (f->last[value] > statement && !strcmp(f->names[value], name))
            return true;
    }
    return false;
}

/* What the description calls a value here; what its layer is called, or is, where it does not. */
static const char *wished_name(const struct forward *f, uint32_t value)
{
    const struct layer *l = layer_at(f, value);
    const char *name = layer_variable(l, module_at(f, f->scope)->path);
    if (name)
        return name;
    if (module_of(f, value) == f->w->scopes.len && f->w->scope_of[value] != f->scope)
        return "x"; /* from outside, behind an edit */
    if (!l->row)
        return l->input_name;
    const char *label = l->path ? strrchr(l->path, '.') : NULL;
    label = label ? label + 1 : l->path;
    return label && python_is_name(label) ? label : "x";
}

/* The variable's older value is over: it must not be taken for this one. */
static void hold(struct forward *f, uint32_t value, uint32_t statement)
{
    const char *wished = python_name(f->w->arena, wished_name(f, value)), *name = wished;
    for (uint32_t i = 2; is_held(f, name, statement); i++)
        name = arena_printf(f->w->arena, "%s%u", wished, i);
    f->names[value] = name;
    vec_push(f->w->arena, &f->held, value);
}

/* ---- statements ---- */

static void values_of(const struct forward *f, struct module_item item, const uint32_t **values,
                      uint32_t *count, uint32_t *own)
{
    *own = item.index;
    *values = item.is_module ? module_at(f, item.index)->outputs.at : own;
    *count = item.is_module ? module_at(f, item.index)->outputs.len : 1;
}

/* The items that are statements; the values of others are inlined. */
static uint32_t find_statements(struct forward *f, struct module_item *statements)
{
    const struct module_scope *s = module_at(f, f->scope);
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->order.len; i++) {
        const struct module_item item = s->order.at[i];
        if (!is_inlined(f, item))
            statements[count++] = item;
        else
            f->inlined[item.is_module ? module_at(f, item.index)->outputs.at[0] : item.index] =
                true;
    }
    for (uint32_t i = 0; i < count; i++)
        note_reads(f, statements[i], i + 1);
    return count;
}

/* The outputs are read behind the last statement. */
static void note_outputs(struct forward *f, uint32_t statement)
{
    const struct module_scope *s = module_at(f, f->scope);
    for (uint32_t i = 0; i < s->outputs.len; i++) {
        const uint32_t value = s->outputs.at[i], module = module_of(f, value);
        f->last[value] = statement;
        if (f->inlined[value])
            note_reads(f,
                       module < f->w->scopes.len ? (struct module_item){true, module}
                                                 : (struct module_item){false, value},
                       statement);
    }
}

static void add_assignment(struct forward *f, struct module_item item, uint32_t statement)
{
    const uint32_t *values;
    uint32_t count, own;
    struct strbuf left, whole = f->out;
    strbuf_init(&f->out, f->w->arena);
    add_item(f, item, LOOSE); /* with the variables as they are before it */
    const struct strbuf right = f->out;
    f->out = whole;
    strbuf_init(&left, f->w->arena);
    values_of(f, item, &values, &count, &own);
    for (uint32_t i = 0; i < count; i++) {
        hold(f, values[i], statement);
        strbuf_addf(&left, "%s%s", i ? ", " : "", f->names[values[i]]);
    }
    strbuf_addf(&f->out, "%s = %s\n", left.text, right.text);
}

/* Whether the last statement only makes what is returned. */
static bool returns_last(const struct forward *f, struct module_item item)
{
    const struct module_scope *s = module_at(f, f->scope);
    const uint32_t *values;
    uint32_t count, own;
    values_of(f, item, &values, &count, &own);
    return s->outputs.len == 1 && count == 1 && values[0] == s->outputs.at[0] &&
           f->reads[values[0]] == 1;
}

static void add_return(struct forward *f)
{
    const struct module_scope *s = module_at(f, f->scope);
    strbuf_add(&f->out, "return ");
    for (uint32_t i = 0; i < s->outputs.len; i++) {
        strbuf_add(&f->out, i ? ", " : "");
        add_value(f, s->outputs.at[i], LOOSE);
    }
    strbuf_addc(&f->out, '\n');
}

/* The head: what it reads, by the names that it has here. */
static void add_head(struct forward *f)
{
    const struct module_scope *s = module_at(f, f->scope);
    strbuf_add(&f->out, "def forward(self");
    for (uint32_t i = 0; i < s->inputs.len; i++) {
        hold(f, s->inputs.at[i], 0);
        strbuf_addf(&f->out, ", %s", f->names[s->inputs.at[i]]);
    }
    strbuf_add(&f->out, "):\n");
}

const char *forward_text(struct writer *w, uint32_t scope)
{
    const uint32_t layers = w->net->layers.len;
    struct forward f = {.w = w,
                        .scope = scope,
                        .names = arena_array(w->arena, const char *, layers),
                        .reads = arena_array(w->arena, uint32_t, layers),
                        .last = arena_array(w->arena, uint32_t, layers),
                        .inlined = arena_array(w->arena, bool, layers)};
    struct module_item *statements =
        arena_array(w->arena, struct module_item, w->scopes.at[scope].order.len);
    strbuf_init(&f.out, w->arena);
    count_reads(&f);
    uint32_t count = find_statements(&f, statements);
    note_outputs(&f, count + 1);
    add_head(&f);
    for (uint32_t i = 0; i < count; i++) {
        if (i + 1 == count && returns_last(&f, statements[i])) {
            strbuf_add(&f.out, "return ");
            add_item(&f, statements[i], LOOSE);
            strbuf_addc(&f.out, '\n');
            return f.out.text;
        }
        add_assignment(&f, statements[i], i + 1);
    }
    add_return(&f);
    return f.out.text;
}
