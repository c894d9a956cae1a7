/* Dense convolution and its gradient to the input: one micro-kernel,
 *
 *     acc[m][v] += x[pixel m][channel k] * w[k][vector v]      m < width, v < vectors
 *
 * a block of outputs held in registers while the whole reduction (channel blocks, tap rows, taps,
 * channels) streams past it. The blocking is that of Georganas et al., Anatomy of High-Performance
 * Deep Learning Convolutions on SIMD Architectures (SC 2018), without padded copies of the maps:
 * tap rows that do not exist are left out by loop bounds, tap columns by bodies of their own for
 * the tiles at the edges.
 *
 * The order of additions for one output depends on nothing but the geometry, so neither does its
 * value. */
#include <stdlib.h>

#include "conv_tiles.h"
#include "geometry.h"
#include "kernel_conv.h"

enum { CB = FTMRT_CB, MAX_ACC = 32 };

/* ---- the micro-kernel ---- */

struct conv {
    struct kernel_build *k;
    struct ir *ir;
    struct conv_tiles p;
    int64_t pixel,
        channel; /* elements from one input pixel to the next, from one channel to the next */
    int64_t image_elements; /* of the operand */
    /* no part of the code: */
    LLVMValueRef image; /* the same */
    LLVMValueRef in_rows, in_blocks,
        block;                 /* rows and channel blocks of the operand; elements of a block */
    LLVMValueRef tail;         /* steps in the last block */
    LLVMValueRef weight_block; /* elements from one block of output channels to the next */
    LLVMValueRef rows, groups; /* rows of the result; groups of output channels that units count */
    struct address x;          /* the image (ROWS) or the first image of the tile (IMAGES) */
    struct address weights;    /* of the group */
    struct position at;
};

/* A tile under construction. */
struct tile {
    int64_t width, step; /* outputs; elements between their inputs */
    LLVMValueRef acc[MAX_ACC];
};

static void tile_begin(struct conv *c, struct tile *t)
{
    for (int64_t i = 0; i < t->width * c->p.vectors; i++) {
        t->acc[i] = ir_local(c->ir, c->ir->vec);
        ir_set(c->ir, t->acc[i], ir_vec_const(c->ir, 0));
    }
}

/* Without enough registers for a row of weights the launder makes each output load it again, as a
 * memory operand. */
static bool weights_reloaded(const struct conv *c, const struct tile *t)
{
    return (t->width + 1) * c->p.vectors + 2 > c->ir->cpu->registers;
}

/* One reduction step for the outputs lo <= m < hi: a: input of output 0, b: the weights' row. */
static void emit_step(struct conv *c, struct tile *t, struct address a, struct address b,
                      int64_t lo, int64_t hi)
{
    struct ir *ir = c->ir;
    int64_t parts = FTMRT_CB / ir->cpu->lanes;
    LLVMValueRef w[8];
    a = ir_launder(ir, a);
    for (int64_t m = lo; m < hi; m++) {
        LLVMValueRef x = ir_splat(ir, ir_load_f32(ir, ir_at_const(ir, a, m * t->step)));
        if (m > lo && weights_reloaded(c, t))
            b = ir_launder(ir, b);
        for (int64_t v = 0; v < c->p.vectors; v++) {
            if (m == lo || weights_reloaded(c, t)) {
                const int64_t block = v / parts;
                struct address row = b;
                if (block > 0)
                    row = ir_at(ir, b, ir_mul_const(ir, c->weight_block, block));
                w[v] = ir_load_vec(ir, ir_at_const(ir, row, v % parts * ir->cpu->lanes));
            }
            LLVMValueRef acc = t->acc[m * c->p.vectors + v];
            ir_set(ir, acc, ir_fma(ir, x, w[v], ir_get(ir, ir->vec, acc)));
        }
    }
}

/* With one tap, each channel block reads a line for each output, blocks lie a map apart, and no processor foresees that: step k
 * asks for the line of output k some blocks on, about as far as the third-level cache takes to answer. */
static bool fetches_ahead(const struct conv *c)
{
    return c->p.q.kernel[0] * c->p.q.kernel[1] == 1 && !c->p.q.plain && c->p.q.in_channels > CB;
}

