/* Convolutions whose groups lie within a channel block, and their gradients to the input: channels are the lanes. Depthwise
 * ones have groups of one channel, so nothing is summed across lanes; where groups are larger each pixel's vector is
 * multiplied once per channel of a group, its lanes permuted so that each has that channel of its own group.
 *
 * A tile is a run of outputs of a row by one vector of channels. The tap rows that exist are a
 * loop; within one, the input pixels pass from left to right, each loaded once and multiplied into
 * every output that it reaches, so an output adds its taps in the order of the pixels. Tiles at the
 * edges have bodies of their own, see kernel_conv.h. */
#include "block_groups.h"
#include "geometry.h"
#include "kernel_conv.h"

enum { CB = FTMRT_CB, MAX_WIDTH = 16, MAX_KERNEL = 64, LOADS_PER_LAUNDER = 4 };

struct depthwise {
    struct kernel_build *k;
    struct ir *ir;
    struct gather q;
    int64_t blocks, bands, width;
    int64_t group;      /* channels */
    int64_t tap_floats; /* from one tap's weights to the next one's; those of a channel are CB */
    struct address x;   /* the image's channel vector */
    struct address weights; /* of the channel vector */
    struct position at;
    bool fetches; /* rows are asked for before they are needed */
};

/* Outputs of a tile: accumulators, one row of weights (of larger groups they stay in memory) and two spare registers. */
static int64_t tile_width(const struct depthwise *d, const struct cpu *cpu)
{
    int64_t weights = d->group == 1 ? d->q.kernel[1] : 1;
    int64_t width = (int64_t)cpu->registers - weights - (cpu->fma ? 2 : 3);
    if (width > MAX_WIDTH)
        return MAX_WIDTH;
    return width < 4 ? 4 : width;
}

/* The output of the tile that takes a pixel of the row, counted from the input of the first one, with tap t; -1: none. */
static int64_t output_of(const struct gather_axis *w, const struct gather_segment *s, int64_t pixel,
                         int64_t t)
{
    int64_t at = pixel - w->off_step * t, m = at / w->stride;
    bool exists = at >= 0 && at % w->stride == 0 && m < s->width;
    return exists && gather_exists(w, s->start + m, t) ? m : -1;
}

static bool taken(const struct gather_axis *w, const struct gather_segment *s, int64_t pixel)
{
    for (int64_t t = 0; t < w->taps; t++)
        if (output_of(w, s, pixel, t) >= 0)
            return true;
    return false;
}

/* Adds a pixel's values of channel r of the groups to the outputs that it reaches. taps: by tap, NULL where larger groups load
 * theirs from `weights`. */
static void add_pixel(struct depthwise *d, const struct gather_axis *w,
                      const struct gather_segment *s, int64_t pixel, LLVMValueRef value,
                      const LLVMValueRef *taps, struct address weights, LLVMValueRef *acc)
{
    struct ir *ir = d->ir;
    for (int64_t t = 0; t < w->taps; t++) {
        int64_t m = output_of(w, s, pixel, t), tap = w->tap0 + w->tap_step * t;
        if (m < 0)
            continue;
        LLVMValueRef factor =
            taps ? taps[t] : ir_load_vec(ir, ir_at_const(ir, weights, tap * d->tap_floats));
        ir_set(ir, acc[m], ir_fma(ir, value, factor, ir_get(ir, ir->vec, acc[m])));
    }
}

/* One tap row of a tile. x: the input row at the tile's first output, tap 0; weights: the tap row.
 */
static void emit_tap_row(struct depthwise *d, const struct gather_axis *w,
                         const struct gather_segment *s, struct address x, struct address weights,
                         LLVMValueRef *acc)
{
    struct ir *ir = d->ir;
    LLVMValueRef taps[MAX_KERNEL];
    int64_t reach = w->off_step * (w->taps - 1);
    int64_t first = reach < 0 ? reach : 0,
            last = w->stride * (s->width - 1) + (reach > 0 ? reach : 0), loads = 0;
    for (int64_t t = 0; t < w->taps && d->group == 1; t++)
        taps[t] = ir_load_vec(ir, ir_at_const(ir, weights, (w->tap0 + w->tap_step * t) * CB));
    for (int64_t pixel = first; pixel <= last; pixel++) {
        if (!taken(w, s, pixel))
            continue;
        if (d->group > 1)
            weights = ir_launder(ir, weights);
        if (loads++ % LOADS_PER_LAUNDER == 0)
            x = ir_launder(ir, x);
        const struct block_group g = {d->group, d->at.lane, ir_at_const(ir, x, pixel * CB)};
        LLVMValueRef value = ir_load_vec(ir, g.x);
        for (int64_t r = 0; r < d->group; r++)
            add_pixel(d, w, s, pixel, block_group_channel(ir, &g, value, r),
                      d->group == 1 ? taps : NULL, ir_at_const(ir, weights, r * CB), acc);
    }
}

