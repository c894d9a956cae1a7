/* The gradient of dense convolution weights: dw[tap][i][o] = sum over images and outputs of x[input
 * of tap][i] * dy[o].
 *
 * A tile is `rows` input channels by a few vectors of output channels of one tap, held in registers
 * while the outputs of an image stream past: one vector of dy and `rows` broadcasts of x per
 * output. Which outputs have the tap is a rectangle, so its bounds are loop bounds and one body
 * serves all taps.
 *
 * A unit does several tiles (taps, neighbouring input channels): for all of them in turn over a
 * band of rows of an image, so that the band's x and dy come from the second-level cache.
 *
 * Order of the sum: outputs of a band in row-major order in a register that starts at zero, bands
 * of an image and images of a shard one after the other, then the tree over the shards. (Small
 * maps: the register goes on over the images of the shard.) With few tiles a unit works on one
 * shard, its result goes to scratch and a second phase runs the tree; with many tiles a unit does
 * all shards and keeps their sums on its stack. Both give the same bits. */
#include "geometry.h"
#include "grad_weight_tiles.h"
#include "kernel_conv_shards.h"

enum { CB = FTMRT_CB, MAX_ACC = GRAD_WEIGHT_MAX_ACC };

/* ---- emission ---- */

/* Where a unit's tiles are stored: in a value of the result's layout, or one after the other on the
 * stack. */
struct target {
    struct address base; /* of the value, or of the stack */
    bool stack;
    int64_t block; /* elements from one block of output channels of a tile to the next; rows are CB
                      apart */
};

struct grad_weight {
    struct kernel_build *k;
    struct ir *ir;
    struct grad_weight_tiles p;
    const struct attrs *attrs;
    int64_t pixel, channel;              /* of x: elements between pixels and between channels */
    LLVMValueRef chunk0, group, tap0;    /* of the unit */
    struct address x, dy;                /* of image 0: x of the first channel, dy of the group */
    int64_t x_image, dy_image, dy_block; /* elements */
    LLVMValueRef acc[MAX_ACC];
};

static int64_t vector_offset(const struct grad_weight *w, const struct target *t, int64_t row,
                             int64_t v)
{
    int64_t parts = CB / w->ir->cpu->lanes;
    return row * CB + v / parts * t->block + v % parts * w->ir->cpu->lanes;
}

/* Tile `index` of the unit: its chunk of input channels and its tap. */
static void split_index(struct grad_weight *w, LLVMValueRef index, LLVMValueRef *chunk,
                        LLVMValueRef *tap)
{
    *chunk = ir_add(w->ir, w->chunk0, ir_div_const(w->ir, index, w->p.unit_taps));
    *tap = ir_add(w->ir, w->tap0, ir_rem_const(w->ir, index, w->p.unit_taps));
}

static int64_t stack_tile(const struct grad_weight *w) { return w->p.blocks * w->p.rows * CB; }

/* Address of row 0 of a tile. */
static struct address tile_address(struct grad_weight *w, const struct target *t,
                                   LLVMValueRef index)
{
    struct ir *ir = w->ir;
    if (t->stack)
        return ir_at(ir, t->base, ir_mul_const(ir, index, stack_tile(w)));
    LLVMValueRef chunk, tap;
    split_index(w, index, &chunk, &tap);
    LLVMValueRef channel = ir_mul_const(ir, chunk, w->p.rows);
    LLVMValueRef block =
        ir_mul_const(ir, ir_div_const(ir, channel, CB), w->p.kernel[0] * w->p.kernel[1]);
    LLVMValueRef offset = ir_mul_const(ir, ir_add(ir, block, tap), (int64_t)CB * CB);
    offset = ir_add(ir, offset, ir_mul_const(ir, ir_rem_const(ir, channel, CB), CB));
    return ir_at(ir, ir_at(ir, t->base, ir_mul_const(ir, w->group, w->p.blocks * t->block)),
                 offset);
}

static int64_t unit_tiles(const struct grad_weight *w) { return w->p.unit_taps * w->p.unit_chunks; }

static void clear_registers(struct grad_weight *w)
{
    for (int64_t i = 0; i < w->p.rows * w->p.vectors; i++)
        ir_set(w->ir, w->acc[i], ir_vec_const(w->ir, 0));
}

/* Stores the registers as a tile, or adds them to it. */
static void store_registers(struct grad_weight *w, const struct target *t, LLVMValueRef index,
                            bool add)
{
    struct ir *ir = w->ir;
    struct address base = tile_address(w, t, index);
    for (int64_t i = 0; i < w->p.rows; i++)
        for (int64_t v = 0; v < w->p.vectors; v++) {
            struct address p = ir_at_const(ir, base, vector_offset(w, t, i, v));
            LLVMValueRef value = ir_get(ir, ir->vec, w->acc[i * w->p.vectors + v]);
            ir_store_vec(ir, add ? LLVMBuildFAdd(ir->b, ir_load_vec(ir, p), value, "") : value, p);
        }
}

