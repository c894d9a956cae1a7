#include "net_builder.h"

#include <string.h>

#include "optimizer.h"
#include "weighted_loss.h"

static const char *member(struct graph *g, const char *layer, const char *name)
{
    return arena_printf(g->program->arena, "%s.%s", layer, name);
}

static int64_t at_least_1(int64_t v) { return v ? v : 1; }

value_id net_state(struct graph *g, const char *name, enum ftmrt_state_kind kind,
                   struct shape shape, bool trainable)
{
    struct program *p = g->program;
    uint32_t found = program_find_state(p, name);
    if (found != UINT32_MAX)
        return graph_state(g, found);
    struct state s = {.name = arena_strdup(p->arena, name),
                      .kind = kind,
                      .type = {FTMRT_F32, shape},
                      .file_shape = shape,
                      .trainable = trainable,
                      .mutable = trainable,
                      .source = -1,
                      .layer_kind = shape.rank > 1 ? "conv2d" : "batch_norm"};
    if (shape.rank == 0)
        s.type.dtype = FTMRT_I64; /* num_batches_tracked is the only scalar */
    return graph_state(g, program_add_state(p, s));
}

value_id net_parameter(struct graph *g, const char *name, struct shape shape, bool trainable)
{
    return net_state(g, name, FTMRT_STATE_PARAMETER, shape, trainable);
}

value_id net_conv2d(struct graph *g, const char *name, value_id x, const struct net_conv *c,
                    bool trainable)
{
    struct attrs a = {.groups = at_least_1(c->groups)};
    memcpy(a.padding, c->padding, sizeof a.padding);
    for (int axis = 0; axis < 2; axis++) {
        a.stride[axis] = at_least_1(c->stride[axis]);
        a.dilation[axis] = at_least_1(c->dilation[axis]);
    }
    int64_t in = graph_shape(g, x)->dim[1] / a.groups;
    struct shape shape = shape_4d(c->out, in, at_least_1(c->kernel[0]), at_least_1(c->kernel[1]));
    return graph_op(g, OP_conv2d, &a, x,
                    net_parameter(g, member(g, name, "weight"), shape, trainable));
}

value_id net_linear(struct graph *g, const char *name, value_id x, int64_t out, bool trainable)
{
    struct shape shape = shape_2d(out, graph_shape(g, x)->dim[1]);
    return graph_op(g, OP_linear, NULL, x,
                    net_parameter(g, member(g, name, "weight"), shape, trainable));
}

value_id net_bias(struct graph *g, const char *name, value_id x, bool trainable)
{
    struct shape shape = shape_1d(graph_shape(g, x)->dim[1]);
    return graph_op(g, OP_bias_add, NULL, x,
                    net_parameter(g, member(g, name, "bias"), shape, trainable));
}

value_id net_batch_norm(struct graph *g, const char *name, value_id x, double eps, bool trainable,
                        bool training)
{
    struct shape shape = shape_1d(graph_shape(g, x)->dim[1]);
    struct attrs a = {
        .eps = eps, .momentum = 0.1, .training = g->kind == FTMRT_ENTRY_TRAIN && training};
    value_id weight = net_parameter(g, member(g, name, "weight"), shape, trainable);
    value_id bias = net_parameter(g, member(g, name, "bias"), shape, trainable);
    value_id mean = net_state(g, member(g, name, "running_mean"), FTMRT_STATE_BUFFER, shape, false);
    value_id var = net_state(g, member(g, name, "running_var"), FTMRT_STATE_BUFFER, shape, false);
    value_id count = net_state(g, member(g, name, "num_batches_tracked"), FTMRT_STATE_BUFFER,
                               shape_scalar(), false);
    const value_id buffers[] = {mean, var, count};
    for (int i = 0; i < 3; i++)
        g->program->states.at[graph_node(g, buffers[i])->attrs->state].mutable = training;
    if (a.training)
        graph_op(g, OP_count_update, NULL, count);
    return graph_op(g, OP_batch_norm, &a, x, weight, bias, mean, var);
}

value_id net_image(struct graph *g, int64_t channels, int64_t height, int64_t width)
{
    struct type type = {FTMRT_F32, shape_4d(DIM_BATCH, channels, height, width)};
    return graph_input(g, "image", type);
}

void net_loss(struct graph *g, value_id logits, double label_smoothing)
{
    net_loss_of(g, OP_cross_entropy, logits, label_smoothing);
}

static value_id add_label(struct graph *g, const struct shape *logits)
{
    struct shape shape = shape_1d(DIM_BATCH);
    if (logits->rank == 4) {
        shape.rank = 3;
        shape.dim[1] = logits->dim[2];
        shape.dim[2] = logits->dim[3];
    }
    return graph_input(g, "label", (struct type){FTMRT_I32, shape});
}

static void end_loss(struct graph *g, value_id loss, value_id logits)
{
    const struct optimizer *o = &g->program->optimizer;
    const struct optimizer_rule *rule = optimizer_rule(o->op);
    for (uint32_t i = 0; g->kind == FTMRT_ENTRY_TRAIN && i < optimizer_values(rule); i++)
        if (optimizer_takes(o, i))
            graph_input(g, rule->scalars[i], (struct type){FTMRT_F32, shape_scalar()});
    graph_output(g, "loss", loss);
    graph_output(g, "logits", logits);
}

static void default_optimizer(struct graph *g)
{
    if (g->kind == FTMRT_ENTRY_TRAIN && g->program->optimizer.op == OP_COUNT)
        g->program->optimizer.op = OP_sgd;
}

void net_loss_of(struct graph *g, enum op op, value_id logits, double label_smoothing)
{
    default_optimizer(g);
    value_id label = add_label(g, graph_shape(g, logits));
    struct attrs a = {.label_smoothing = label_smoothing,
                      .delta = 0.5,
                      .alpha = 0.25,
                      .gamma = 1.5}; /* what the op has */
    end_loss(g, graph_op(g, op, &a, logits, label), logits);
}

void net_weighted_loss(struct graph *g, value_id logits, const struct attrs *a)
{
    const struct shape *s = graph_shape(g, logits);
    const struct type type = {FTMRT_F32, shape_1d(s->dim[1])};
    default_optimizer(g);
    value_id label = add_label(g, s);
    value_id weights = graph_input_as(g, "class_weight", type, FTMRT_ROLE_CLASS_WEIGHT);
    struct weighted_loss w = weighted_loss(g, OP_cross_entropy, logits, label, weights, a, 0);
    graph_output(g, "weight", w.weight);
    end_loss(g, w.loss, logits);
}
