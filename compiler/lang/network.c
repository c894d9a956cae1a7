/* The network under construction: types, order and names of layers.
 *
 * Types come from the graph's own shape rules: every layer is also a node of a scratch graph whose
 * weights are constants, so that no shape rule is written twice. Edits infer the whole network
 * again. */
#include "layer.h"

#include <string.h>

#include "op.h"
#include "str.h"

void builder_init(struct builder *b, const struct files *files)
{
    *b = (struct builder){.arena = files->arena, .diag = files->diag, .files = files};
    map_init(&b->paths, b->arena);
    b->net = arena_new(b->arena, struct net);
    b->net->arena = b->arena;
    b->net->diag = b->diag;
}

/* ---- shapes ---- */

/* Lists a layer's parameters anew; what trained before does not matter, as freezing comes behind all edits. */
static bool list_params(struct builder *b, struct layer *l, const struct shape *x)
{
    struct param_list list = {.arena = b->arena, .layer = l, .x = x};
    l->rules->params(&list);
    l->params = list.params.at;
    l->param_count = list.params.len;
    for (uint32_t i = 0; i < l->param_count; i++) {
        l->params[i].trainable = l->params[i].kind == LAYER_PARAMETER ? UINT32_MAX : 0;
        if (shape_elements(&l->params[i].type.shape, 1) <= (int64_t)1 << 31)
            continue;
        diag_report(b->diag, l->span, DIAG_WEIGHT_TOO_LARGE);
        return false;
    }
    return true;
}

/* Whether a node's operands are of its shape, or numbers. */
static bool of_one_shape(const struct graph *g, const struct node *n)
{
    for (uint32_t i = 0; i < n->input_count; i++) {
        const struct shape *s = graph_shape(g, n->inputs[i]);
        if (s->rank > 0 && !shape_equal(s, &n->type.shape))
            return false;
    }
    return true;
}

/* An element-wise layer reads a map or a row of features. In other ranks there are no channels that an operand could be
 * for: all are of one shape (passes/collapse.c). */
static bool is_map_or_row(struct builder *b, const struct layer *l, value_id v)
{
    const struct node *n = graph_node(b->scratch, v);
    const struct shape *s = &n->type.shape;
    if (op_info(n->op)->cls != OP_CLASS_ELEMWISE || s->rank == 2 || s->rank == 4 ||
        (s->rank > 2 && of_one_shape(b->scratch, n)))
        return true;
    char text[128];
    diag_report(b->diag, l->span, DIAG_SHAPE_RANK, layer_kind(l), "[N, C, H, W] or [N, C]",
                shape_text(s, text, sizeof text));
    return false;
}

const struct shape *net_first_shape(const struct net *net, const struct layer *l)
{
    return l->input_count ? &net->layers.at[l->inputs[0].i].type.shape : NULL;
}

/* A parameter by itself has no batch: it is what an operator may broadcast, and nothing else. */
static bool takes_parameters(struct builder *b, const struct layer *l)
{
    for (uint32_t i = 0; i < l->input_count; i++) {
        const struct type *t = &net_layer(b->net, l->inputs[i])->type;
        if (shape_batched(&t->shape) || (l->rules && l->rules->takes_parameters) ||
            (!l->rules && op_operand(op_by_name(l->row->name), i) == 'b'))
            continue;
        char text[128];
        diag_report(b->diag, l->span, DIAG_PARAMETER_OPERAND, layer_kind(l),
                    shape_text(&t->shape, text, sizeof text));
        diag_note(b->diag,
                  "a parameter is the second operand of an operator, or either of + and *: "
                  "`x * scale`");
        return false;
    }
    return true;
}

/* ---- maps that are seen with channels last ---- */

static bool acts_on_places(const struct layer *l)
{
    return l->rules ? l->rules->channels_last != NULL
                    : op_info(op_by_name(l->row->name))->cls == OP_CLASS_ELEMWISE;
}

/* Whether the layer's value is seen with channels last, and whether it has to read its inputs as they are seen: where
 * it does not act on places, or where some of its maps are seen in one way and some in the other. */
