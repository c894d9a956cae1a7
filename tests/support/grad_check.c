#include "grad_check.h"

#include <math.h>
#include <stdio.h>

#include "random_values.h"
#include "window.h"

/* Step along one direction; the operands of a kink move by a small multiple of it. */
static const double step = 1e-4;
static const double kink_margin = 2e-3;

enum { ELEMENTS = 40, DIRECTIONS = 4 }; /* up to ELEMENTS every one is checked */

struct run {
    const struct grad_check *check;
    struct interp *in; /* of the forward program */
    const struct graph *g;
    struct tensor *inputs;
    struct grad_result result;
};

/* ---- kinks ---- */

enum { MAX_KINKS = 2 };

/* Where the slope of an op of one operand jumps. */
static const struct op_kinks {
    enum op op;
    int count;
    double at[MAX_KINKS];
} kinks[] = {
    {OP_relu, 1, {0}},          {OP_relu6, 2, {0, 6}},
    {OP_leaky_relu, 1, {0}},    {OP_hardsigmoid, 2, {-3, 3}},
    {OP_hardswish, 2, {-3, 3}}, {OP_elu, 1, {0}},
    {OP_abs, 1, {0}},
};

static double distance_to(const struct tensor *x, double kink)
{
    double least = INFINITY;
    int64_t size = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < size; i++)
        least = fmin(least, fabs(x->data[i] - kink));
    return least;
}

/* The least distance between two values, equal ones aside, as relu leaves them. */
static double gap_between(const struct tensor *a, const struct tensor *b)
{
    double least = INFINITY;
    int64_t size = shape_elements(&a->shape, 1);
    for (int64_t i = 0; i < size; i++)
        if (a->data[i] != b->data[i])
            least = fmin(least, fabs(a->data[i] - b->data[i]));
    return least;
}

static double kinks_distance(const struct node *n, const struct tensor *x)
{
    double least = INFINITY;
    for (size_t i = 0; i < sizeof kinks / sizeof *kinks; i++)
        for (int k = 0; kinks[i].op == n->op && k < kinks[i].count; k++)
            least = fmin(least, distance_to(x, kinks[i].at[k]));
    return least;
}

/* The gap between the largest element of a window and the next smaller one. Equal elements, as relu
 * leaves them, do not count: they are flat, and one of them takes the gradient. */
static double window_gap(const struct window *w, int64_t output, const double *map)
{
    double best = -INFINITY, next = -INFINITY;
    for (int64_t tap = 0; tap < w->kernel[0] * w->kernel[1]; tap++) {
        int64_t row = output / w->out[1] * w->stride[0] + tap / w->kernel[1] - w->pad[0];
        int64_t col = output % w->out[1] * w->stride[1] + tap % w->kernel[1] - w->pad[1];
        if (row < 0 || row >= w->in[0] || col < 0 || col >= w->in[1])
            continue;
        double v = map[row * w->in[1] + col];
        if (v > best) {
            next = best;
            best = v;
        } else if (v < best && v > next) {
            next = v;
        }
    }
    return best - next;
}

static double pool_distance(const struct attrs *a, const struct tensor *x, const struct tensor *y)
{
    double least = INFINITY;
    struct window w = window_of(a, &x->shape, &y->shape, a->kernel);
    int64_t size = w.out[0] * w.out[1];
    for (int64_t m = 0; m < x->shape.dim[0] * x->shape.dim[1]; m++)
        for (int64_t o = 0; o < size; o++)
            least = fmin(least, window_gap(&w, o, x->data + m * w.in[0] * w.in[1]));
    return least;
}

static double kink_distance(const struct run *r, const struct tensor *values)
{
    double least = INFINITY;
    for (uint32_t i = 0; i < r->g->nodes.len; i++) {
        const struct node *n = &r->g->nodes.at[i];
        if (n->dead)
            continue;
        if (n->input_count > 0)
            least = fmin(least, kinks_distance(n, &values[n->inputs[0].i]));
        if (n->op == OP_hardtanh)
            least = fmin(least, fmin(distance_to(&values[n->inputs[0].i], n->attrs->min_val),
                                     distance_to(&values[n->inputs[0].i], n->attrs->max_val)));
        if (n->op == OP_maximum)
            least = fmin(least, gap_between(&values[n->inputs[0].i], &values[n->inputs[1].i]));
        if (n->op == OP_max_pool)
            least = fmin(least, pool_distance(n->attrs, &values[n->inputs[0].i], &values[i]));
    }
    return least;
}

