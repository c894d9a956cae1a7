/* link: ftm_kernel_run */
/* Pooling: windows with and without overlap, padding, clipped windows, ceil_mode, dilation, ties, maps of one pixel. */
#include "kernel_families.h"

#include <math.h>
#include <string.h>

static const struct window {
    int64_t channels, height, width, kernel, stride, padding;
} windows[] = {
    {3, 8, 8, 2, 2, 0},  {17, 7, 9, 2, 2, 0},  {16, 9, 9, 3, 2, 1}, {40, 5, 6, 3, 1, 1},
    {24, 4, 4, 4, 4, 0}, {1, 6, 5, 5, 3, 2},   {16, 1, 1, 1, 1, 0}, {16, 12, 12, 5, 5, 0},
    {33, 9, 6, 2, 3, 1}, {5, 11, 40, 3, 2, 1}, {5, 8, 70, 5, 2, 2},
};

enum { WINDOWS = sizeof windows / sizeof windows[0] };

/* Few different values, so that windows have ties; some are NaN. */
static void with_ties(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k;
    int64_t count = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < count && operand != 0; i++)
        x->data[i] = i % 29 == 3 ? NAN : floor(x->data[i] * 2);
}

/* form: 0 as is usual; 1: the last windows may reach over the end; 2: as 1, dilated. */
static struct attrs attrs_of(const struct window *w, int form)
{
    struct attrs a = {.kernel = {w->kernel, w->kernel},
                      .stride = {w->stride, w->stride},
                      .padding = {w->padding, w->padding, w->padding, w->padding},
                      .dilation = {1, 1},
                      .ceil_mode = form > 0};
    if (form == 2 && w->kernel > 1 && w->height + 2 * w->padding > 2 * (w->kernel - 1) &&
        w->width + 2 * w->padding > w->kernel)
        a.dilation[0] = 2;
    return a;
}

static struct shape in_of(const struct window *w)
{
    return shape_4d(DIM_BATCH, w->channels, w->height, w->width);
}

/* The shape of an op's result. */
static struct shape out_of(const struct kernel_case *k, enum op op, const struct attrs *a,
                           const struct window *w)
{
    struct program *p = program_new(k->graph->program->arena, k->graph->program->diag, "shape", 1);
    struct graph *g = program_add_function(p, "shape", FTMRT_ENTRY_PREDICT);
    value_id x = graph_input(g, "x", (struct type){FTMRT_F32, in_of(w)});
    return *graph_shape(g, graph_op(g, op, a, x));
}

/* The result of the forward operation, for max_pool_grad: filled from its own input. */
static void pooled(const struct kernel_case *k, uint32_t operand, struct tensor *x);

static void make_max(struct cases *c, const struct window *w, enum op op, enum op grad,
                     const struct attrs *a)
{
    struct shape in = in_of(w);
    struct kernel_case *k = case_new(c, 0, op_info(op)->name);
    kernel_case_node(k, graph_op(k->graph, op, a, kernel_case_input(k, in, FTMRT_LAYOUT_BLOCKED)),
                     FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 1e-6, op_info(grad)->name);
    struct shape out = out_of(k, op, a, w);
    value_id dy = kernel_case_input(k, out, FTMRT_LAYOUT_BLOCKED),
             x = kernel_case_input(k, in, FTMRT_LAYOUT_BLOCKED);
    value_id y = kernel_case_input(k, out, FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, grad, a, dy, x, y), FTMRT_LAYOUT_BLOCKED);
    value_id gate = kernel_case_input(k, in, FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_relu_grad, NULL, &gate, 1);
    k->fill = pooled;
}

/* x is remembered until y, the next operand, is filled from it. */
static void pooled(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    static struct tensor input;
    with_ties(k, operand, x);
    if (operand == 1)
        input = *x;
    if (operand != 2)
        return;
    struct eval e = {.graph = k->graph,
                     .attrs = graph_node(k->graph, k->node)->attrs,
                     .in = &input,
                     .out = *x,
                     .n = x->shape.dim[0]};
    bool parts = graph_node(k->graph, k->node)->op == OP_adaptive_max_pool_grad;
    op_info(parts ? OP_adaptive_max_pool : OP_max_pool)->eval(&e);
}

static void make_average(struct cases *c, const struct window *w)
{
    struct attrs a = {.in_size = {w->height, w->width}};
    struct kernel_case *k = case_new(c, 2e-6, "global_avg_pool");
    value_id x = kernel_case_input(k, shape_4d(DIM_BATCH, w->channels, w->height, w->width),
                                   FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_global_avg_pool, NULL, x), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 1e-6, "global_avg_pool_grad");
    value_id dy =
        kernel_case_input(k, shape_4d(DIM_BATCH, w->channels, 1, 1), FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_global_avg_pool_grad, &a, dy), FTMRT_LAYOUT_BLOCKED);
}

static void make_avg_pool(struct cases *c, const struct window *w, struct attrs a)
{
    struct kernel_case *k = case_new(c, 2e-6, "avg_pool");
    value_id x = kernel_case_input(k, in_of(w), FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_avg_pool, &a, x), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_relu, NULL, NULL, 0);
    k = case_new(c, 2e-6, "avg_pool_grad");
    memcpy(a.in_size, in_of(w).dim + 2, sizeof a.in_size);
    value_id dy = kernel_case_input(k, out_of(k, OP_avg_pool, &a, w), FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_avg_pool_grad, &a, dy), FTMRT_LAYOUT_BLOCKED);
    value_id gate = kernel_case_input(k, in_of(w), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_relu_grad, NULL, &gate, 1);
}

static void make_adaptive(struct cases *c, const struct window *w, int64_t height, int64_t width)
{
    struct attrs a = {.size = {height, width}, .in_size = {w->height, w->width}};
    struct kernel_case *k = case_new(c, 2e-6, "adaptive_avg_pool");
    value_id x = kernel_case_input(k, in_of(w), FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_adaptive_avg_pool, &a, x), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_relu, NULL, NULL, 0);
    k = case_new(c, 2e-6, "adaptive_avg_pool_grad");
    struct shape out = shape_4d(DIM_BATCH, w->channels, a.size[0], a.size[1]);
    value_id dy = kernel_case_input(k, out, FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_adaptive_avg_pool_grad, &a, dy),
                     FTMRT_LAYOUT_BLOCKED);
    make_max(c, w, OP_adaptive_max_pool, OP_adaptive_max_pool_grad, &a);
}

static void make(struct cases *c)
{
    for (int i = 0; i < WINDOWS; i++) {
        struct attrs a = attrs_of(&windows[i], i % 3);
        make_max(c, &windows[i], OP_max_pool, OP_max_pool_grad, &a);
        a = attrs_of(&windows[i], (i + 1) % 3);
        make_max(c, &windows[i], OP_max_pool, OP_max_pool_grad, &a);
        make_average(c, &windows[i]);
        a = attrs_of(&windows[i], i / 2 % 2);
        make_avg_pool(c, &windows[i], a);
        a.count_include_pad = true;
        a.divisor_override = i % 2 ? 7 : 0;
        make_avg_pool(c, &windows[i], a);
        if (i % 2)
            make_adaptive(c, &windows[i], (windows[i].height + 1) / 2, 1 + windows[i].width / 3);
        else
            make_adaptive(c, &windows[i], windows[i].height + 2, 3 * windows[i].width);
    }
}

static void test_pools(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pools)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
