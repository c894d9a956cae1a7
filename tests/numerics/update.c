/* link: ftm_kernel_run */
/* Updates in place: those of the optimizers over packed parameters, running statistics, counters; and the sums by which gradients are
 * clipped. */
#include "kernel_families.h"

#include <math.h>
#include <string.h>

static const struct parameter {
    uint32_t rank;
    int64_t dim[4];
    enum ftmrt_layout layout;
} parameters[] = {
    {1, {10}, FTMRT_LAYOUT_VECTOR},          {1, {40}, FTMRT_LAYOUT_VECTOR},
    {4, {24, 17, 3, 3}, FTMRT_LAYOUT_CONV},  {4, {40, 1, 5, 5}, FTMRT_LAYOUT_DEPTHWISE},
    {4, {130, 70, 1, 1}, FTMRT_LAYOUT_CONV},
};

enum { PARAMETERS = sizeof parameters / sizeof parameters[0] };

static void make_sgd(struct cases *c, const struct parameter *p, bool nesterov)
{
    struct type type = {FTMRT_F32, shape_make(p->rank, p->dim)};
    struct attrs a = {.nesterov = nesterov};
    struct kernel_case *k = case_new(c, 1e-6, nesterov ? "sgd nesterov" : "sgd");
    value_id v[6] = {kernel_case_input(k, type.shape, p->layout),
                     kernel_case_state(k, type, p->layout), kernel_case_state(k, type, p->layout)};
    for (int i = 3; i < 6; i++)
        v[i] = kernel_case_input(k, shape_scalar(), FTMRT_LAYOUT_PLAIN);
    kernel_case_node(k, graph_op_(k->graph, OP_sgd, &a, v, 6), p->layout);
}

static void make_plain(struct cases *c, const struct parameter *p)
{
    struct type type = {FTMRT_F32, shape_make(p->rank, p->dim)};
    struct kernel_case *k = case_new(c, 1e-6, "sgd_plain");
    value_id v[4] = {kernel_case_input(k, type.shape, p->layout),
                     kernel_case_state(k, type, p->layout),
                     kernel_case_input(k, shape_scalar(), FTMRT_LAYOUT_PLAIN),
                     kernel_case_input(k, shape_scalar(), FTMRT_LAYOUT_PLAIN)};
    kernel_case_node(k, graph_op_(k->graph, OP_sgd_plain, NULL, v, 4), p->layout);
}

/* Scalars and moments as they are in training: shares below 1, a first and a later step, squares. */
static void fill_adam(const struct kernel_case *c, uint32_t operand, struct tensor *x)
{
    static const double scalars[] = {0.01, 0.9, 0.999, 1e-3, 0.1};
    int64_t count = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < count && operand == 3; i++)
        x->data[i] = fabs(x->data[i]);
    if (operand >= 4 && operand < 9)
        x->data[0] = scalars[operand - 4];
    if (operand == 9)
        x->data[0] = strstr(c->label, "first") ? 1 : 3000;
}

static void make_adam(struct cases *c, enum op op, const struct parameter *p, const char *label)
{
    struct type type = {FTMRT_F32, shape_make(p->rank, p->dim)};
    struct kernel_case *k = case_new(c, 3e-6, label);
    k->fill = fill_adam;
    value_id v[10] = {kernel_case_input(k, type.shape, p->layout)};
    for (int i = 1; i < 10; i++)
        v[i] = i < 4 ? kernel_case_state(k, type, p->layout)
                     : kernel_case_input(k, shape_scalar(), FTMRT_LAYOUT_PLAIN);
    kernel_case_node(k, graph_op_(k->graph, op, NULL, v, 10), p->layout);
}

static void fill_rmsprop(const struct kernel_case *c, uint32_t operand, struct tensor *x)
{
    static const double scalars[] = {0.01, 0.99, 1e-3, 0.1, 0.9};
    const bool centered = strstr(c->label, "centered") != NULL;
    const uint32_t first = (strstr(c->label, "plain") ? 3U : 4U) + (centered ? 1U : 0U);
    int64_t count = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < count && operand == 2; i++)
        x->data[i] = fabs(x->data[i]) + (centered ? 4 : 0); /* above the square of any mean */
    if (operand >= first)
        x->data[0] = scalars[operand - first];
}

static void fill_dampened(const struct kernel_case *c, uint32_t operand, struct tensor *x)
{
    const double scalars[] = {0.01, 0.9, 0.1, 0.3, strstr(c->label, "first") ? 1 : 7};
    if (operand >= 3)
        x->data[0] = scalars[operand - 3];
}

/* Greatest mean squares above and below what comes of the mean squares. */
static void fill_amsgrad(const struct kernel_case *c, uint32_t operand, struct tensor *x)
{
    static const double scalars[] = {0.01, 0.9, 0.999, 1e-3, 0.1, 3000};
    int64_t count = shape_elements(&x->shape, 1);
    (void)c;
    for (int64_t i = 0; i < count && (operand == 3 || operand == 4); i++)
        x->data[i] = fabs(x->data[i]);
    if (operand >= 5)
        x->data[0] = scalars[operand - 5];
}

