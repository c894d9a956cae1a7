/* Group normalisation and its gradient on channel blocks.
 *
 * A unit is an image and the fewest whole channel blocks that hold whole runs of channels (lcm(run, 16) channels), so
 * that a run never crosses a unit, wherever it lies in the blocks. A unit goes over its pixels several times while
 * they are in the cache: sums per channel go to a row of scratch, a scalar loop replaces each run's sums by the run's
 * mean, and the next pass reads them as vectors. The scalar loops visit real channels only; of a padding lane every
 * row stays 0, and so does the result. */
#include "geometry.h"
#include "rounding.h"
#include "vmath.h"

/* Rows of scratch: per channel, the value of its run. */
enum row { MEAN, INV, MEAN_DY, MEAN_DY_XHAT, ROWS };

enum { UNROLL = 4 };

struct norm {
    struct kernel_build *k;
    struct geometry q;
    int64_t run;         /* channels of a run */
    int64_t unit_blocks; /* channel blocks of a unit; the last unit of an image may have fewer */
    bool backward;
    LLVMValueRef image, first, blocks; /* of the unit at hand: image, first block, its blocks */
    struct address scratch;            /* of the image */
};

static int64_t gcd(int64_t a, int64_t b) { return b == 0 ? a : gcd(b, a % b); }

static int64_t blocks_of_unit(const struct node *n)
{
    int64_t run = n->type.shape.dim[1] / n->attrs->groups;
    return run / gcd(run, FTMRT_CB);
}

static int64_t units_of_image(const struct node *n)
{
    int64_t blocks = ceil_div(n->type.shape.dim[1], FTMRT_CB), unit = blocks_of_unit(n);
    return ceil_div(blocks, unit);
}

/* Address of lane 0 of `part` of a channel block in a row of scratch. */
static struct address row_at(struct norm *m, enum row row, LLVMValueRef block, uint32_t part)
{
    return geometry_vector(m->k->ir, &m->q, m->scratch, row, block, part);
}

static LLVMValueRef pixel_of(struct norm *m, uint32_t operand, LLVMValueRef block,
                             LLVMValueRef pixel, uint32_t part)
{
    struct ir *ir = m->k->ir;
    struct address slice = geometry_slice(ir, &m->q, kernel_buffer(m->k, operand), m->image, block);
    return ir_load_vec(ir, geometry_pixel(ir, slice, pixel, part));
}

static uint32_t x_operand(const struct norm *m) { return m->backward ? 1 : 0; }

/* What a pixel adds to a row's sum; the rows before it are known. */
static LLVMValueRef term(struct norm *m, enum row row, LLVMValueRef block, LLVMValueRef pixel,
                         uint32_t part)
{
    struct ir *ir = m->k->ir;
    if (row == MEAN_DY)
        return pixel_of(m, 0, block, pixel, part);
    LLVMValueRef x = pixel_of(m, x_operand(m), block, pixel, part);
    if (row == MEAN)
        return x;
    LLVMValueRef d = LLVMBuildFSub(ir->b, x, ir_load_vec(ir, row_at(m, MEAN, block, part)), "");
    if (row == INV)
        return LLVMBuildFMul(ir->b, d, d, "");
    LLVMValueRef xhat = LLVMBuildFMul(ir->b, d, ir_load_vec(ir, row_at(m, INV, block, part)), "");
    return LLVMBuildFMul(ir->b, pixel_of(m, 0, block, pixel, part), xhat, "");
}

/* The sum over the pixels of one vector of channels, in UNROLL chains. */
static LLVMValueRef sum_pixels(struct norm *m, enum row row, LLVMValueRef block, uint32_t part)
{
    struct ir *ir = m->k->ir;
    LLVMValueRef sum[UNROLL];
    for (int u = 0; u < UNROLL; u++) {
        sum[u] = ir_local(ir, ir->vec);
        ir_set(ir, sum[u], ir_vec_const(ir, 0));
    }
    int64_t whole = m->q.pixels / UNROLL * UNROLL;
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, whole), UNROLL);
    for (int64_t u = 0; u < UNROLL; u++) {
        LLVMValueRef add = term(m, row, block, ir_add_const(ir, pixels.i, u), part);
        ir_set(ir, sum[u], LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, sum[u]), add, ""));
    }
    ir_loop_end(ir, &pixels);
    LLVMValueRef v[UNROLL];
    for (int64_t u = 0; u < UNROLL; u++) {
        v[u] = ir_get(ir, ir->vec, sum[u]);
        if (whole + u < m->q.pixels)
            v[u] = LLVMBuildFAdd(ir->b, v[u], term(m, row, block, ir_i64(ir, whole + u), part), "");
    }
    return vmath_tree_sum(ir, v, UNROLL);
}

/* The mean of a run as its row keeps it: of INV, 1 / sqrt(variance + eps). */
static LLVMValueRef finish(struct norm *m, enum row row, LLVMValueRef sum)
{
    struct ir *ir = m->k->ir;
    LLVMValueRef mean = LLVMBuildFDiv(ir->b, sum, ir_f32(ir, (double)(m->run * m->q.pixels)), "");
    if (row != INV)
        return mean;
    LLVMValueRef var = LLVMBuildFAdd(ir->b, mean, ir_f32(ir, m->k->node->attrs->eps), "");
    return LLVMBuildFDiv(ir->b, ir_f32(ir, 1), ir_sqrt(ir, var), "");
}