/* The outputs along dimension d that have the tap: lo <= o < hi, or lo == hi. */
static void output_range(struct grad_weight *w, int d, LLVMValueRef tap, LLVMValueRef *lo,
                         LLVMValueRef *hi)
{
    struct ir *ir = w->ir;
    int64_t s = w->attrs->stride[d];
    LLVMValueRef zero = ir_i64(ir, 0),
                 at = ir_mul_const(ir, tap, w->attrs->dilation[d]); /* input of output 0, + pad */
    LLVMValueRef first = ir_sub(ir, ir_i64(ir, w->attrs->padding[d] + s - 1), at);
    LLVMValueRef past = ir_sub(ir, ir_i64(ir, w->attrs->padding[d] + w->p.in[d] + s - 1), at);
    *lo = ir_div_const(ir, ir_max(ir, first, zero), s);
    *hi = ir_min(ir, ir_div_const(ir, ir_max(ir, past, zero), s), ir_i64(ir, w->p.out[d]));
    *hi = ir_max(ir, *hi, *lo); /* a tap in the padding everywhere can have lo > hi */
}

/* One output: x: its input pixel, dy: its gradient, both at the tile's first channel. */
static void emit_output(struct grad_weight *w, struct address x, struct address dy)
{
    struct ir *ir = w->ir;
    int64_t parts = CB / ir->cpu->lanes;
    LLVMValueRef d[MAX_ACC];
    x = ir_launder(ir, x);
    for (int64_t v = 0; v < w->p.vectors; v++)
        d[v] = ir_load_vec(
            ir, ir_at_const(ir, dy, v / parts * w->dy_block + v % parts * ir->cpu->lanes));
    for (int64_t i = 0; i < w->p.rows; i++) {
        LLVMValueRef scalar = ir_splat(ir, ir_load_f32(ir, ir_at_const(ir, x, i * w->channel)));
        for (int64_t v = 0; v < w->p.vectors; v++) {
            LLVMValueRef acc = w->acc[i * w->p.vectors + v];
            ir_set(ir, acc, ir_fma(ir, scalar, d[v], ir_get(ir, ir->vec, acc)));
        }
    }
}

/* Outputs [lo, hi) of a row, two at a time; x and dy: of output 0. */
static void emit_outputs(struct grad_weight *w, struct address x, struct address dy,
                         LLVMValueRef lo, LLVMValueRef hi)
{
    struct ir *ir = w->ir;
    int64_t step = w->attrs->stride[1] * w->pixel;
    LLVMValueRef pairs = ir_sub(ir, hi, LLVMBuildAnd(ir->b, ir_sub(ir, hi, lo), ir_i64(ir, 1), ""));
    for (int64_t unroll = 2; unroll >= 1; unroll--) {
        struct ir_loop loop =
            ir_loop_begin(ir, unroll == 2 ? lo : pairs, unroll == 2 ? pairs : hi, unroll);
        struct address xj = ir_at(ir, x, ir_mul_const(ir, loop.i, step));
        struct address dyj = ir_at(ir, dy, ir_mul_const(ir, loop.i, CB));
        for (int64_t u = 0; u < unroll; u++)
            emit_output(w, ir_at_const(ir, xj, u * step), ir_at_const(ir, dyj, u * CB));
        ir_loop_end(ir, &loop);
    }
}

/* Adds the outputs of rows [from, to) of an image to the registers, for a tile of the unit. */
static void emit_band(struct grad_weight *w, LLVMValueRef image, LLVMValueRef index,
                      LLVMValueRef from, LLVMValueRef to)
{
    struct ir *ir = w->ir;
    LLVMValueRef chunk, tap, lo[2], hi[2], first[2];
    split_index(w, index, &chunk, &tap);
    LLVMValueRef taps[2] = {ir_div_const(ir, tap, w->p.kernel[1]),
                            ir_rem_const(ir, tap, w->p.kernel[1])};
    for (int d = 0; d < 2; d++) {
        output_range(w, d, taps[d], &lo[d], &hi[d]);
        first[d] = ir_add_const(ir, ir_mul_const(ir, taps[d], w->attrs->dilation[d]),
                                -w->attrs->padding[d]);
    }
    LLVMValueRef channel = ir_mul_const(ir, chunk, w->p.rows);
    LLVMValueRef block =
        ir_mul_const(ir, ir_div_const(ir, channel, CB), w->p.in[0] * w->p.in[1] * CB);
    LLVMValueRef lane = ir_mul_const(ir, ir_rem_const(ir, channel, CB), w->channel);
    struct address x =
        ir_at(ir, ir_at(ir, w->x, ir_mul_const(ir, image, w->x_image)), ir_add(ir, block, lane));
    struct address dy = ir_at(ir, w->dy, ir_mul_const(ir, image, w->dy_image));
    struct ir_loop rows = ir_loop_begin(ir, ir_max(ir, lo[0], from), ir_min(ir, hi[0], to), 1);
    LLVMValueRef in_row = ir_add(ir, ir_mul_const(ir, rows.i, w->attrs->stride[0]), first[0]);
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, in_row, w->p.in[1]), first[1]);
    struct address xr = ir_at(ir, x, ir_mul_const(ir, pixel, w->pixel));
    struct address dyr = ir_at(ir, dy, ir_mul_const(ir, rows.i, w->p.out[1] * CB));
    emit_outputs(w, xr, dyr, lo[1], hi[1]);
    ir_loop_end(ir, &rows);
}