static void fetch_ahead(struct conv *c, const struct tile *t, struct address a, LLVMValueRef step)
{
    enum { BLOCKS = 2 };
    struct ir *ir = c->ir;
    for (int64_t m = 0; m < t->width; m += CB) {
        LLVMValueRef output = ir_mul_const(ir, ir_add_const(ir, step, m), t->step);
        ir_prefetch(ir, a, ir_add(ir, ir_mul_const(ir, c->block, BLOCKS), output));
    }
}

/* Steps in one turn of the innermost loop. */
static int64_t unroll_of(const struct conv *c, const struct tile *t)
{
    if (c->p.q.plain && c->p.q.in_channels > CB)
        return 1;
    return t->width * c->p.vectors >= 12 ? 2 : 4;
}

/* All channels of one block for one tap. last: whether this is the operand's last channel block (an
 * i1). */
static void emit_channels(struct conv *c, struct tile *t, struct address a, struct address b,
                          LLVMValueRef last, int64_t lo, int64_t hi)
{
    struct ir *ir = c->ir;
    bool few = c->p.q.plain && c->p.q.in_channels <= CB; /* no loop */
    int64_t unroll = few ? c->p.q.in_channels : unroll_of(c, t);
    LLVMValueRef count =
        few ? ir_i64(ir, unroll) : LLVMBuildSelect(ir->b, last, c->tail, ir_i64(ir, CB), "");
    struct ir_loop loop = ir_loop_begin(ir, ir_i64(ir, 0), count, unroll);
    struct address ai = ir_at(ir, a, ir_mul_const(ir, loop.i, c->channel));
    struct address bi = ir_at(ir, b, ir_mul_const(ir, loop.i, CB));
    for (int64_t s = 0; s < unroll; s++) {
        if (fetches_ahead(c))
            fetch_ahead(c, t, a, ir_add_const(ir, loop.i, s));
        emit_step(c, t, ir_at_const(ir, ai, s * c->channel), ir_at_const(ir, bi, s * CB), lo, hi);
    }
    ir_loop_end(ir, &loop);
}

/* A run of tap columns. a: input row, at the first output's pixel of tap 0; b: weights of the tap
 * row. */
static void emit_tap_run(struct conv *c, struct tile *t, const struct gather_axis *w,
                         const struct gather_taps *run, struct address a, struct address b,
                         LLVMValueRef last)
{
    struct ir *ir = c->ir;
    struct ir_loop loop =
        ir_loop_begin(ir, ir_i64(ir, run->first), ir_i64(ir, run->first + run->count), 1);
    LLVMValueRef offset = ir_mul_const(ir, loop.i, w->off_step * c->pixel);
    LLVMValueRef tap = ir_add_const(ir, ir_mul_const(ir, loop.i, w->tap_step), w->tap0);
    emit_channels(c, t, ir_at(ir, a, offset), ir_at(ir, b, ir_mul_const(ir, tap, (int64_t)CB * CB)),
                  last, run->lo, run->hi);
    ir_loop_end(ir, &loop);
}

/* The whole reduction of a tile. row: the tap rows; runs: the tap columns; j: first output's index
 * along the axis. */
static void emit_reduction(struct conv *c, struct tile *t, const struct gather_row *row,
                           const struct gather_axis *w, const struct gather_taps *runs,
                           uint32_t run_count, LLVMValueRef j)
{
    struct ir *ir = c->ir;
    int64_t taps = c->p.q.kernel[0] * c->p.q.kernel[1];
    struct ir_loop blocks = ir_loop_begin(ir, ir_i64(ir, 0), c->in_blocks, 1);
    LLVMValueRef next = ir_add_const(ir, blocks.i, 1);
    LLVMValueRef last = LLVMBuildICmp(ir->b, LLVMIntEQ, next, c->in_blocks, "");
    struct address x = ir_at(ir, c->x, ir_mul(ir, blocks.i, c->block));
    struct address b = ir_at(ir, c->weights, ir_mul_const(ir, blocks.i, taps * CB * CB));
    struct ir_loop rows = ir_loop_begin(ir, row->lo, row->hi, 1);
    LLVMValueRef in_row = ir_add(ir, row->base, ir_mul_const(ir, rows.i, row->off_step));
    LLVMValueRef tap = ir_add(ir, row->tap0, ir_mul_const(ir, rows.i, row->tap_step));
    LLVMValueRef column = ir_add_const(ir, ir_mul_const(ir, j, w->stride), w->off0);
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, in_row, c->p.q.in[1]), column);
    struct address a = ir_at(ir, x, ir_mul_const(ir, pixel, c->pixel));
    b = ir_at(ir, b, ir_mul_const(ir, tap, c->p.q.kernel[1] * CB * CB));
    for (uint32_t i = 0; i < run_count; i++)
        emit_tap_run(c, t, w, &runs[i], a, b, last);
    ir_loop_end(ir, &rows);
    ir_loop_end(ir, &blocks);
}