static void see(struct builder *b, struct layer *l)
{
    uint32_t last = 0, maps = 0;
    l->inputs_last = arena_array(b->arena, bool, l->input_count + 1);
    for (uint32_t i = 0; i < l->input_count; i++) {
        const struct layer *in = net_layer(b->net, l->inputs[i]);
        l->inputs_last[i] = in->channels_last;
        last += in->channels_last;
        maps += in->type.shape.rank == 4 && shape_batched(&in->type.shape);
    }
    const bool places = acts_on_places(l) && (last == 0 || last == maps);
    l->reads_seen = last > 0 && !places;
    l->channels_last = places && last > 0;
    if (places && l->rules)
        l->channels_last = l->rules->channels_last(l, last > 0);
}

/* The shape of what the layer reads first, as it reads it. */
static const struct shape *first_shape(struct builder *b, const struct layer *l)
{
    const struct shape *x = net_first_shape(b->net, l);
    if (!x || !l->reads_seen || !l->inputs_last[0])
        return x;
    struct shape *seen = arena_new(b->arena, struct shape);
    *seen = shape_as_seen(x);
    return seen;
}

/* The scratch value of a layer whose inputs have theirs; its parameters are constants there. VALUE_NONE after a
 * report. */
static value_id infer_layer(struct builder *b, struct layer *l)
{
    if (!l->row)
        return graph_input(b->scratch, l->input_name, l->type);
    value_id *inputs = arena_array(b->arena, value_id, l->input_count);
    for (uint32_t i = 0; i < l->input_count; i++)
        inputs[i] = b->values.at[l->inputs[i].i];
    if (!takes_parameters(b, l))
        return VALUE_NONE;
    see(b, l);
    const struct shape *x = first_shape(b, l);
    if (l->rules && l->rules->check && !l->rules->check(b->diag, l, x))
        return VALUE_NONE;
    if (l->rules && l->rules->params && !list_params(b, l, x))
        return VALUE_NONE;
    struct layer_site site = {
        .graph = b->scratch, .layer = l, .inputs = inputs, .first_state = NO_STATE, .draws = true};
    value_id v = layer_lower(&site);
    return value_valid(v) && !is_map_or_row(b, l, v) ? VALUE_NONE : v;
}

layer_id net_add(struct builder *b, struct layer l)
{
    if (b->net->layers.len >= BUILD_MAX_LAYERS) {
        if (!b->stopped)
            diag_report(b->diag, l.span, DIAG_TOO_MANY_LAYERS, BUILD_MAX_LAYERS);
        b->stopped = true;
        return LAYER_NONE;
    }
    value_id v = infer_layer(b, &l);
    if (!value_valid(v))
        return LAYER_NONE;
    l.type = graph_node(b->scratch, v)->type;
    l.added = b->adding;
    vec_push(b->arena, &b->net->layers, l);
    vec_push(b->arena, &b->values, v);
    if (l.path)
        map_set(&b->paths, l.path, b->net);
    return (layer_id){b->net->layers.len - 1};
}

bool net_infer(struct builder *b)
{
    struct program *p = program_new(b->arena, b->diag, "scratch", 1);
    b->scratch = program_add_function(p, "scratch", FTMRT_ENTRY_PREDICT);
    for (uint32_t i = 0; i < b->net->layers.len; i++) {
        struct layer *l = &b->net->layers.at[i];
        value_id v = infer_layer(b, l);
        if (!value_valid(v))
            return false;
        l->type = graph_node(b->scratch, v)->type;
        b->values.at[i] = v;
    }
    return true;
}

/* ---- order ---- */

/* Depth first from an output with an explicit stack: operands come before their users. */
static void visit(struct builder *b, layer_id output, uint32_t *order, uint32_t *count,
                  uint32_t *rank)
{
    struct net *net = b->net;
    VEC(uint32_t) stack = {0};
    vec_push(b->arena, &stack, output.i);
    while (stack.len > 0) {
        uint32_t at = stack.at[stack.len - 1];
        const struct layer *l = &net->layers.at[at];
        uint32_t count_in = l->input_count, pending = count_in;
        while (pending > 0 && rank[l->inputs[count_in - pending].i] != UINT32_MAX)
            pending--;
        if (pending > 0 && rank[at] == UINT32_MAX) {
            vec_push(b->arena, &stack, l->inputs[count_in - pending].i);
            continue;
        }
        stack.len--;
        if (rank[at] == UINT32_MAX) {
            rank[at] = *count;
            order[(*count)++] = at;
        }
    }
}

