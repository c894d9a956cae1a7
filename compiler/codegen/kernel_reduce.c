/* Reductions over images and pixels: channel_sum, channel_dot, bn_grad_stats, and bn_stats.
 *
 * Phase 0, a unit per (shard, channel block): images in order; each image is summed in registers
 * from zero and then added to the shard's sum in scratch [shards][rows][C/b*b]. Phase 1, a unit per
 * channel block: the fixed tree over the shards. Neither depends on how units are spread over
 * threads.
 *
 * The variance takes two passes over an image while it is in the cache; images and shards are
 * merged by the pairwise formula of T. F. Chan, G. H. Golub, R. J. LeVeque, Updating Formulae and a
 * Pairwise Algorithm for Computing Sample Variances, 1979: sums of squares never cancel. */
#include "geometry.h"
#include "vmath.h"

enum { UNROLL = 4, MAX_ROWS = 2, MAX_PARTS = 4 };

/* The sums of one channel block: rows x parts vectors. */
struct sums {
    LLVMValueRef v[MAX_ROWS][MAX_PARTS];
};

struct reduction {
    struct kernel_build *k;
    struct geometry q; /* of operand 0 */
    uint32_t rows, parts;
    LLVMValueRef buffer[3];       /* operands */
    LLVMValueRef slice[3];        /* of the image at hand */
    LLVMValueRef mean[MAX_PARTS]; /* bn_grad_stats: mean; bn_stats: of the image at hand */
};

static uint32_t rows_of(enum op op) { return op == OP_bn_stats || op == OP_bn_grad_stats ? 2 : 1; }

static struct reduction reduction_of(struct kernel_build *k)
{
    struct reduction r = {.k = k, .q = geometry_of(k->graph, k->node->inputs[0])};
    r.rows = rows_of(k->node->op);
    r.parts = geometry_parts(k->ir);
    return r;
}

/* What one pixel adds to row `row`. */
static LLVMValueRef term(struct reduction *r, LLVMValueRef pixel, uint32_t row, uint32_t part,
                         LLVMValueRef sum)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef a = ir_load_vec(ir, geometry_pixel(ir, r->slice[0], pixel, part));
    enum op op = r->k->node->op;
    if (op == OP_channel_dot) {
        LLVMValueRef b = ir_load_vec(ir, geometry_pixel(ir, r->slice[1], pixel, part));
        return ir_fma(ir, a, b, sum);
    }
    if (op == OP_bn_grad_stats && row == 1) {
        LLVMValueRef x = ir_load_vec(ir, geometry_pixel(ir, r->slice[1], pixel, part));
        return ir_fma(ir, a, LLVMBuildFSub(ir->b, x, r->mean[part], ""), sum);
    }
    if (op == OP_bn_stats && row == 1) {
        LLVMValueRef d = LLVMBuildFSub(ir->b, a, r->mean[part], "");
        return ir_fma(ir, d, d, sum);
    }
    return LLVMBuildFAdd(ir->b, sum, a, "");
}

/* Sums of rows first .. first+rows-1 over the pixels of the image at hand, in UNROLL chains. */
static void sum_pixels(struct reduction *r, uint32_t first, uint32_t rows, struct sums *out)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef acc[UNROLL][MAX_ROWS][MAX_PARTS] = {0};
    for (uint32_t u = 0; u < UNROLL; u++)
        for (uint32_t row = first; row < first + rows; row++)
            for (uint32_t part = 0; part < r->parts; part++) {
                acc[u][row][part] = ir_local(ir, ir->vec);
                ir_set(ir, acc[u][row][part], ir_vec_const(ir, 0));
            }
    int64_t whole = r->q.pixels / UNROLL * UNROLL;
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, whole), UNROLL);
    for (int64_t u = 0; u < UNROLL + r->q.pixels - whole; u++) {
        if (u == UNROLL)
            ir_loop_end(ir, &pixels);
        LLVMValueRef p =
            u < UNROLL ? ir_add_const(ir, pixels.i, u) : ir_i64(ir, whole + u - UNROLL);
        for (uint32_t row = first; row < first + rows; row++)
            for (uint32_t part = 0; part < r->parts; part++) {
                LLVMValueRef local = acc[u % UNROLL][row][part];
                ir_set(ir, local, term(r, p, row, part, ir_get(ir, ir->vec, local)));
            }
    }
    if (whole == r->q.pixels)
        ir_loop_end(ir, &pixels);
    for (uint32_t row = first; row < first + rows; row++)
        for (uint32_t part = 0; part < r->parts; part++) {
            LLVMValueRef v[UNROLL];
            for (uint32_t u = 0; u < UNROLL; u++)
                v[u] = ir_get(ir, ir->vec, acc[u][row][part]);
            out->v[row][part] = vmath_tree_sum(ir, v, UNROLL);
        }
}

