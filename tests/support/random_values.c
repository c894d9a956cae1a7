#include "random_values.h"

#include <math.h>
#include <string.h>

#include "str.h"

uint64_t random_pick(uint64_t seed, uint64_t what, uint64_t count)
{
    return (uint64_t)(ftmrt_uniform(seed, 77, what, 9) * (double)count);
}

static double uniform(uint64_t seed, const char *name, int64_t index, double low, double high)
{
    double u = ftmrt_uniform(seed, ftmrt_name_hash(name), (uint64_t)index, 77);
    return (double)(float)(low + (high - low) * u);
}

static double state_value(const struct state *s, uint64_t seed, int64_t index)
{
    if (s->kind == FTMRT_STATE_SLOT)
        return 0;
    if (s->type.dtype != FTMRT_F32)
        return 3;
    if (str_ends_with(s->name, "running_var"))
        return uniform(seed, s->name, index, 0.5, 1.5);
    if (s->file_shape.rank <= 1 && str_ends_with(s->name, "weight"))
        return uniform(seed, s->name, index, 0.5, 1.5);
    if (s->file_shape.rank <= 1)
        return uniform(seed, s->name, index, -0.5, 0.5);
    double fan_in = (double)shape_elements(&s->file_shape, 1) / (double)s->file_shape.dim[0];
    double bound = sqrt(6 / fan_in);
    return uniform(seed, s->name, index, -bound, bound);
}

void random_states(struct interp *in, uint64_t seed)
{
    for (uint32_t i = 0; i < in->program->states.len; i++) {
        const struct state *s = &in->program->states.at[i];
        int64_t size = shape_elements(&s->type.shape, 1);
        for (int64_t j = 0; j < size; j++)
            in->states[i].data[j] = state_value(s, seed, j);
    }
}

/* Three uniform values: near enough to a normal distribution. */
static double about_normal(uint64_t seed, const char *name, int64_t index)
{
    double sum = 0;
    for (int64_t k = 0; k < 3; k++)
        sum += uniform(seed, name, 3 * index + k, -1, 1);
    return (double)(float)sum;
}

static int64_t classes_of(const struct graph *g)
{
    value_id logits = graph_find_output(g, "logits");
    return value_valid(logits) ? graph_shape(g, logits)->dim[1] : 1;
}

/* A label that is not the one that is ignored: where all are, the loss is 0 / 0. */
static double first_label(const struct graph *g, double label)
{
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (g->nodes.at[i].op == OP_label_weight && !g->nodes.at[i].dead &&
            (double)g->nodes.at[i].attrs->ignore_index == label)
            return (double)(((int64_t)label + 1) % classes_of(g));
    return label;
}

static double input_value(const struct graph *g, const struct node *n, uint64_t seed, int64_t index)
{
    const char *name = n->attrs->label;
    if (n->type.dtype == FTMRT_I32) {
        double label = floor(uniform(seed, name, index, 0, 0.999) * (double)classes_of(g));
        return index == 0 ? first_label(g, label) : label;
    }
    if (graph_input_role(n) == FTMRT_ROLE_CLASS_WEIGHT)
        return uniform(seed, name, index, 0.25, 2);
    /* eps is large, as a step divides by a root near zero otherwise: that would enlarge roundings. */
    static const struct {
        const char *name;
        float value;
    } scalars[] = {{"lr", 0.05F},    {"momentum", 0.9F}, {"weight_decay", 0.01F}, {"beta1", 0.9F},
                   {"beta2", 0.99F}, {"eps", 0.1F},      {"alpha", 0.99F},        {"step", 3}};
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
        if (strcmp(name, scalars[i].name) == 0)
            return (double)scalars[i].value;
    return about_normal(seed, name, index);
}

struct tensor *random_inputs(struct arena *arena, const struct graph *g, int64_t n, uint64_t seed)
{
    struct tensor *inputs = arena_array(arena, struct tensor, g->nodes.len + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *node = &g->nodes.at[i];
        if (node->op != OP_input || node->dead)
            continue;
        struct tensor *t = &inputs[count++];
        t->shape = node->type.shape;
        if (shape_batched(&t->shape))
            t->shape.dim[0] = n;
        int64_t size = shape_elements(&t->shape, n);
        t->data = arena_array(arena, double, size);
        for (int64_t j = 0; j < size; j++)
            t->data[j] = input_value(g, node, seed, j);
    }
    return inputs;
}

double tensor_distance(const struct tensor *a, const struct tensor *b, double floor)
{
    int64_t size = shape_elements(&b->shape, 1);
    double most = floor, difference = 0;
    if (size != shape_elements(&a->shape, 1))
        return INFINITY;
    for (int64_t i = 0; i < size; i++) {
        if (isnan(a->data[i]) != isnan(b->data[i]))
            return INFINITY;
        if (isnan(b->data[i]) || a->data[i] == b->data[i])
            continue;
        most = fmax(most, fabs(b->data[i]));
        difference = fmax(difference, fabs(a->data[i] - b->data[i]));
    }
    return difference > 0 ? difference / most : 0;
}
