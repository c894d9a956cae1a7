/* link: ftm_kernel_run */
/* Losses and their gradients over class counts around the block, of indices and distributions, with
 * smoothing, with logits that are far apart, times a gradient; with class weights and an ignored class; of maps. */
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

/* Distributions are from 0 to 1 and need not sum to 1; class weights are not negative. */
static void fill(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    int64_t count = shape_elements(&x->shape, 1);
    const value_id *operands = graph_node(k->graph, k->node)->inputs;
    bool weights =
        operand == 2 && x->shape.rank == 1 && graph_node(k->graph, operands[2])->op != OP_constant;
    for (int64_t i = 0; i < count; i++)
        if ((operand == 1 && x->shape.rank % 2 == 0) || weights) {
            const double v = 0.1 + fabs(x->data[i]);
            x->data[i] = weights ? v : v / (1 + v);
        }
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

/* A label for predictions: an index per place, or as they are. */
static value_id label_of(struct kernel_case *k, const struct shape *x, enum label label)
{
    if (label == DISTRIBUTION)
        return kernel_case_input(k, *x, FTMRT_LAYOUT_BLOCKED);
    struct shape places = shape_1d(DIM_BATCH);
    if (x->rank == 4) {
        places.rank = 3;
        places.dim[1] = x->dim[2];
        places.dim[2] = x->dim[3];
    }
    return kernel_case_input_of(k, (struct type){FTMRT_I32, places}, FTMRT_LAYOUT_PLAIN);
}

/* The third operand of an op that has one. */
static value_id third(struct kernel_case *k, enum op op, int64_t count, enum label label)
{
    const int variant = (int)((count + label) % 3);
    if (op_operand(op, 2) != 'c')
        return gradient(k, (enum gradient)variant);
    if (variant == 0)
        return graph_constant(k->graph, 0.5, (struct type){FTMRT_F32, shape_1d(count)});
    return kernel_case_input(k, shape_1d(count), FTMRT_LAYOUT_VECTOR);
}

static void make_case(struct cases *c, enum op op, struct shape logits, double smoothing,
                      enum label label, const char *far)
{
    char name[128];
    const int64_t count = logits.dim[1];
    snprintf(name, sizeof name, "%s of %d%s%s%s", op_info(op)->name, (int)count,
             label == INDEX ? "" : ", distributions", logits.rank == 4 ? ", a map" : "", far);
    struct attrs a = {.label_smoothing = smoothing,
                      .ignore_index = 1,
                      .delta = 0.75,
                      .alpha = 0.25,
                      .gamma = 1.5};
    struct kernel_case *k = case_new(c, 4e-6, name);
    value_id v[3] = {kernel_case_input(k, logits, FTMRT_LAYOUT_BLOCKED),
                     label_of(k, &logits, label)};
    if (op_least_operands(op) == 3)
        v[2] = third(k, op, count, label);
    value_id node = graph_op_(k->graph, op, &a, v, op_least_operands(op));
    bool scalar = graph_shape(k->graph, node)->rank == 0;
    kernel_case_node(k, node, scalar ? FTMRT_LAYOUT_PLAIN : FTMRT_LAYOUT_BLOCKED);
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

/* An op with and without smoothing, if it has that, of indices and distributions, if it takes both. */
static void make_kinds(struct cases *c, enum op op, struct shape logits)
{
    const uint64_t attrs = op_info(op)->attrs;
    const bool smoothed = attrs >> ATTR_INDEX_label_smoothing & 1U;
    const bool far = logits.rank == 2 && (logits.dim[1] == 17 || logits.dim[1] == 1000);
    const enum label last = attrs == UINT64_C(1) << ATTR_INDEX_ignore_index ? INDEX : DISTRIBUTION;
    for (int smooth = 0; smooth <= smoothed; smooth++)
        for (int label = INDEX; label <= (int)last; label++) {
            make_case(c, op, logits, 0.1 * smooth, (enum label)label, "");
            if (far)
                make_case(c, op, logits, 0.1 * smooth, (enum label)label, ", far");
        }
}

static bool takes_label(enum op op)
{
    return op_least_operands(op) >= 2 && op_operand(op, 1) == 'l';
}

static void make(struct cases *c)
{
    make_sum(c, false);
    make_sum(c, true);
    for (int op = 0; op < OP_COUNT; op++)
        for (int i = 0; takes_label((enum op)op) && i < CLASSES; i++)
            make_kinds(c, (enum op)op, shape_2d(DIM_BATCH, classes[i]));
}

static void make_maps(struct cases *c)
{
    for (int op = 0; op < OP_COUNT; op++) {
        if (!takes_label((enum op)op))
            continue;
        make_kinds(c, (enum op)op, shape_4d(DIM_BATCH, 2, 3, 5));
        make_kinds(c, (enum op)op, shape_4d(DIM_BATCH, 19, 4, 1));
    }
}

static void test_loss(void **state)
{
    (void)state;
    at_every_level(make);
}

static void test_maps(void **state)
{
    (void)state;
    at_every_level(make_maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loss), cmocka_unit_test(test_maps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
