/* From the rows of layers and of what recipes call to calls in Python. */
#include <inttypes.h>
#include <string.h>

#include "calls.h"
#include "layer.h"
#include "literal.h"
#include "shape.h"
#include "writer.h"

/* ---- which callee ---- */

/* The argument of a layer's parameter of this name; NULL: it has none, or nothing was given. */
static const struct value *argument(const struct layer *l, const char *name)
{
    for (uint32_t i = 0; i < l->row->param_count; i++)
        if (!strcmp(l->row->params[i].name, name))
            return l->args[i].kind == VALUE_LIST ? &l->args[i] : NULL;
    return NULL;
}

/* `same` that does not depend on the size of the map: of a window of one place, or of an odd length in steps of one. It is what reaches
 * over each end. */
static bool is_fixed_same(const struct layer *l, int64_t sides[2])
{
    const struct value *kernel = argument(l, "kernel"), *stride = argument(l, "stride"),
                       *dilation = argument(l, "dilation");
    for (uint32_t i = 0; i < 2; i++) {
        const int64_t window = kernel ? kernel->items[i].integer : 0,
                      step = stride ? stride->items[i].integer : window,
                      distance = dilation ? dilation->items[i].integer : 1;
        if (window != 1 && (window % 2 == 0 || step != 1))
            return false;
        sides[i] = distance * (window - 1) / 2;
    }
    return true;
}

/* Padding that PyTorch's layers do not have: some `same`, and four sides of which two that face each other differ. */
static bool is_odd(const struct layer *l, const struct value *padding)
{
    int64_t sides[2];
    if (padding->kind == VALUE_SYMBOL)
        return !is_fixed_same(l, sides);
    return padding->kind == VALUE_LIST && padding->count == 4 &&
           (padding->items[0].integer != padding->items[2].integer ||
            padding->items[1].integer != padding->items[3].integer);
}

static bool has_odd_padding(const struct layer *l)
{
    for (uint32_t i = 0; i < l->row->param_count; i++)
        if (l->row->params[i].type == FTMRT_TYPE_PADDING && is_odd(l, &l->args[i]))
            return true;
    return false;
}

/* Whether a layer reads a map [N,C,H,W] as such. */
static bool reads_map(const struct writer *w, const struct layer *l)
{
    return l->input_count && writer_layer(w, l->inputs[0].i)->type.shape.rank == 4 &&
           !(l->inputs_last && l->inputs_last[0]);
}

static const struct part *find_part(struct writer *w, const char *prefix, const char *name)
{
    return parts_use(&w->parts, arena_printf(w->arena, "%s_%s", prefix, name));
}

static struct layer_call call_of_part(const struct part *part)
{
    return (struct layer_call){.callee = part->symbol, .part = part, .is_module = part->is_class};
}

/* What a row says: "torch.nn.AdaptiveAvgPool2d(1)". functions are those of torch and torch.nn.functional. */
static struct layer_call call_of_row(struct writer *w, const char *pytorch)
{
    const char *open = strchr(pytorch, '('), *close = open ? strchr(open, ')') : NULL;
    const char *name = open ? arena_strndup(w->arena, pytorch, (size_t)(open - pytorch)) : pytorch;
    struct layer_call c = {.callee = name};
    if (close)
        c.inner = arena_strndup(w->arena, open + 1, (size_t)(close - open - 1));
    if (str_begins_with(name, "torch.nn.functional.")) {
        c.callee = arena_printf(w->arena, "F.%s", name + strlen("torch.nn.functional."));
        parts_import(&w->parts, "import torch.nn.functional as F");
    } else if (str_begins_with(name, "torch.nn.")) {
        c.callee = name + strlen("torch.");
        c.is_module = true;
    }
    return c;
}

/* Rows [N,C] are read by the classes for one dimension. */
static const char *of_one_dimension(struct writer *w, const struct layer *l, const char *callee)
{
    const size_t n = strlen(callee);
    if (!str_ends_with(callee, "2d") || !l->input_count ||
        writer_layer(w, l->inputs[0].i)->type.shape.rank != 2)
        return callee;
    return arena_printf(w->arena, "%.*s1d", (int)n - 2, callee);
}

static bool find_call(struct writer *w, const struct layer *l, struct layer_call *call)
{
    const char *name = l->row->name;
    const struct part *part = find_part(w, "layer", name);
    if (layer_capacity(l)) {
        diag_report(w->in->diag, l->span, DIAG_NO_COUNTERPART, "a `capacity`");
        return false;
    }
    const bool odd = !part && has_odd_padding(l);
    if (odd)
        part = find_part(w, "padded", name);
    else if (!part && reads_map(w, l))
        part = find_part(w, "map", name);
    if (part) {
        *call = call_of_part(part);
        return true;
    }
    if (odd || !strcmp(l->row->pytorch, "none")) {
        diag_report(w->in->diag, l->span, DIAG_NO_COUNTERPART,
                    odd ? arena_printf(w->arena, "%s with this padding", name) : name);
        return false;
    }
    *call = call_of_row(w, l->row->pytorch);
    if (call->is_module)
        call->callee = of_one_dimension(w, l, call->callee);
    return true;
}