static void store_tile(struct depthwise *d, const struct gather_axis *w, int64_t width,
                       LLVMValueRef pixel, LLVMValueRef *acc)
{
    struct position at = d->at;
    at.pixel = pixel;
    for (int64_t m = 0; m < width; m++) {
        at.pixel_add = m * w->out_step;
        epilogue_store(d->k, ir_get(d->ir, d->ir->vec, acc[m]), &at);
    }
}

/* Of maps that come from memory a row comes too late: asks for those below the last tap's that the next outputs need, as far as a tile
 * reaches. x: of row 0, at the tile's first output. */
static void fetch_below(struct depthwise *d, const struct gather_axis *w,
                        const struct gather_segment *s, const struct gather_row *row,
                        struct address x)
{
    struct ir *ir = d->ir;
    const int64_t step = d->q.attrs->stride[0], reach = row->off_step * (d->q.kernel[0] - 1);
    LLVMValueRef below = ir_add_const(ir, row->base, 1 + (reach > 0 ? reach : 0));
    for (int64_t i = 0; i < step; i++) {
        LLVMValueRef pixel = ir_mul_const(ir, ir_add_const(ir, below, i), d->q.in[1]);
        struct address line = ir_at(ir, x, ir_mul_const(ir, pixel, CB));
        for (int64_t j = 0; j < s->width * w->stride; j++)
            ir_prefetch(ir, line, ir_i64(ir, j * CB));
    }
}

static void emit_segment(struct depthwise *d, const struct gather_axis *w,
                         const struct gather_segment *s, const struct gather_row *row,
                         LLVMValueRef out_row)
{
    struct ir *ir = d->ir;
    LLVMValueRef acc[MAX_WIDTH];
    int64_t end = s->start + s->width * s->count;
    struct ir_loop tiles = ir_loop_begin(ir, ir_i64(ir, s->start), ir_i64(ir, end), s->width);
    for (int64_t m = 0; m < s->width; m++) {
        acc[m] = ir_local(ir, ir->vec);
        ir_set(ir, acc[m], ir_vec_const(ir, 0));
    }
    LLVMValueRef column = ir_add_const(ir, ir_mul_const(ir, tiles.i, w->stride), w->off0);
    if (d->fetches)
        fetch_below(d, w, s, row, ir_at(ir, d->x, ir_mul_const(ir, column, CB)));
    if (w->taps > 0) {
        struct ir_loop rows = ir_loop_begin(ir, row->lo, row->hi, 1);
        LLVMValueRef in_row = ir_add(ir, row->base, ir_mul_const(ir, rows.i, row->off_step));
        LLVMValueRef tap = ir_add(ir, row->tap0, ir_mul_const(ir, rows.i, row->tap_step));
        LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, in_row, d->q.in[1]), column);
        struct address x = ir_at(ir, d->x, ir_mul_const(ir, pixel, CB));
        struct address weights =
            ir_at(ir, d->weights, ir_mul_const(ir, tap, d->q.kernel[1] * d->tap_floats));
        emit_tap_row(d, w, s, x, weights, acc);
        ir_loop_end(ir, &rows);
    }
    column = ir_add_const(ir, ir_mul_const(ir, tiles.i, w->out_step), w->out_start);
    store_tile(d, w, s->width, ir_add(ir, ir_mul_const(ir, out_row, d->q.out[1]), column), acc);
    ir_loop_end(ir, &tiles);
}

static void emit_row(struct depthwise *d, LLVMValueRef out_row)
{
    struct gather_row row = gather_row(d->ir, &d->q, 0, ir_i64(d->ir, d->q.in[0]), out_row);
    for (int64_t class = 0; class < gather_classes(&d->q, 1); class++) {
        struct gather_segment segments[GATHER_MAX_SEGMENTS];
        struct gather_axis w = gather_axis(&d->q, 1, class);
        FTM_BUG_ON(w.taps > MAX_KERNEL, "a convolution kernel of width %lld", (long long)w.taps);
        uint32_t count = gather_segments(&w, d->width, segments);
        for (uint32_t i = 0; i < count; i++)
            emit_segment(d, &w, &segments[i], &row, out_row);
    }
}