/* Replaces the sums of each run's channels by the run's mean. */
static void combine(struct norm *m, enum row row)
{
    struct ir *ir = m->k->ir;
    struct address base = geometry_vector(ir, &m->q, m->scratch, row, ir_i64(ir, 0), 0);
    LLVMValueRef from = ir_mul_const(ir, m->first, FTMRT_CB);
    LLVMValueRef to = ir_min(ir, ir_add(ir, from, ir_mul_const(ir, m->blocks, FTMRT_CB)),
                             ir_i64(ir, m->q.channels));
    LLVMValueRef sum = ir_local(ir, ir->f32);
    struct ir_loop runs = ir_loop_begin(ir, from, to, m->run);
    LLVMValueRef end = ir_add_const(ir, runs.i, m->run);
    ir_set(ir, sum, ir_f32(ir, 0));
    struct ir_loop channels = ir_loop_begin(ir, runs.i, end, 1);
    LLVMValueRef v = ir_load_f32(ir, ir_at(ir, base, channels.i));
    ir_set(ir, sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->f32, sum), v, ""));
    ir_loop_end(ir, &channels);
    LLVMValueRef value = finish(m, row, ir_get(ir, ir->f32, sum));
    channels = ir_loop_begin(ir, runs.i, end, 1);
    ir_store_f32(ir, value, ir_at(ir, base, channels.i));
    ir_loop_end(ir, &channels);
    ir_loop_end(ir, &runs);
}

static void make_row(struct norm *m, enum row row)
{
    struct ir *ir = m->k->ir;
    struct ir_loop blocks = ir_loop_begin(ir, m->first, ir_add(ir, m->first, m->blocks), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_store_vec(ir, sum_pixels(m, row, blocks.i, part), row_at(m, row, blocks.i, part));
    ir_loop_end(ir, &blocks);
    combine(m, row);
}

/* xhat, or inv * (dy - mean dy - xhat * mean(dy xhat)). */
static LLVMValueRef result(struct norm *m, LLVMValueRef block, LLVMValueRef pixel, uint32_t part)
{
    struct ir *ir = m->k->ir;
    LLVMValueRef row[ROWS];
    for (int r = 0; r < (m->backward ? ROWS : MEAN_DY); r++)
        row[r] = ir_load_vec(ir, row_at(m, (enum row)r, block, part));
    LLVMValueRef x = pixel_of(m, x_operand(m), block, pixel, part);
    LLVMValueRef xhat = LLVMBuildFMul(ir->b, LLVMBuildFSub(ir->b, x, row[MEAN], ""), row[INV], "");
    if (!m->backward)
        return xhat;
    LLVMValueRef dy = LLVMBuildFSub(ir->b, pixel_of(m, 0, block, pixel, part), row[MEAN_DY], "");
    LLVMValueRef along = LLVMBuildFMul(ir->b, xhat, row[MEAN_DY_XHAT], "");
    return LLVMBuildFMul(ir->b, row[INV], LLVMBuildFSub(ir->b, dy, along, ""), "");
}

static void store_result(struct norm *m)
{
    struct ir *ir = m->k->ir;
    struct ir_loop blocks = ir_loop_begin(ir, m->first, ir_add(ir, m->first, m->blocks), 1);
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, m->q.pixels), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = m->image, .block = blocks.i, .pixel = pixels.i, .part = part};
        epilogue_store(m->k, result(m, blocks.i, pixels.i, part), &at);
    }
    ir_loop_end(ir, &pixels);
    ir_loop_end(ir, &blocks);
}

/* ---- the kernels ---- */

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct norm m = {.k = k,
                     .q = geometry_of(k->graph, k->node->inputs[0]),
                     .run = k->node->type.shape.dim[1] / k->node->attrs->groups,
                     .unit_blocks = blocks_of_unit(k->node),
                     .backward = k->node->op == OP_group_norm_grad};
    const int64_t units = units_of_image(k->node);
    struct ir_loop loop = ir_loop_begin(ir, k->begin, k->end, 1);
    m.image = ir_div_const(ir, loop.i, units);
    m.first = ir_mul_const(ir, ir_rem_const(ir, loop.i, units), m.unit_blocks);
    LLVMValueRef left = ir_sub(ir, ir_i64(ir, m.q.blocks), m.first);
    m.blocks = ir_min(ir, left, ir_i64(ir, m.unit_blocks));
    m.scratch =
        ir_at(ir, kernel_scratch(k), ir_mul_const(ir, m.image, ROWS * m.q.blocks * FTMRT_CB));
    for (int row = 0; row < (m.backward ? ROWS : MEAN_DY); row++)
        make_row(&m, (enum row)row);
    store_result(&m);
    ir_loop_end(ir, &loop);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)g, (void)cpu, (void)phase;
    return (struct kernel_units){.per_group = units_of_image(n), .images = 1};
}

const struct kernel_family kernel_group_norm = {
    .name = "group_norm", .phases = one_phase, .units = units, .emit = emit};