/* The group of the convolution that makes the output channels at c->at.block. */
static LLVMValueRef group_of(const struct conv *c)
{
    return ir_div_const(c->ir, c->at.block, ceil_div(c->p.q.out_channels, CB));
}

/* The weights of the output channels at c->at.block. */
static struct address group_weights(const struct conv *c)
{
    struct ir *ir = c->ir;
    LLVMValueRef block = c->at.block;
    struct address all = kernel_buffer(c->k, 1);
    if (c->p.conv_groups == 1 || !c->p.q.backward)
        return ir_at(ir, all, ir_mul(ir, block, c->weight_block));
    /* CONV_T: the blocks of a group's inputs, in each all outputs */
    int64_t taps = c->p.q.kernel[0] * c->p.q.kernel[1];
    block = ir_rem_const(ir, block, ceil_div(c->p.q.out_channels, CB));
    LLVMValueRef from = ir_mul(ir, group_of(c), ir_mul_const(ir, c->in_blocks, taps * CB * CB));
    return ir_at(ir, all, ir_add(ir, ir_mul(ir, block, c->weight_block), from));
}

/* The image from the first channel on that the output channels at c->at.block read. */
static struct address group_input(const struct conv *c, LLVMValueRef image)
{
    struct ir *ir = c->ir;
    struct address x = ir_at(ir, kernel_buffer(c->k, 0), ir_mul(ir, image, c->image));
    if (c->p.conv_groups == 1)
        return x;
    return ir_at(ir, x, ir_mul(ir, group_of(c), ir_mul(ir, c->in_blocks, c->block)));
}

/* ---- tiles in a row ---- */

static void store_row_tile(struct conv *c, struct tile *t, LLVMValueRef pixel, int64_t step)
{
    int64_t parts = FTMRT_CB / c->ir->cpu->lanes;
    struct position at = c->at;
    at.pixel = pixel;
    for (int64_t m = 0; m < t->width; m++)
        for (int64_t v = 0; v < c->p.vectors; v++) {
            at.pixel_add = m * step;
            at.block_add = v / parts;
            at.part = (uint32_t)(v % parts);
            epilogue_store(c->k, ir_get(c->ir, c->ir->vec, t->acc[m * c->p.vectors + v]), &at);
        }
}

static void emit_segment(struct conv *c, const struct gather_axis *w,
                         const struct gather_segment *s, const struct gather_row *row,
                         LLVMValueRef out_row)
{
    struct ir *ir = c->ir;
    struct gather_taps *runs = malloc(((size_t)w->taps + 1) * sizeof(*runs));
    FTM_BUG_ON(!runs, "out of memory");
    uint32_t run_count = gather_tap_runs(w, s->start, s->width, runs);
    struct tile t = {.width = s->width, .step = w->stride * c->pixel};
    int64_t end = s->start + s->width * s->count;
    struct ir_loop tiles = ir_loop_begin(ir, ir_i64(ir, s->start), ir_i64(ir, end), s->width);
    tile_begin(c, &t);
    if (run_count > 0)
        emit_reduction(c, &t, row, w, runs, run_count, tiles.i);
    free(runs);
    LLVMValueRef column = ir_add_const(ir, ir_mul_const(ir, tiles.i, w->out_step), w->out_start);
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, out_row, c->p.q.out[1]), column);
    store_row_tile(c, &t, pixel, w->out_step);
    ir_loop_end(ir, &tiles);
}