/* The partial result of one shard for the unit's tiles. */
static void emit_shard(struct grad_weight *w, LLVMValueRef shard, const struct target *t)
{
    struct ir *ir = w->ir;
    LLVMValueRef lo, hi, zero = ir_i64(ir, 0), tiles = ir_i64(ir, unit_tiles(w)),
                         rows = ir_i64(ir, w->p.out[0]);
    kernel_shard(w->k, shard, &lo, &hi);
    struct ir_loop tile = ir_loop_begin(ir, zero, tiles, 1);
    clear_registers(w);
    if (w->p.chained) {
        struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
        emit_band(w, images.i, tile.i, zero, rows);
        ir_loop_end(ir, &images);
    }
    store_registers(w, t, tile.i, false);
    ir_loop_end(ir, &tile);
    if (w->p.chained)
        return;
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    struct ir_loop bands = ir_loop_begin(ir, zero, rows, w->p.band);
    tile = ir_loop_begin(ir, zero, tiles, 1);
    clear_registers(w);
    emit_band(w, images.i, tile.i, bands.i, ir_add_const(ir, bands.i, w->p.band));
    store_registers(w, t, tile.i, true);
    ir_loop_end(ir, &tile);
    ir_loop_end(ir, &bands);
    ir_loop_end(ir, &images);
}

/* Rows of the last block that no channel has are zero: the unit of the last chunk clears them. */
static void clear_rest(struct grad_weight *w, const struct target *t)
{
    struct ir *ir = w->ir;
    int64_t done = w->p.chunks * w->p.rows % CB, tiles = unit_tiles(w);
    if (done == 0)
        return;
    LLVMValueRef past = ir_add_const(ir, w->chunk0, w->p.unit_chunks);
    struct ir_if last =
        ir_if_begin(ir, LLVMBuildICmp(ir->b, LLVMIntEQ, past, ir_i64(ir, w->p.chunks), ""));
    struct ir_loop tile =
        ir_loop_begin(ir, ir_i64(ir, tiles - w->p.unit_taps), ir_i64(ir, tiles), 1);
    struct ir_loop rows =
        ir_loop_begin(ir, ir_i64(ir, w->p.rows), ir_i64(ir, w->p.rows + CB - done), 1);
    struct address p = ir_at(ir, tile_address(w, t, tile.i), ir_mul_const(ir, rows.i, CB));
    for (int64_t v = 0; v < w->p.vectors; v++)
        ir_store_vec(ir, ir_vec_const(ir, 0), ir_at_const(ir, p, vector_offset(w, t, 0, v)));
    ir_loop_end(ir, &rows);
    ir_loop_end(ir, &tile);
    ir_if_end(ir, &last);
}

/* The unit's tiles in a value of the result's layout that starts at p. */
static struct target result_target(const struct grad_weight *w, struct address p)
{
    int64_t taps = w->p.kernel[0] * w->p.kernel[1];
    return (struct target){.base = p, .stack = false, .block = w->p.in_blocks * taps * CB * CB};
}

/* All shards of the unit's tiles: partial results on the stack, tree, result. */
static void emit_all_shards(struct grad_weight *w, struct address stack)
{
    struct ir *ir = w->ir;
    int64_t shards = w->k->graph->program->shards, size = unit_tiles(w) * stack_tile(w);
    struct target part = {.stack = true, .block = w->p.rows * CB};
    struct target out = result_target(w, kernel_result(w->k));
    struct ir_loop loop = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, shards), 1);
    part.base = ir_at(ir, stack, ir_mul_const(ir, loop.i, size));
    emit_shard(w, loop.i, &part);
    ir_loop_end(ir, &loop);
    part.base = stack;
    struct ir_loop tile = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, unit_tiles(w)), 1);
    struct address from = tile_address(w, &part, tile.i), to = tile_address(w, &out, tile.i);
    struct ir_loop rows = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->p.rows), 1);
    LLVMValueRef row = ir_mul_const(ir, rows.i, CB);
    for (int64_t v = 0; v < w->p.vectors; v++) {
        LLVMValueRef sum = conv_shard_tree(
            w->k, ir_at_const(ir, ir_at(ir, from, row), vector_offset(w, &part, 0, v)), size);
        ir_store_vec(ir, sum, ir_at_const(ir, ir_at(ir, to, row), vector_offset(w, &out, 0, v)));
    }
    ir_loop_end(ir, &rows);
    ir_loop_end(ir, &tile);
    clear_rest(w, &out);
}