/* The weights of a block: where they are, or on the stack, turned over within each group, where its outputs are what is read. */
static struct address block_weights(struct depthwise *d, struct address turned)
{
    struct ir *ir = d->ir;
    int64_t taps = d->q.kernel[0] * d->q.kernel[1];
    if (d->group == 1)
        return ir_at(ir, kernel_buffer(d->k, 1), ir_mul_const(ir, d->at.block, taps * CB));
    struct address weights =
        ir_at(ir, kernel_buffer(d->k, 1), ir_mul_const(ir, d->at.block, taps * CB * CB));
    if (!d->q.backward)
        return weights;
    struct ir_loop t = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, taps), 1);
    block_group_turn(ir, d->group, ir_at(ir, weights, ir_mul_const(ir, t.i, (int64_t)CB * CB)),
                     ir_at(ir, turned, ir_mul_const(ir, t.i, d->tap_floats)));
    ir_loop_end(ir, &t);
    return turned;
}

/* Unit -> image, channel block, band of rows; then the vectors of the block. */
static void emit_unit(struct depthwise *d, LLVMValueRef unit, struct address turned)
{
    struct ir *ir = d->ir;
    int64_t rows = d->q.out[0], pixels = d->q.in[0] * d->q.in[1];
    LLVMValueRef band = ir_rem_const(ir, unit, d->bands), slice = ir_div_const(ir, unit, d->bands);
    LLVMValueRef lo = ir_div_const(ir, ir_mul_const(ir, band, rows), d->bands);
    LLVMValueRef hi = ir_div_const(ir, ir_mul_const(ir, ir_add_const(ir, band, 1), rows), d->bands);
    d->at.image = ir_div_const(ir, slice, d->blocks);
    d->at.block = ir_rem_const(ir, slice, d->blocks);
    struct address x = ir_at(ir, kernel_buffer(d->k, 0), ir_mul_const(ir, slice, pixels * CB));
    struct address weights = block_weights(d, turned);
    struct ir_loop lanes = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, CB), ir->cpu->lanes);
    d->at.lane = lanes.i;
    d->x = ir_at(ir, x, lanes.i);
    d->weights = ir_at(ir, weights, lanes.i);
    struct ir_loop loop = ir_loop_begin(ir, lo, hi, 1);
    emit_row(d, loop.i);
    ir_loop_end(ir, &loop);
    ir_loop_end(ir, &lanes);
}

struct kernel_units block_groups_units(const struct graph *g, const struct node *n)
{
    struct gather q = gather_of(g, n);
    int64_t blocks = ceil_div(q.out_channels, CB);
    return (struct kernel_units){.per_group = blocks * gather_bands(q.out[0], blocks), .images = 1};
}

void block_groups_convolve(struct kernel_build *k, int64_t group)
{
    struct ir *ir = k->ir;
    struct depthwise d = {
        .k = k, .ir = ir, .q = gather_of(k->graph, k->node), .group = group, .tap_floats = CB};
    struct address turned = ADDRESS_NONE;
    FTM_BUG_ON(d.q.plain, "a row-major operand of a depthwise convolution");
    if (group > 1)
        d.tap_floats = d.q.backward ? group * CB : (int64_t)CB * CB;
    if (group > 1 && d.q.backward)
        turned = ir_stack(ir, d.q.kernel[0] * d.q.kernel[1] * d.tap_floats);
    d.blocks = ceil_div(d.q.out_channels, CB);
    d.bands = gather_bands(d.q.out[0], d.blocks);
    d.width = tile_width(&d, ir->cpu);
    const struct geometry in = geometry_of(k->graph, k->node->inputs[0]);
    d.fetches = (!d.q.backward || d.q.attrs->stride[0] == 1) && geometry_is_far(k, &in);
    struct ir_loop loop = ir_loop_begin(ir, k->begin, k->end, 1);
    emit_unit(&d, loop.i, turned);
    ir_loop_end(ir, &loop);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)cpu, (void)phase;
    return block_groups_units(g, n);
}

static void emit(struct kernel_build *k) { block_groups_convolve(k, 1); }

const struct kernel_family kernel_depthwise = {
    .name = "depthwise", .phases = one_phase, .units = units, .emit = emit};
