/* link: ftm_kernel_run */
/* pixel_shuffle and pixel_unshuffle: channels of the large map within a block, at its end and past it, so that the small map's last
 * blocks are there or not; odd factors. */
#include "kernel_families.h"

static const struct row {
    int64_t channels, height, width,
        factor; /* of the large map; its pixels are those times the factor */
} rows[] = {
    {16, 3, 2, 2}, {3, 2, 3, 2},  {1, 2, 2, 2},  {17, 2, 2, 2}, {33, 1, 2, 2}, {4, 3, 3, 3},
    {15, 2, 1, 3}, {18, 2, 1, 3}, {20, 2, 2, 1}, {5, 1, 1, 4},  {2, 1, 2, 5},
};

static void make(struct cases *c)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        const struct attrs a = {.upscale_factor = r->factor, .downscale_factor = r->factor};
        const struct shape small = shape_4d(DIM_BATCH, r->channels * r->factor * r->factor,
                                            r->height, r->width),
                           large = shape_4d(DIM_BATCH, r->channels, r->height * r->factor,
                                            r->width * r->factor);
        struct kernel_case *k = case_new(c, 0, "pixel_shuffle");
        value_id x = kernel_case_input(k, small, FTMRT_LAYOUT_BLOCKED);
        kernel_case_node(k, graph_op(k->graph, OP_pixel_shuffle, &a, x), FTMRT_LAYOUT_BLOCKED);
        k = case_new(c, 0, "pixel_unshuffle");
        x = kernel_case_input(k, large, FTMRT_LAYOUT_BLOCKED);
        kernel_case_node(k, graph_op(k->graph, OP_pixel_unshuffle, &a, x), FTMRT_LAYOUT_BLOCKED);
    }
}

static void test_pixel_shuffle(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pixel_shuffle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