/* x of image 0 from the first channel that the tile's group of the convolution reads. */
static struct address group_input(struct grad_weight *w)
{
    const struct grad_weight_tiles *p = &w->p;
    struct address x = kernel_buffer(w->k, 0);
    if (p->conv_groups == 1)
        return x;
    LLVMValueRef group = ir_div_const(w->ir, w->group, p->out_blocks / p->blocks);
    int64_t floats = p->in_blocks * p->in[0] * p->in[1] * CB;
    return ir_at(w->ir, x, ir_mul_const(w->ir, group, floats));
}

/* Unit -> (shard,) group, run of taps, run of chunks: neighbours share dy. */
static void emit_unit(struct grad_weight *w, LLVMValueRef unit, struct address stack)
{
    struct ir *ir = w->ir;
    const struct grad_weight_tiles *p = &w->p;
    int64_t tap_runs = p->kernel[0] * p->kernel[1] / p->unit_taps,
            chunk_runs = p->chunks / p->unit_chunks;
    w->chunk0 = ir_mul_const(ir, ir_rem_const(ir, unit, chunk_runs), p->unit_chunks);
    unit = ir_div_const(ir, unit, chunk_runs);
    w->tap0 = ir_mul_const(ir, ir_rem_const(ir, unit, tap_runs), p->unit_taps);
    unit = ir_div_const(ir, unit, tap_runs);
    w->group = ir_rem_const(ir, unit, p->groups);
    w->x = group_input(w);
    w->dy = ir_at(ir, kernel_buffer(w->k, 1), ir_mul_const(ir, w->group, p->blocks * w->dy_block));
    if (p->inside) {
        emit_all_shards(w, stack);
        return;
    }
    LLVMValueRef shard = ir_div_const(ir, unit, p->groups);
    int64_t floats = conv_result_floats(w->k->node);
    struct target t =
        result_target(w, ir_at(ir, kernel_scratch(w->k), ir_mul_const(ir, shard, floats)));
    emit_shard(w, shard, &t);
    clear_rest(w, &t);
}

static struct address stack_new(struct grad_weight *w)
{
    int64_t floats = stack_tile(w) * unit_tiles(w) * w->k->graph->program->shards;
    return ir_stack(w->ir, floats);
}

/* ---- the family ---- */

static uint32_t phases(const struct graph *g, const struct node *n, const struct cpu *cpu)
{
    (void)g;
    (void)cpu;
    return grad_weight_shards_inside(n) ? 1 : 2;
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    if (phase == 1)
        return conv_combine_units(conv_result_floats(n));
    struct grad_weight_tiles p = grad_weight_tiles_of(g, n, cpu);
    return (struct kernel_units){.fixed = grad_weight_units(&p, g->program->shards), .images = 1};
}

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    if (k->phase == 1) {
        conv_combine_shards(k, conv_result_floats(k->node));
        return;
    }
    struct grad_weight w = {.k = k,
                            .ir = ir,
                            .p = grad_weight_tiles_of(k->graph, k->node, ir->cpu),
                            .attrs = k->node->attrs};
    int64_t pixels = w.p.in[0] * w.p.in[1];
    w.pixel = w.p.plain ? 1 : CB;
    w.channel = w.p.plain ? pixels : 1;
    w.x_image =
        w.p.plain ? w.p.in_channels * pixels : w.p.conv_groups * w.p.in_blocks * pixels * CB;
    w.dy_block = w.p.out[0] * w.p.out[1] * CB;
    w.dy_image = w.p.conv_groups * w.p.out_blocks * w.dy_block;
    for (int64_t i = 0; i < w.p.rows * w.p.vectors; i++)
        w.acc[i] = ir_local(ir, ir->vec);
    struct address stack = w.p.inside ? stack_new(&w) : ADDRESS_NONE;
    struct ir_loop loop = ir_loop_begin(ir, k->begin, k->end, 1);
    emit_unit(&w, loop.i, stack);
    ir_loop_end(ir, &loop);
}

const struct kernel_family kernel_conv2d_grad_weight = {
    .name = "conv2d_grad_weight", .phases = phases, .units = units, .emit = emit};