static void take_image(struct reduction *r, LLVMValueRef image, LLVMValueRef block)
{
    uint32_t operands = r->k->node->op == OP_channel_sum || r->k->node->op == OP_bn_stats ? 1 : 2;
    for (uint32_t i = 0; i < operands; i++)
        r->slice[i] = geometry_slice(r->k->ir, &r->q, r->buffer[i], image, block);
}

/* Address of a shard's partial result. */
static LLVMValueRef partial(struct reduction *r, LLVMValueRef scratch, LLVMValueRef shard,
                            LLVMValueRef block, uint32_t row, uint32_t part)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef rows =
        ir_at(ir, scratch, ir_mul_const(ir, shard, (int64_t)r->rows * r->q.blocks * FTMRT_CB));
    return geometry_vector(ir, &r->q, rows, row, block, part);
}

static void locals(struct reduction *r, struct sums *s)
{
    struct ir *ir = r->k->ir;
    for (uint32_t row = 0; row < r->rows; row++)
        for (uint32_t part = 0; part < r->parts; part++) {
            s->v[row][part] = ir_local(ir, ir->vec);
            ir_set(ir, s->v[row][part], ir_vec_const(ir, 0));
        }
}

static void store_partial(struct reduction *r, const struct sums *s, LLVMValueRef scratch,
                          LLVMValueRef shard, LLVMValueRef block)
{
    struct ir *ir = r->k->ir;
    for (uint32_t row = 0; row < r->rows; row++)
        for (uint32_t part = 0; part < r->parts; part++)
            ir_store_vec(ir, ir_get(ir, ir->vec, s->v[row][part]),
                         partial(r, scratch, shard, block, row, part));
}

/* One image's contribution to the shard's sums. */
static void add_image(struct reduction *r, struct sums *total)
{
    struct ir *ir = r->k->ir;
    struct sums s = {0};
    sum_pixels(r, 0, r->rows, &s);
    for (uint32_t row = 0; row < r->rows; row++)
        for (uint32_t part = 0; part < r->parts; part++) {
            LLVMValueRef old = ir_get(ir, ir->vec, total->v[row][part]);
            ir_set(ir, total->v[row][part], LLVMBuildFAdd(ir->b, old, s.v[row][part], ""));
        }
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
    LLVMValueRef both = LLVMBuildFMul(ir->b, LLVMBuildFMul(ir->b, count_a, share, ""),
                                      ir_vec_const(ir, (double)r->q.pixels), "");
    LLVMValueRef sum = LLVMBuildFAdd(ir->b, a[1], b[1], "");
    a[1] = ir_fma(ir, LLVMBuildFMul(ir->b, delta, delta, ""), both, sum);
}

static void merge_image(struct reduction *r, struct sums *total, LLVMValueRef before)
{
    struct ir *ir = r->k->ir;
    struct sums s = {0};
    sum_pixels(r, 0, 1, &s);
    for (uint32_t part = 0; part < r->parts; part++)
        r->mean[part] =
            LLVMBuildFDiv(ir->b, s.v[0][part], ir_vec_const(ir, (double)r->q.pixels), "");
    sum_pixels(r, 1, 1, &s);
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

static void emit_shards(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct reduction r = reduction_of(k);
    for (uint32_t i = 0; i < k->node->input_count && i < 3; i++)
        r.buffer[i] = kernel_buffer(k, i);
    LLVMValueRef scratch = kernel_scratch(k);
    struct unit_loop u = unit_loop_begin(k, r.q.blocks); /* its "image" is the shard */
    struct sums total = {0};
    locals(&r, &total);
    if (k->node->op == OP_bn_grad_stats)
        for (uint32_t part = 0; part < r.parts; part++)
            r.mean[part] =
                ir_load_vec(ir, geometry_vector(ir, &r.q, r.buffer[2], 0, u.block, part));
    LLVMValueRef lo, hi;
    kernel_shard(k, u.image, &lo, &hi);
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    take_image(&r, images.i, u.block);
    if (k->node->op == OP_bn_stats)
        merge_image(&r, &total, ir_sub(ir, images.i, lo));
    else
        add_image(&r, &total);
    ir_loop_end(ir, &images);
    store_partial(&r, &total, scratch, u.image, u.block);
    unit_loop_end(k, &u);
}

/* ---- the tree over the shards ---- */

static LLVMValueRef tree_sum(struct reduction *r, LLVMValueRef scratch, LLVMValueRef block,
                             uint32_t row, uint32_t part)
{
    LLVMValueRef v[FTMRT_MAX_SHARDS] = {0};
    uint32_t shards = (uint32_t)r->k->graph->program->shards;
    for (uint32_t s = 0; s < shards; s++)
        v[s] = ir_load_vec(r->k->ir, partial(r, scratch, ir_i64(r->k->ir, s), block, row, part));
    return vmath_tree_sum(r->k->ir, v, shards);
}

/* The step from sum dy (x - mean) to sum dy xhat: division by the standard deviation, once per
 * channel. */
static LLVMValueRef scale_by_deviation(struct reduction *r, LLVMValueRef stats, LLVMValueRef block,
                                       uint32_t part, LLVMValueRef sum)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef var = ir_load_vec(ir, geometry_vector(ir, &r->q, stats, 1, block, part));
    LLVMValueRef eps = ir_vec_const(ir, r->k->node->attrs->eps);
    return LLVMBuildFDiv(ir->b, sum, ir_sqrt(ir, LLVMBuildFAdd(ir->b, var, eps, "")), "");
}

