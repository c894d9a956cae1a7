/* The network under construction: types, order and names of layers.
 *
 * Types come from the graph's own shape rules: every layer is also a node of a scratch graph whose
 * weights are constants, so that no shape rule is written twice. Edits infer the whole network
 * again. */
#include "front.h"

#include <string.h>

#include "str.h"

/* ---- shapes ---- */

bool layer_has_params(const struct layer *l)
{
    return l->op == OP_conv2d || l->op == OP_linear || l->op == OP_batch_norm;
}

struct shape layer_weight_shape(const struct net *net, const struct layer *l)
{
    if (!layer_has_params(l))
        return shape_scalar();
    int64_t channels = net->layers.at[l->inputs[0].i].type.shape.dim[1];
    if (l->op == OP_linear)
        return shape_2d(l->out_channels, channels);
    if (l->op == OP_batch_norm)
        return shape_1d(channels);
    int64_t groups = l->attrs.groups > 0 ? l->attrs.groups : 1;
    return shape_4d(l->out_channels, channels >= groups ? channels / groups : 1, l->kernel[0],
                    l->kernel[1]);
}

/* TensorFlow's SAME: the result has ceil(input / stride) positions, the odd pixel of padding goes
 * behind. */
static void same_padding(struct layer *l, const struct shape *x)
{
    for (int axis = 0; axis < 2 && x->rank == 4; axis++) {
        int64_t in = x->dim[2 + axis], stride = l->attrs.stride[axis];
        int64_t kernel = l->op == OP_conv2d ? l->kernel[axis] : l->attrs.kernel[axis];
        int64_t dilation = l->op == OP_conv2d ? l->attrs.dilation[axis] : 1;
        int64_t reach = dilation * (kernel - 1) + 1;
        int64_t total = ((in + stride - 1) / stride - 1) * stride + reach - in;
        if (total < 0)
            total = 0;
        l->attrs.padding[axis] = total / 2;
        l->attrs.padding[2 + axis] = total - total / 2;
    }
}

static bool check_conv(struct front *f, const struct layer *l, const struct shape *x)
{
    int64_t in = x->dim[1], groups = l->attrs.groups;
    if (groups == 1 || (groups == in && groups == l->out_channels))
        return true;
    diag_report(f->diag, l->span, DIAG_GROUP_COUNT, (long long)groups, (long long)in,
                (long long)l->out_channels);
    return false;
}

/* The scratch node of a layer whose inputs have theirs; VALUE_NONE after a report. */
static value_id infer_layer(struct front *f, struct layer *l)
{
    if (l->op == OP_input)
        return graph_input(f->scratch, l->attrs.label, l->type);
    value_id inputs[LAYER_MAX_INPUTS + 4];
    uint32_t n = layer_inputs(l);
    for (uint32_t i = 0; i < n; i++)
        inputs[i] = f->values.at[l->inputs[i].i];
    const struct shape *x = &f->net->layers.at[l->inputs[0].i].type.shape;
    if (l->same_padding)
        same_padding(l, x);
    if (l->op == OP_conv2d && !check_conv(f, l, x))
        return VALUE_NONE;
    if (layer_has_params(l)) {
        struct type weight = {FTMRT_F32, layer_weight_shape(f->net, l)};
        if (shape_elements(&weight.shape, 1) > (int64_t)1 << 31) {
            diag_report(f->diag, l->span, DIAG_WEIGHT_TOO_LARGE);
            return VALUE_NONE;
        }
        for (uint32_t i = 0; i < (l->op == OP_batch_norm ? 4U : 1U); i++)
            inputs[n++] = graph_constant(f->scratch, 0, weight);
    }
    uint32_t errors = f->diag->errors;
    value_id v = graph_add(f->scratch, l->op, inputs, n, &l->attrs, l->span, l->path);
    if (!value_valid(v) && f->diag->errors > errors && l->op == OP_linear && x->rank == 4)
        diag_note(
            f->diag,
            "write linear(flatten(x), ...), after a global_avg_pool where the network has one");
    return v;
}

layer_id net_add(struct front *f, struct layer l)
{
    if (f->net->layers.len >= FRONT_MAX_LAYERS) {
        if (!f->stopped)
            diag_report(f->diag, l.span, DIAG_TOO_MANY_LAYERS, FRONT_MAX_LAYERS);
        f->stopped = true;
        return LAYER_NONE;
    }
    value_id v = infer_layer(f, &l);
    if (!value_valid(v))
        return LAYER_NONE;
    l.type = graph_node(f->scratch, v)->type;
    l.added = f->adding;
    l.trainable_weight = l.trainable_bias = true;
    vec_push(f->arena, &f->net->layers, l);
    vec_push(f->arena, &f->values, v);
    if (l.path)
        map_set(&f->paths, l.path, f->net);
    return (layer_id){f->net->layers.len - 1};
}