/* ---- finite differences ---- */

static double loss_of(const struct run *r, struct arena *arena, struct tensor **values)
{
    struct tensor outputs[4];
    interp_run(r->in, arena, r->g, r->check->n, r->inputs, outputs, values);
    for (uint32_t i = 0; i < r->g->outputs.len; i++)
        if (value_same(r->g->outputs.at[i].value, graph_find_output(r->g, "loss")))
            return outputs[i].data[0];
    FTM_BUG("the function has no output 'loss'");
}

/* The loss with `direction` times t added to a state. */
static double loss_at(const struct run *r, uint32_t state, const double *direction, double t)
{
    struct arena arena;
    arena_init(&arena, "step");
    struct tensor *s = &r->in->states[state];
    int64_t size = shape_elements(&s->shape, 1);
    double *saved = arena_array(&arena, double, size);
    for (int64_t i = 0; i < size; i++) {
        saved[i] = s->data[i];
        s->data[i] += t * direction[i];
    }
    double loss = loss_of(r, &arena, NULL);
    for (int64_t i = 0; i < size; i++)
        s->data[i] = saved[i];
    arena_clear(&arena);
    return loss;
}

static double difference(const struct run *r, uint32_t state, const double *direction)
{
    double near = loss_at(r, state, direction, step) - loss_at(r, state, direction, -step);
    double far = loss_at(r, state, direction, 2 * step) - loss_at(r, state, direction, -2 * step);
    return (8 * near - far) / (12 * step);
}

/* grad may be NULL: no gradient. */
static void compare(struct run *r, uint32_t state, const double *grad, const double *direction,
                    int64_t number)
{
    const struct tensor *s = &r->in->states[state];
    int64_t size = shape_elements(&s->shape, 1);
    double expect = 0, measured = difference(r, state, direction);
    for (int64_t i = 0; grad && i < size; i++)
        expect += grad[i] * direction[i];
    double error = fabs(measured - expect) / fmax(fmax(fabs(measured), fabs(expect)), 1e-3);
    r->result.checked++;
    if (error <= r->result.worst)
        return;
    r->result.worst = error;
    snprintf(r->result.where, sizeof r->result.where,
             "%s %d: %.9g by differences, %.9g by the gradient",
             r->in->program->states.at[state].name, (int)number, measured, expect);
}

static void check_state(struct run *r, uint32_t state, const double *grad)
{
    int64_t size = shape_elements(&r->in->states[state].shape, 1);
    double *direction = arena_array(r->check->arena, double, size);
    bool each = size <= ELEMENTS;
    for (int64_t k = 0; k < (each ? size : DIRECTIONS); k++) {
        double norm = sqrt((double)size / 3);
        for (int64_t i = 0; i < size; i++)
            direction[i] = each ? (double)(i == k)
                                : (2 * ftmrt_uniform(9, (uint64_t)k, (uint64_t)i, 3) - 1) / norm;
        compare(r, state, grad, direction, k);
    }
}

/* ---- gradients ---- */

/* The gradient of each state in the function "train" after backward: what its update reads. */
static const double **gradients(const struct grad_check *c)
{
    const struct graph *g = program_find_function(c->backward, "train");
    struct interp *in = interp_new(c->arena, c->backward);
    const double **grad = arena_array(c->arena, const double *, c->backward->states.len);
    struct tensor *values = NULL, outputs[4];
    random_states(in, c->seed);
    interp_run(in, c->arena, g, c->n, random_inputs(c->arena, g, c->n, c->seed), outputs, &values);
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (!n->dead && (n->op == OP_sgd || n->op == OP_sgd_plain))
            grad[graph_node(g, n->inputs[1])->attrs->state] = values[n->inputs[0].i].data;
    }
    return grad;
}

struct grad_result grad_check(const struct grad_check *c)
{
    struct run r = {.check = c, .g = program_find_function(c->forward, "train")};
    struct tensor *values = NULL;
    r.in = interp_new(c->arena, c->forward);
    r.inputs = random_inputs(c->arena, r.g, c->n, c->seed);
    random_states(r.in, c->seed);
    loss_of(&r, c->arena, &values);
    r.result.kink = kink_distance(&r, values);
    if (r.result.kink < kink_margin)
        return r.result;
    const double **grad = gradients(c);
    for (uint32_t s = 0; s < c->forward->states.len; s++)
        if (c->forward->states.at[s].trainable)
            check_state(&r, s, grad[s]);
    return r.result;
}
