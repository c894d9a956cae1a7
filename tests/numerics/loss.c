/* link: ftm_kernel_run */
/* Losses and their gradients over class counts around the block, of indices and distributions, with
 * smoothing, with logits that are far apart, times a gradient. */
#include "kernel_families.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const int64_t classes[] = {1, 2, 10, 16, 17, 40, 1000};

enum { CLASSES = sizeof classes / sizeof classes[0] };

/* Far from zero: what is not reduced by the largest overflows. Losses near zero are avoided, as errors are relative. */
static void wide(uint32_t operand, struct tensor *x)
{
    int64_t count = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < count && operand == 0; i++)
        x->data[i] = 300 + 6 * x->data[i];
}

/* Distributions are not negative, and need not sum to 1. */
static void fill(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    int64_t count = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < count && operand == 1 && x->shape.rank == 2; i++)
        x->data[i] = fabs(x->data[i]);
    if (strstr(k->label, "far"))
        wide(operand, x);
}

enum label { INDEX, DISTRIBUTION };
enum gradient { ONE, TWO, COMPUTED };

static value_id gradient(struct kernel_case *k, enum gradient kind)
{
    if (kind == COMPUTED)
        return kernel_case_input(k, shape_scalar(), FTMRT_LAYOUT_PLAIN);
    return graph_constant(k->graph, kind == ONE ? 1 : 2, (struct type){FTMRT_F32, shape_scalar()});
}

static void make_case(struct cases *c, enum op op, int64_t count, double smoothing,
                      enum label label, const char *far)
{
    char name[128];
    snprintf(name, sizeof name, "%s of %d%s%s", op_info(op)->name, (int)count,
             label == INDEX ? "" : ", distributions", far);
    struct attrs a = {.label_smoothing = smoothing, .delta = 0.75};
    struct shape logits = shape_2d(DIM_BATCH, count);
    bool loss = op_least_operands(op) == 2;
    struct kernel_case *k = case_new(c, 4e-6, name);
    value_id v[] = {kernel_case_input(k, logits, FTMRT_LAYOUT_BLOCKED),
                    label == DISTRIBUTION
                        ? kernel_case_input(k, logits, FTMRT_LAYOUT_BLOCKED)
                        : kernel_case_input_of(k, (struct type){FTMRT_I32, shape_1d(DIM_BATCH)},
                                               FTMRT_LAYOUT_PLAIN),
                    VALUE_NONE};
    if (!loss)
        v[2] = gradient(k, (enum gradient)((count + label) % 3));
    kernel_case_node(k, graph_op_(k->graph, op, &a, v, loss ? 2 : 3),
                     loss ? FTMRT_LAYOUT_PLAIN : FTMRT_LAYOUT_BLOCKED);
    k->classes = count;
    k->fill = fill;
}

/* Sums of losses: of what is computed, and of a constant. */
static void make_sum(struct cases *c, bool constant)
{
    struct kernel_case *k = case_new(c, 1e-6, "sum of losses");
    value_id a = kernel_case_input(k, shape_scalar(), FTMRT_LAYOUT_PLAIN);
    value_id b = gradient(k, constant ? TWO : COMPUTED);
    kernel_case_node(k, graph_op(k->graph, OP_add, NULL, a, b), FTMRT_LAYOUT_PLAIN);
}

static void make(struct cases *c)
{
    make_sum(c, false);
    make_sum(c, true);
    for (int op = 0; op < OP_COUNT; op++) {
        if (op_least_operands((enum op)op) < 2 || op_operand((enum op)op, 1) != 'l')
            continue;
        const int smoothed = op_info((enum op)op)->attrs >> ATTR_INDEX_label_smoothing & 1U;
        for (int i = 0; i < CLASSES; i++)
            for (int smooth = 0; smooth <= smoothed; smooth++)
                for (int label = INDEX; label <= DISTRIBUTION; label++) {
                    make_case(c, (enum op)op, classes[i], 0.1 * smooth, (enum label)label, "");
                    if (classes[i] >= 10)
                        make_case(c, (enum op)op, classes[i], 0.1 * smooth, (enum label)label,
                                  ", far");
                }
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