bool find_layer_calls(struct writer *w)
{
    const uint32_t count = w->net->layers.len;
    bool ok = true;
    w->calls = arena_array(w->arena, struct layer_call, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct layer *l = writer_layer(w, i);
        if (l->row && !layer_is_part(l))
            ok = find_call(w, l, &w->calls[i]) && ok;
    }
    return ok;
}

/* ---- arguments ---- */

/* Whether a parameter of the type TENSOR stands for how many channels it has: "in_channels". */
static bool is_size(const struct ftmrt_param_info *p)
{
    static const char *const values[] = {"input", "other", "tensor", "tensors"};
    if (p->type != FTMRT_TYPE_TENSOR)
        return false;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (!strcmp(p->pytorch, values[i]))
            return false;
    return true;
}

/* Padding of two axes: of four sides those that face each other are equal, `same` is what reaches over each end. */
static struct ftmrt_arg two_axes(struct writer *w, const struct layer *l, const struct value *v)
{
    int64_t sides[2];
    struct ftmrt_arg a = plain_arg(w->arena, v);
    a.count = 2;
    if (v->kind != VALUE_SYMBOL || !is_fixed_same(l, sides))
        return a;
    double *numbers = arena_array(w->arena, double, 2);
    numbers[0] = (double)sides[0];
    numbers[1] = (double)sides[1];
    return (struct ftmrt_arg){FTMRT_ARG_NUMBERS, 2, {.numbers = numbers}};
}

/* An argument of a layer as plain data. */
static struct ftmrt_arg plain(struct writer *w, const struct layer *l, uint32_t i,
                              const struct layer_call *c)
{
    const struct value *v = &l->args[i];
    if (l->row->params[i].type == FTMRT_TYPE_PADDING && !c->part && v->kind != VALUE_ABSENT)
        return two_axes(w, l, v);
    if (v->kind == VALUE_SYMBOL)
        return (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = v->text}};
    return plain_arg(w->arena, v);
}

/* The name of an argument: ours where a part has named its own, PyTorch's otherwise. */
static const char *argument_name(const struct layer_call *c, const struct ftmrt_param_info *p)
{
    return c->part && c->part->parameters ? p->name : p->pytorch;
}

/* Whether an argument is written: all but defaults, which for a dimension are not PyTorch's. */
static bool is_written(struct writer *w, const struct ftmrt_param_info *p,
                       const struct ftmrt_arg *a)
{
    return p->type != FTMRT_TYPE_TENSOR && p->type != FTMRT_TYPE_TENSORS &&
           p->type != FTMRT_TYPE_INIT && a->kind != FTMRT_ARG_NONE &&
           (!strcmp(p->pytorch, "dim") || !python_is_default(w->arena, p, a));
}

static void add_argument(struct strbuf *out, const char *between, const char *name,
                         const char *value, bool positional)
{
    strbuf_add(out, between);
    if (!positional)
        strbuf_addf(out, "%s=", name);
    literal_add(out, name, value);
}

/* The channels of what it reads, and those that it makes, stand without names in front, as PyTorch has them. */
static bool is_positional(const struct layer *l, uint32_t i)
{
    const struct ftmrt_param_info *p = &l->row->params[i],
                                  *next = i + 1 < l->row->param_count ? p + 1 : NULL;
    return is_size(p) ? !next || next->value || str_begins_with(next->pytorch, "out_")
                      : i == 1 && str_begins_with(p->pytorch, "out_");
}

static void add_arguments(struct strbuf *out, struct writer *w, uint32_t layer, const char *between)
{
    const struct layer *l = writer_layer(w, layer);
    const struct layer_call *c = &w->calls[layer];
    for (uint32_t i = 0; i < l->row->param_count; i++) {
        const struct ftmrt_param_info *p = &l->row->params[i];
        const struct ftmrt_arg a = plain(w, l, i, c);
        const char *value = NULL;
        if (is_size(p) && (!c->part || !c->part->parameters))
            value = arena_printf(w->arena, "%" PRId64,
                                 writer_layer(w, l->inputs[0].i)->type.shape.dim[1]);
        else if (is_written(w, p, &a))
            value = python_value(w->arena, p, &a);
        if (!value)
            continue;
        add_argument(out, between, argument_name(c, p), value, is_positional(l, i));
        between = ", ";
    }
}

void add_function_arguments(struct strbuf *out, struct writer *w, uint32_t layer)
{
    add_arguments(out, w, layer, ", ");
}