bool net_infer(struct front *f)
{
    struct program *p = program_new(f->arena, f->diag, "scratch", 1);
    f->scratch = program_add_function(p, "scratch", false);
    for (uint32_t i = 0; i < f->net->layers.len; i++) {
        struct layer *l = &f->net->layers.at[i];
        value_id v = infer_layer(f, l);
        if (!value_valid(v))
            return false;
        l->type = graph_node(f->scratch, v)->type;
        f->values.at[i] = v;
    }
    return true;
}

/* ---- order ---- */

/* Depth first from the output with an explicit stack: operands come before their users. */
static void visit(struct front *f, uint32_t *order, uint32_t *count, uint32_t *rank)
{
    struct net *net = f->net;
    VEC(uint32_t) stack = {0};
    vec_push(f->arena, &stack, net->output.i);
    while (stack.len > 0) {
        uint32_t at = stack.at[stack.len - 1];
        const struct layer *l = &net->layers.at[at];
        uint32_t count_in = layer_inputs(l), pending = count_in;
        while (pending > 0 && rank[l->inputs[count_in - pending].i] != UINT32_MAX)
            pending--;
        if (pending > 0 && rank[at] == UINT32_MAX) {
            vec_push(f->arena, &stack, l->inputs[count_in - pending].i);
            continue;
        }
        stack.len--;
        if (rank[at] == UINT32_MAX) {
            rank[at] = *count;
            order[(*count)++] = at;
        }
    }
}

static void warn_unused(struct front *f, const uint32_t *rank)
{
    for (uint32_t i = 0; i < f->net->layers.len; i++) {
        const struct layer *l = &f->net->layers.at[i];
        if (rank[i] == UINT32_MAX && !l->dead && l->path && layer_has_params(l))
            diag_report(f->diag, l->span, DIAG_LAYER_UNUSED, l->path);
    }
}

void net_sort(struct front *f, bool warn)
{
    struct net *net = f->net;
    uint32_t n = net->layers.len, count = 0;
    uint32_t *order = arena_array(f->arena, uint32_t, n),
             *rank = arena_array(f->arena, uint32_t, n);
    memset(rank, 0xff, sizeof *rank * n);
    visit(f, order, &count, rank);
    if (warn)
        warn_unused(f, rank);
    for (uint32_t i = 0; i < n; i++)
        if (rank[i] == UINT32_MAX && net->layers.at[i].path)
            map_set(&f->paths, net->layers.at[i].path, NULL);
    struct layer *sorted = arena_array(f->arena, struct layer, count);
    value_id *values = arena_array(f->arena, value_id, count);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = net->layers.at[order[i]];
        values[i] = f->values.at[order[i]];
        for (uint32_t k = 0; k < layer_inputs(&sorted[i]); k++)
            sorted[i].inputs[k].i = rank[sorted[i].inputs[k].i];
        if (sorted[i].path)
            map_set(&f->paths, sorted[i].path, net);
    }
    net->output.i = rank[net->output.i];
    net->layers.at = sorted;
    net->layers.len = net->layers.cap = count;
    f->values.at = values;
    f->values.len = f->values.cap = count;
}

/* ---- names ---- */

/* Whether path is name or below it, by whole components. */
static bool path_within(const char *path, const char *name)
{
    size_t n = strlen(name);
    return strncmp(path, name, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

bool layer_within(const struct layer *l, const char *name)
{
    return (l->path && path_within(l->path, name)) || (l->scope && path_within(l->scope, name));
}

void report_unknown_layer(struct front *f, const char *name, struct span span)
{
    diag_report(f->diag, span, DIAG_UNKNOWN_LAYER, name);
    if (f->diag->dropped)
        return;
    struct map names;
    map_init(&names, f->arena);
    for (uint32_t i = 0; i < f->net->layers.len; i++) {
        const char *path = f->net->layers.at[i].path;
        for (const char *dot = path; dot;) {
            dot = strchr(dot + 1, '.');
            map_set(&names, dot ? arena_strndup(f->arena, path, (size_t)(dot - path)) : path, f);
        }
    }
    const char **list = arena_array(f->arena, const char *, names.len);
    struct strbuf top;
    strbuf_init(&top, f->arena);
    for (uint32_t i = 0; i < names.len; i++) {
        list[i] = names.entries[i].key;
        if (!strchr(list[i], '.') && top.len < 160)
            strbuf_addf(&top, "%s%s", top.len ? ", " : "", list[i]);
    }
    const char *near = str_nearest(name, list, names.len);
    if (near)
        diag_note(f->diag, "did you mean '%s'?", near);
    else if (top.len)
        diag_note(f->diag, "the model has: %s%s", top.text, top.len >= 160 ? ", ..." : "");
}