static void emit_row(struct conv *c, LLVMValueRef out_row)
{
    struct gather_row row = gather_row(c->ir, &c->p.q, 0, c->in_rows, out_row);
    for (int64_t class = 0; class < gather_classes(&c->p.q, 1); class++) {
        struct gather_segment segments[GATHER_MAX_SEGMENTS];
        struct gather_axis w = gather_axis(&c->p.q, 1, class);
        uint32_t count = gather_segments(&w, c->p.width, segments);
        for (uint32_t i = 0; i < count; i++)
            emit_segment(c, &w, &segments[i], &row, out_row);
    }
}

/* Unit -> image, group, band: images outermost, or groups where their weights are worth keeping in
 * the cache. */
static void emit_rows_unit(struct conv *c, LLVMValueRef unit)
{
    struct ir *ir = c->ir;
    LLVMValueRef band = ir_rem_const(ir, unit, c->p.bands),
                 rest = ir_div_const(ir, unit, c->p.bands), group;
    if (c->p.groups_outer) {
        group = ir_div(ir, rest, c->k->n);
        c->at.image = ir_sub(ir, rest, ir_mul(ir, group, c->k->n));
    } else {
        group = ir_rem(ir, rest, c->groups);
        c->at.image = ir_div(ir, rest, c->groups);
    }
    c->at.block = ir_mul_const(ir, group, c->p.blocks);
    c->x = group_input(c, c->at.image);
    c->weights = group_weights(c);
    LLVMValueRef lo = ir_div_const(ir, ir_mul(ir, band, c->rows), c->p.bands);
    LLVMValueRef hi = ir_div_const(ir, ir_mul(ir, ir_add_const(ir, band, 1), c->rows), c->p.bands);
    struct ir_loop loop = ir_loop_begin(ir, lo, hi, 1);
    emit_row(c, loop.i);
    ir_loop_end(ir, &loop);
}

/* ---- tiles over images ---- */

static void store_images_tile(struct conv *c, struct tile *t, LLVMValueRef pixel)
{
    int64_t parts = FTMRT_CB / c->ir->cpu->lanes;
    struct position at = c->at;
    at.pixel = pixel;
    for (int64_t m = 0; m < t->width; m++)
        for (int64_t v = 0; v < c->p.vectors; v++) {
            at.image_add = m;
            at.block_add = v / parts;
            at.part = (uint32_t)(v % parts);
            epilogue_store(c->k, ir_get(c->ir, c->ir->vec, t->acc[m * c->p.vectors + v]), &at);
        }
}

/* One pixel, known at compile time, of `width` images from c->at.image. */
static void emit_pixel_of_images(struct conv *c, int64_t width, int64_t out_row, int64_t out_column)
{
    struct ir *ir = c->ir;
    const struct gather *q = &c->p.q;
    struct gather_row row = gather_row(ir, q, 0, c->in_rows, ir_i64(ir, out_row));
    int64_t step = q->backward ? q->attrs->stride[1] : 1;
    struct gather_axis w = gather_axis(q, 1, out_column % step);
    struct gather_taps run = {.first = 0, .count = 0, .lo = 0, .hi = width};
    for (int64_t t = w.taps; t-- > 0;)
        if (gather_exists(&w, out_column / step, t)) {
            run.first = t;
            run.count++;
        }
    struct tile t = {.width = width, .step = c->image_elements};
    tile_begin(c, &t);
    if (run.count > 0)
        emit_reduction(c, &t, &row, &w, &run, 1, ir_i64(ir, out_column / step));
    store_images_tile(c, &t, ir_i64(ir, out_row * q->out[1] + out_column));
}

/* Every output pixel by its own tap, as a loop. */
static void emit_tap_per_pixel(struct conv *c, int64_t width)
{
    struct ir *ir = c->ir;
    int64_t pixels = c->p.q.out[0] * c->p.q.out[1];
    const struct gather_axis w = {
        .in = 1, .out_step = 1, .outs = 1, .stride = 1, .off_step = 1, .tap_step = 1, .taps = 1};
    const struct gather_taps run = {.first = 0, .count = 1, .lo = 0, .hi = width};
    struct gather_row row = {
        .base = ir_i64(ir, 0), .tap0 = ir_i64(ir, 0), .lo = ir_i64(ir, 0), .hi = ir_i64(ir, 1)};
    struct address weights = c->weights;
    struct ir_loop loop = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, pixels), 1);
    c->weights = ir_at(ir, weights, ir_mul_const(ir, loop.i, (int64_t)CB * CB));
    struct tile t = {.width = width, .step = c->image_elements};
    tile_begin(c, &t);
    emit_reduction(c, &t, &row, &w, &run, 1, ir_i64(ir, 0));
    store_images_tile(c, &t, loop.i);
    ir_loop_end(ir, &loop);
    c->weights = weights;
}