/* A layer that is its only parameter. */
static const char *parameter(struct writer *w, const struct layer *l)
{
    struct strbuf b;
    const struct shape *s = &l->params[0].type.shape;
    strbuf_init(&b, w->arena);
    for (uint32_t i = 0; i < s->rank; i++)
        strbuf_addf(&b, "%s%" PRId64, i ? ", " : "", s->dim[i]);
    struct strbuf out;
    strbuf_init(&out, w->arena);
    strbuf_add(&out, "nn.Parameter(torch.empty(");
    literal_add(&out, "shape", s->rank == 1 ? b.text : arena_printf(w->arena, "(%s)", b.text));
    strbuf_add(&out, "))");
    return out.text;
}

const char *layer_constructor(struct writer *w, uint32_t layer)
{
    const struct layer *l = writer_layer(w, layer);
    const struct layer_call *c = &w->calls[layer];
    if (l->param_count && !*l->params[0].name)
        return parameter(w, l);
    struct strbuf out;
    strbuf_init(&out, w->arena);
    strbuf_addf(&out, "%s(%s", c->callee, c->inner ? c->inner : "");
    add_arguments(&out, w, layer, c->inner ? ", " : "");
    strbuf_addc(&out, ')');
    return out.text;
}

/* ---- what programs share ---- */

static const char *calls_text(struct writer *w, const struct ftmrt_arg *a, const char *prefix)
{
    struct strbuf out;
    strbuf_init(&out, w->arena);
    strbuf_add(&out, "[");
    for (uint32_t i = 0; i < a->count; i++) {
        const char *one = shared_call(w, &a->calls[i], prefix, NULL);
        if (!one)
            return NULL;
        strbuf_addf(&out, "%s%s", i ? ", " : "", one);
    }
    strbuf_add(&out, "]");
    return out.text;
}

/* Numbers of a loss are weights, which are a tensor there. */
static const char *shared_value(struct writer *w, const struct ftmrt_call_info *info, uint32_t i,
                                const struct ftmrt_arg *a, const char *prefix)
{
    if (a->kind == FTMRT_ARG_CALLS)
        return calls_text(w, a, prefix);
    const char *text = python_value(w->arena, &info->params[i], a);
    return info->category == FTMRT_CATEGORY_LOSS && a->kind == FTMRT_ARG_NUMBERS
               ? arena_printf(w->arena, "torch.tensor(%s)", text)
               : text;
}

static bool report_argument(struct writer *w, const struct ftmrt_call_info *info, uint32_t i)
{
    diag_report(w->in->diag, w->in->recipe->span, DIAG_NO_COUNTERPART,
                arena_printf(w->arena, "`%s` of %s", info->params[i].name, info->name));
    return false;
}

/* "betas[1]" is the second of a pair whose first was just written. */
static void add_shared(struct strbuf *out, const char *name, const char *value)
{
    const char *bracket = strchr(name, '[');
    if (bracket && bracket[1] != '0') {
        out->text[--out->len] = '\0'; /* the bracket that the first one closed */
        strbuf_addf(out, ", %s)", value);
        return;
    }
    strbuf_add(out, out->text[out->len - 1] == '(' ? "" : ", ");
    if (bracket)
        strbuf_addf(out, "%.*s=(%s)", (int)(bracket - name), name, value);
    else
        strbuf_addf(out, "%s=%s", name, value);
}

/* Whether an argument is written: no default, but the rate of an optimizer, and both of a pair. */
static bool is_told(struct writer *w, const struct ftmrt_call_info *info, uint32_t i,
                    const struct ftmrt_arg *a)
{
    const bool rate = info->category == FTMRT_CATEGORY_OPTIMIZER && i == 0,
               pair = strchr(info->params[i].pytorch, '[') != NULL;
    return a->kind != FTMRT_ARG_NONE &&
           (rate || pair || !python_is_default(w->arena, &info->params[i], a));
}

/* Whether an argument can be written: a part takes it, or PyTorch's call has one of this name. What a row says with dots is another
 * function. */
static bool has_counterpart(const struct part *part, const struct ftmrt_param_info *p)
{
    return part ? part_takes(part, p->name)
                : !strchr(p->pytorch, '.') && strcmp(p->pytorch, "none") != 0;
}

const char *shared_call(struct writer *w, const struct ftmrt_call *c, const char *prefix,
                        const char *first)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    const struct part *part = find_part(w, prefix, info->name);
    struct strbuf out;
    strbuf_init(&out, w->arena);
    if (!part && !strcmp(info->pytorch, "none")) {
        diag_report(w->in->diag, w->in->recipe->span, DIAG_NO_COUNTERPART, info->name);
        return NULL;
    }
    strbuf_addf(&out, "%s(%s", part ? part->symbol : info->pytorch, first ? first : "");
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_arg *a = &c->args[i];
        if (!is_told(w, info, i, a))
            continue;
        if (!has_counterpart(part, &info->params[i]) && !report_argument(w, info, i))
            return NULL;
        const char *value = shared_value(w, info, i, a, prefix);
        if (!value)
            return NULL;
        add_shared(&out, part ? info->params[i].name : info->params[i].pytorch, value);
    }
    strbuf_addc(&out, ')');
    return out.text;
}