/* Gradient and mean are 0 in some places, and point apart in others. */
static void fill_lion(const struct kernel_case *c, uint32_t operand, struct tensor *x)
{
    static const double scalars[] = {0.01, 0.9, 0.99, 0.1};
    int64_t count = shape_elements(&x->shape, 1);
    (void)c;
    for (int64_t i = 0; i < count && (operand == 0 || operand == 2); i += 7)
        x->data[i] = 0;
    if (operand >= 3)
        x->data[0] = scalars[operand - 3];
}

/* An update with `slots` slots and `scalars` scalars. */
static void make_update(struct cases *c, enum op op, const struct parameter *p, const char *label,
                        uint32_t slots, uint32_t scalars,
                        void (*fill)(const struct kernel_case *, uint32_t, struct tensor *))
{
    struct type type = {FTMRT_F32, shape_make(p->rank, p->dim)};
    struct kernel_case *k = case_new(c, 3e-6, label);
    k->fill = fill;
    value_id v[16] = {kernel_case_input(k, type.shape, p->layout)};
    const uint32_t tensors = 2 + slots, count = tensors + scalars;
    for (uint32_t i = 1; i < count; i++)
        v[i] = i < tensors ? kernel_case_state(k, type, p->layout)
                           : kernel_case_input(k, shape_scalar(), FTMRT_LAYOUT_PLAIN);
    kernel_case_node(k, graph_op_(k->graph, op, NULL, v, count), p->layout);
}

static void make_statistics(struct cases *c, int64_t channels, int64_t height, int64_t width)
{
    struct type type = {FTMRT_F32, shape_1d(channels)};
    struct attrs a = {.momentum = 0.1, .in_size = {height, width}};
    struct kernel_case *k = case_new(c, 1e-6, "bn_update");
    value_id mean = kernel_case_state(k, type, FTMRT_LAYOUT_VECTOR),
             var = kernel_case_state(k, type, FTMRT_LAYOUT_VECTOR);
    value_id stats = kernel_case_input(k, shape_2d(2, channels), FTMRT_LAYOUT_VECTOR);
    kernel_case_node(k, graph_op(k->graph, OP_bn_update, &a, mean, var, stats),
                     FTMRT_LAYOUT_VECTOR);
}

static void make_square_sum(struct cases *c, const struct parameter *p)
{
    struct kernel_case *k = case_new(c, 2e-6, "square_sum");
    value_id x = kernel_case_input(k, shape_make(p->rank, p->dim), p->layout);
    kernel_case_node(k, graph_op(k->graph, OP_square_sum, NULL, x), FTMRT_LAYOUT_PLAIN);
}

static void make(struct cases *c)
{
    for (int i = 0; i < PARAMETERS; i++) {
        make_sgd(c, &parameters[i], false);
        make_sgd(c, &parameters[i], true);
        make_plain(c, &parameters[i]);
        make_adam(c, OP_adam, &parameters[i], "adam first");
        make_adam(c, OP_adam, &parameters[i], "adam");
        make_adam(c, OP_adamw, &parameters[i], "adamw first");
        make_adam(c, OP_adamw, &parameters[i], "adamw");
        make_update(c, OP_rmsprop, &parameters[i], "rmsprop", 2, 5, fill_rmsprop);
        make_update(c, OP_rmsprop_plain, &parameters[i], "rmsprop plain", 1, 4, fill_rmsprop);
        make_update(c, OP_rmsprop_centered, &parameters[i], "rmsprop centered", 3, 5, fill_rmsprop);
        make_update(c, OP_rmsprop_centered_plain, &parameters[i], "rmsprop centered plain", 2, 4,
                    fill_rmsprop);
        make_update(c, OP_sgd_dampened, &parameters[i], "sgd dampened first", 1, 5, fill_dampened);
        make_update(c, OP_sgd_dampened, &parameters[i], "sgd dampened", 1, 5, fill_dampened);
        make_update(c, OP_adam_amsgrad, &parameters[i], "adam amsgrad", 3, 6, fill_amsgrad);
        make_update(c, OP_adamw_amsgrad, &parameters[i], "adamw amsgrad", 3, 6, fill_amsgrad);
        make_update(c, OP_lion, &parameters[i], "lion", 1, 4, fill_lion);
    }
    make_statistics(c, 17, 4, 5);
    make_statistics(c, 40, 1, 2);
    for (int i = 0; i < PARAMETERS; i++)
        make_square_sum(c, &parameters[i]);
    make_square_sum(c, &(struct parameter){1, {3}, FTMRT_LAYOUT_PLAIN});
    make_square_sum(c, &(struct parameter){1, {5003}, FTMRT_LAYOUT_PLAIN});
    struct kernel_case *k = case_new(c, 0, "count_update");
    struct type counter = {FTMRT_I64, shape_scalar()};
    kernel_case_node(k,
                     graph_op(k->graph, OP_count_update, NULL,
                              kernel_case_state(k, counter, FTMRT_LAYOUT_PLAIN)),
                     FTMRT_LAYOUT_PLAIN);
}

static void test_updates(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_updates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