static void emit_images(struct conv *c, int64_t width, LLVMValueRef image)
{
    c->at.image = image;
    c->x = group_input(c, image);
    if (c->p.per_tap) {
        emit_tap_per_pixel(c, width);
        return;
    }
    for (int64_t i = 0; i < c->p.q.out[0]; i++)
        for (int64_t j = 0; j < c->p.q.out[1]; j++)
            emit_pixel_of_images(c, width, i, j);
}

/* Unit -> group and a run of images: a whole tile, or what the batch leaves, one by one. */
static void emit_images_unit(struct conv *c, LLVMValueRef unit)
{
    struct ir *ir = c->ir;
    int64_t width = c->p.width;
    LLVMValueRef tiles = ir_div_const(ir, ir_add_const(ir, c->k->n, width - 1), width);
    LLVMValueRef group = ir_div(ir, unit, tiles);
    LLVMValueRef first = ir_mul_const(ir, ir_sub(ir, unit, ir_mul(ir, group, tiles)), width);
    LLVMValueRef end = ir_add_const(ir, first, width);
    c->at.block = ir_mul_const(ir, group, c->p.blocks);
    c->weights = group_weights(c);
    struct ir_if whole = ir_if_begin(ir, LLVMBuildICmp(ir->b, LLVMIntSLE, end, c->k->n, ""));
    emit_images(c, width, first);
    if (width > 1) {
        ir_if_else(ir, &whole);
        struct ir_loop rest = ir_loop_begin(ir, first, c->k->n, 1);
        emit_images(c, 1, rest.i);
        ir_loop_end(ir, &rest);
    }
    ir_if_end(ir, &whole);
}

/* ---- the family ---- */

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)phase;
    struct conv_tiles p = conv_tiles_of(g, n, cpu);
    if (p.mode == CONV_IMAGES)
        return (struct kernel_units){.per_group = p.groups, .images = p.width};
    return (struct kernel_units){.per_group = p.groups * p.bands, .images = 1};
}

/* What the code reads. A tile over images needs the size of one in its innermost loop. */
static void read_numbers(struct conv *c)
{
    struct kernel_build *k = c->k;
    const struct gather *q = &c->p.q;
    int64_t in_blocks = ceil_div(q->in_channels, CB);
    int64_t reduced = q->backward ? c->p.conv_groups * in_blocks : in_blocks;
    c->in_rows = kernel_number(k, q->in[0]);
    c->in_blocks = kernel_number(k, in_blocks);
    c->block = kernel_number(k, CB * q->in[0] * q->in[1]);
    c->tail = kernel_number(k, (q->in_channels - 1) % CB + 1);
    c->weight_block = kernel_number(k, reduced * q->kernel[0] * q->kernel[1] * CB * CB);
    c->rows = kernel_number(k, q->out[0]);
    c->groups = kernel_number(k, c->p.groups);
    c->image = kernel_number(k, c->image_elements);
    kernel_number_result(k);
}

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct conv c = {.k = k, .ir = ir, .p = conv_tiles_of(k->graph, k->node, ir->cpu)};
    const struct gather *q = &c.p.q;
    int64_t pixels = q->in[0] * q->in[1];
    int64_t channels =
        q->plain ? q->in_channels : c.p.conv_groups * ceil_div(q->in_channels, CB) * CB;
    c.pixel = q->plain ? 1 : CB;
    c.channel = q->plain ? pixels : 1;
    c.image_elements = channels * pixels;
    read_numbers(&c);
    struct ir_loop units_loop = ir_loop_begin(ir, k->begin, k->end, 1);
    if (c.p.mode == CONV_IMAGES)
        emit_images_unit(&c, units_loop.i);
    else
        emit_rows_unit(&c, units_loop.i);
    ir_loop_end(ir, &units_loop);
}

const struct kernel_family kernel_conv2d = {
    .name = "conv2d", .phases = one_phase, .units = units, .emit = emit};