/* Brings the inputs to the front, as the model declares them. */
static void inputs_first(const struct net *net, uint32_t *order, uint32_t count, uint32_t *rank)
{
    uint32_t inputs = 0;
    for (uint32_t i = 0; i < count; i++)
        inputs += !net->layers.at[order[i]].row;
    uint32_t *const sorted = arena_array(net->arena, uint32_t, count), input = 0, other = inputs;
    for (uint32_t i = 0; i < net->layers.len; i++)
        if (rank[i] != UINT32_MAX && !net->layers.at[i].row)
            sorted[input++] = i;
    for (uint32_t i = 0; i < count; i++)
        if (net->layers.at[order[i]].row)
            sorted[other++] = order[i];
    for (uint32_t i = 0; i < count; i++)
        rank[order[i] = sorted[i]] = i;
}

static void warn_unused(struct builder *b, const uint32_t *rank)
{
    for (uint32_t i = 0; i < b->net->layers.len; i++) {
        const struct layer *l = &b->net->layers.at[i];
        if (rank[i] != UINT32_MAX || l->dead)
            continue;
        if (!l->row)
            diag_report(b->diag, l->span, DIAG_INPUT_UNUSED, l->input_name);
        else if (l->path && l->rules)
            diag_report(b->diag, l->span, DIAG_LAYER_UNUSED, l->path);
    }
}

void net_sort(struct builder *b, bool warn)
{
    struct net *net = b->net;
    uint32_t n = net->layers.len, count = 0;
    uint32_t *order = arena_array(b->arena, uint32_t, n),
             *rank = arena_array(b->arena, uint32_t, n);
    memset(rank, 0xff, sizeof *rank * n);
    for (uint32_t i = 0; i < net->outputs.len; i++)
        visit(b, net->outputs.at[i].layer, order, &count, rank);
    inputs_first(net, order, count, rank);
    if (warn)
        warn_unused(b, rank);
    for (uint32_t i = 0; i < n; i++)
        if (rank[i] == UINT32_MAX && net->layers.at[i].path)
            map_set(&b->paths, net->layers.at[i].path, NULL);
    struct layer *sorted = arena_array(b->arena, struct layer, count);
    value_id *values = arena_array(b->arena, value_id, count);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = net->layers.at[order[i]];
        values[i] = b->values.at[order[i]];
        for (uint32_t k = 0; k < sorted[i].input_count; k++)
            sorted[i].inputs[k].i = rank[sorted[i].inputs[k].i];
        if (sorted[i].path)
            map_set(&b->paths, sorted[i].path, net);
    }
    for (uint32_t i = 0; i < net->outputs.len; i++)
        net->outputs.at[i].layer.i = rank[net->outputs.at[i].layer.i];
    net->layers.at = sorted;
    net->layers.len = net->layers.cap = count;
    b->values.at = values;
    b->values.len = b->values.cap = count;
}

/* ---- names ---- */

bool layer_within(const struct layer *l, const char *name)
{
    return (l->path && str_path_within(l->path, name)) ||
           (l->scope && str_path_within(l->scope, name));
}

void report_unknown_layer(struct builder *b, const char *name, struct span span)
{
    diag_report(b->diag, span, DIAG_UNKNOWN_LAYER, name);
    if (b->diag->dropped)
        return;
    struct map names;
    map_init(&names, b->arena);
    for (uint32_t i = 0; i < b->net->layers.len; i++) {
        const char *path = b->net->layers.at[i].path;
        for (const char *dot = path; dot;) {
            dot = strchr(dot + 1, '.');
            map_set(&names, dot ? arena_strndup(b->arena, path, (size_t)(dot - path)) : path, b);
        }
    }
    const char **list = arena_array(b->arena, const char *, names.len);
    struct strbuf top;
    strbuf_init(&top, b->arena);
    for (uint32_t i = 0; i < names.len; i++) {
        list[i] = names.entries[i].key;
        if (!strchr(list[i], '.') && top.len < 160)
            strbuf_addf(&top, "%s%s", top.len ? ", " : "", list[i]);
    }
    const char *near = str_nearest(name, list, names.len);
    if (near)
        diag_note(b->diag, "did you mean '%s'?", near);
    else if (top.len)
        diag_note(b->diag, "the model has: %s%s", top.text, top.len >= 160 ? ", ..." : "");
}
