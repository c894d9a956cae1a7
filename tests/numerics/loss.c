/* link: ftm_kernel_run */
/* Softmax with cross entropy over class counts around the block, with smoothing, and with logits
 * that are far apart. */
#include "kernel_families.h"

static const int64_t classes[] = {1, 2, 10, 16, 17, 40, 1000};

enum { CLASSES = sizeof classes / sizeof classes[0] };

static void wide(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k;
    int64_t count = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < count && operand == 0; i++)
        x->data[i] *= 80;
}

static void make_case(struct cases *c, enum op op, struct shape logits, double smoothing, bool far)
{
    struct attrs a = {.label_smoothing = smoothing};
    struct kernel_case *k =
        case_new(c, 2e-6, op == OP_cross_entropy ? "cross_entropy" : "cross_entropy_grad");
    value_id x = kernel_case_input(k, logits, FTMRT_LAYOUT_BLOCKED);
    value_id label =
        kernel_case_input_of(k, (struct type){FTMRT_I32, shape_1d(DIM_BATCH)}, FTMRT_LAYOUT_PLAIN);
    kernel_case_node(k, graph_op(k->graph, op, &a, x, label),
                     op == OP_cross_entropy ? FTMRT_LAYOUT_PLAIN : FTMRT_LAYOUT_BLOCKED);
    k->classes = logits.dim[1];
    k->fill = far ? wide : NULL;
}

static void make(struct cases *c)
{
    for (int i = 0; i < CLASSES; i++)
        for (int smooth = 0; smooth < 2; smooth++)
            for (int far = 0; far < 2; far++) {
                struct shape logits = shape_2d(DIM_BATCH, classes[i]);
                make_case(c, OP_cross_entropy, logits, 0.1 * smooth, far);
                make_case(c, OP_cross_entropy_grad, logits, 0.1 * smooth, far);
            }
}

static void test_loss(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loss)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