static void emit_tree(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct reduction r = reduction_of(k);
    LLVMValueRef scratch = kernel_scratch(k), result = kernel_result(k);
    LLVMValueRef stats = k->node->op == OP_bn_grad_stats ? kernel_buffer(k, 2) : NULL;
    FTM_BUG_ON(r.rows > 1 && k->node->step_count, "steps behind a value of %u rows", r.rows);
    struct ir_loop units = ir_loop_begin(ir, k->begin, k->end, 1);
    for (uint32_t row = 0; row < r.rows; row++)
        for (uint32_t part = 0; part < r.parts; part++) {
            LLVMValueRef v = tree_sum(&r, scratch, units.i, row, part);
            if (row == 1)
                v = scale_by_deviation(&r, stats, units.i, part, v);
            if (r.rows > 1) {
                ir_store_vec(ir, v, geometry_vector(ir, &r.q, result, row, units.i, part));
                continue;
            }
            const struct position at = {
                .image = ir_i64(ir, 0), .block = units.i, .pixel = ir_i64(ir, 0), .part = part};
            epilogue_store(k, v, &at);
        }
    ir_loop_end(ir, &units);
}

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

static void emit_stats_tree(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct reduction r = reduction_of(k);
    uint32_t shards = (uint32_t)k->graph->program->shards;
    FTM_BUG_ON(k->node->step_count, "steps behind bn_stats");
    LLVMValueRef scratch = kernel_scratch(k), result = kernel_result(k), counts[FTMRT_MAX_SHARDS];
    for (uint32_t s = 0; s < shards; s++) {
        LLVMValueRef lo, hi;
        kernel_shard(k, ir_i64(ir, s), &lo, &hi);
        counts[s] = ir_splat(ir, geometry_float(ir, ir_sub(ir, hi, lo)));
    }
    LLVMValueRef all = ir_splat(ir, geometry_float(ir, ir_mul_const(ir, k->n, r.q.pixels)));
    struct ir_loop units = ir_loop_begin(ir, k->begin, k->end, 1);
    for (uint32_t part = 0; part < r.parts; part++) {
        LLVMValueRef v[FTMRT_MAX_SHARDS][2] = {0}, count[FTMRT_MAX_SHARDS] = {0};
        for (uint32_t s = 0; s < shards; s++) {
            count[s] = counts[s];
            for (uint32_t row = 0; row < 2; row++)
                v[s][row] =
                    ir_load_vec(ir, partial(&r, scratch, ir_i64(ir, s), units.i, row, part));
        }
        merge_tree(&r, v, count, shards);
        ir_store_vec(ir, v[0][0], geometry_vector(ir, &r.q, result, 0, units.i, part));
        ir_store_vec(ir, LLVMBuildFDiv(ir->b, v[0][1], all, ""),
                     geometry_vector(ir, &r.q, result, 1, units.i, part));
    }
    ir_loop_end(ir, &units);
}

/* ---- the families ---- */

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)cpu;
    int64_t blocks = geometry_of(g, n->inputs[0]).blocks;
    return (struct kernel_units){.fixed = phase == 0 ? g->program->shards * blocks : blocks,
                                 .images = 1};
}

static void emit_reduce(struct kernel_build *k)
{
    if (k->phase == 0)
        emit_shards(k);
    else
        emit_tree(k);
}

static void emit_stats(struct kernel_build *k)
{
    if (k->phase == 0)
        emit_shards(k);
    else
        emit_stats_tree(k);
}

const struct kernel_family kernel_channel_reduce = {"channel_reduce", two_phases, units,
                                                    emit_reduce};
const struct kernel_family kernel_bn_stats = {"bn_stats", two_phases, units, emit_stats};
