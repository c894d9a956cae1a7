/* Mean and variance of each channel over images and pixels.
 *
 * The variance takes two passes over an image while it is in the cache; images and shards are merged by the pairwise
 * formula of T. F. Chan, G. H. Golub, R. J. LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample
 * Variances, 1979: sums of squares never cancel. The tree ends with the mean and the sum of squared deviations, which can
 * still be merged with those of other calls; what divides the latter by the elements of the whole step is `finish`. */
#include "kernel_reduce.h"
#include "vmath.h"

static LLVMValueRef term(struct reduction *r, LLVMValueRef pixel, uint32_t row, uint32_t part,
                         LLVMValueRef sum)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef x = reduce_load(r, 0, pixel, part);
    if (row == 0)
        return LLVMBuildFAdd(ir->b, sum, x, "");
    LLVMValueRef d = LLVMBuildFSub(ir->b, x, r->mean[part], "");
    return ir_fma(ir, d, d, sum);
}

/* The pixels of an image, in every lane. */
static LLVMValueRef pixels_of(const struct reduction *r)
{
    return ir_splat(r->k->ir, geometry_float(r->k->ir, r->e.pixels));
}

/* Merges (mean, sum of squared deviations) of `count_b` images into those of `count_a` images;
 * counts are f32 in every lane. Both empty: zero. */
static void merge(struct reduction *r, LLVMValueRef count_a, LLVMValueRef count_b,
                  LLVMValueRef a[2], const LLVMValueRef b[2])
{
    struct ir *ir = r->k->ir;
    LLVMValueRef count = LLVMBuildFAdd(ir->b, count_a, count_b, "");
    count = vmath_max(ir, count, ir_vec_const(ir, 1));
    LLVMValueRef share = LLVMBuildFDiv(ir->b, count_b, count, "");
    LLVMValueRef delta = LLVMBuildFSub(ir->b, b[0], a[0], "");
    a[0] = ir_fma(ir, delta, share, a[0]);
    LLVMValueRef both =
        LLVMBuildFMul(ir->b, LLVMBuildFMul(ir->b, count_a, share, ""), pixels_of(r), "");
    LLVMValueRef sum = LLVMBuildFAdd(ir->b, a[1], b[1], "");
    a[1] = ir_fma(ir, LLVMBuildFMul(ir->b, delta, delta, ""), both, sum);
}

static void merge_image(struct reduction *r, struct sums *total, LLVMValueRef before)
{
    struct ir *ir = r->k->ir;
    struct sums s = {0};
    reduce_pixels(r, 0, 1, &s);
    for (uint32_t part = 0; part < r->parts; part++)
        r->mean[part] = LLVMBuildFDiv(ir->b, s.v[0][part], pixels_of(r), "");
    reduce_pixels(r, 1, 1, &s);
    LLVMValueRef count = ir_splat(ir, geometry_float(ir, before));
    for (uint32_t part = 0; part < r->parts; part++) {
        LLVMValueRef a[2] = {ir_get(ir, ir->vec, total->v[0][part]),
                             ir_get(ir, ir->vec, total->v[1][part])};
        const LLVMValueRef b[2] = {r->mean[part], s.v[1][part]};
        merge(r, count, ir_vec_const(ir, 1), a, b);
        ir_set(ir, total->v[0][part], a[0]);
        ir_set(ir, total->v[1][part], a[1]);
    }
}

static const struct reduce_rule rule = {
    .rows = 2, .operands = 1, .term = term, .image = merge_image};

/* Merges the shards' means and squared deviations pair by pair; the counts are those of the ranges.
 */
static void merge_tree(struct reduction *r, LLVMValueRef (*v)[2], LLVMValueRef *count,
                       uint32_t shards)
{
    struct ir *ir = r->k->ir;
    while (shards > 1) {
        for (uint32_t i = 0; i + 1 < shards; i += 2) {
            merge(r, count[i], count[i + 1], v[i], v[i + 1]);
            count[i / 2] = LLVMBuildFAdd(ir->b, count[i], count[i + 1], "");
            v[i / 2][0] = v[i][0];
            v[i / 2][1] = v[i][1];
        }
        if (shards % 2) {
            count[shards / 2] = count[shards - 1];
            v[shards / 2][0] = v[shards - 1][0];
            v[shards / 2][1] = v[shards - 1][1];
        }
        shards = (shards + 1) / 2;
    }
}

static void emit_tree(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct reduction r = reduction_of(k, &rule);
    uint32_t shards = (uint32_t)k->graph->program->shards;
    FTM_BUG_ON(k->node->step_count, "steps behind bn_stats");
    struct address result = kernel_result(k);
    LLVMValueRef counts[FTMRT_MAX_SHARDS];
    for (uint32_t s = 0; s < shards; s++) {
        LLVMValueRef lo, hi;
        kernel_shard(k, ir_i64(ir, s), &lo, &hi);
        counts[s] = ir_splat(ir, geometry_float(ir, ir_sub(ir, hi, lo)));
    }
    struct ir_loop units = ir_loop_begin(ir, k->begin, k->end, 1);
    for (uint32_t part = 0; part < r.parts; part++) {
        LLVMValueRef v[FTMRT_MAX_SHARDS][2] = {0}, count[FTMRT_MAX_SHARDS] = {0};
        for (uint32_t s = 0; s < shards; s++) {
            count[s] = counts[s];
            for (uint32_t row = 0; row < 2; row++)
                v[s][row] = ir_load_vec(ir, reduce_partial(&r, ir_i64(ir, s), units.i, row, part));
        }
        merge_tree(&r, v, count, shards);
        for (uint32_t row = 0; row < 2; row++)
            ir_store_vec(ir, v[0][row], extent_vector(ir, &r.e, result, row, units.i, part));
    }
    ir_loop_end(ir, &units);
}

static void emit(struct kernel_build *k)
{
    if (k->phase == 0)
        reduce_shards(k, &rule);
    else
        emit_tree(k);
}

/* From squared deviations to the variance. */
static void finish(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    struct extent e = extent_of(k, &q);
    LLVMValueRef count = ir_splat(ir, geometry_float(ir, ir_mul(ir, k->step_images, e.pixels)));
    struct address var = extent_vector(ir, &e, kernel_result(k), 1, ir_i64(ir, 0), 0);
    LLVMValueRef floats = ir_mul_const(ir, e.blocks, FTMRT_CB);
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, 0), floats, ir->cpu->lanes);
    struct address at = ir_at(ir, var, c.i);
    ir_store_vec(ir, LLVMBuildFDiv(ir->b, ir_load_vec(ir, at), count, ""), at);
    ir_loop_end(ir, &c);
}

const struct kernel_family kernel_bn_stats = {.name = "bn_stats",
                                              .phases = two_phases,
                                              .units = reduce_units,
                                              .emit = emit,
                                              .finish = finish};
