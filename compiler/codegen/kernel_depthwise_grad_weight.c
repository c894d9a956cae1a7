/* The gradient of depthwise weights: dw[tap][c] = sum over images and outputs of x[input of tap][c]
 * * dy[c]. Of groups of several channels within a block: dw[tap][r][c], where x's lanes are permuted so that each has channel r of
 * its group (block_groups.h); so many channels at a time as there are registers for.
 *
 * One tap row at a time: its taps' sums are registers, several per tap so that additions do not
 * wait for each other (output m of a tile goes to sum m mod phases), while the outputs of an image
 * stream past. A unit is a channel block of one shard; its result goes to scratch, and a second
 * phase runs the tree over the shards.
 *
 * Order of the sum: as in kernel_conv_grad_weight.c, with the phases of a tap added up pairwise at
 * the end. */
#include "block_groups.h"
#include "geometry.h"
#include "kernel_conv.h"
#include "kernel_conv_shards.h"
#include "vmath.h"

enum {
    CB = FTMRT_CB,
    MAX_WIDTH = 12,
    MAX_KERNEL = 64,
    MAX_PHASES = 4,
    CHAIN = 256,
    LOADS_PER_LAUNDER = 4
};

struct grad_weight {
    struct kernel_build *k;
    struct ir *ir;
    struct gather q;
    int64_t blocks, phases;
    int64_t group;           /* channels */
    int64_t first, channels; /* of them, those at hand */
    int64_t tap_floats; /* from one tap's result to the next one's; those of a channel are CB */
    LLVMValueRef lane;  /* of the vector in its block */
    bool chained, fetches;
    int64_t x_image, dy_image; /* elements */
    struct address x, dy;      /* the channel vector in image 0 */
    struct address out;        /* the channel vector's taps in the shard's partial result */
    LLVMValueRef acc[MAX_KERNEL * MAX_PHASES];
};

static struct gather geometry(const struct graph *g, const struct node *n)
{
    const int64_t *x = graph_shape(g, n->inputs[0])->dim, *dy = graph_shape(g, n->inputs[1])->dim;
    const int64_t *w = n->type.shape.dim;
    return (struct gather){.attrs = n->attrs,
                           .in_channels = x[1],
                           .out_channels = x[1],
                           .in = {x[2], x[3]},
                           .out = {dy[2], dy[3]},
                           .kernel = {w[2], w[3]}};
}

/* The sums of a tap, of channel r of those at hand. */
static LLVMValueRef *sums_of(struct grad_weight *w, int64_t tap, int64_t r)
{
    return &w->acc[(tap * w->channels + r) * w->phases];
}

static void clear_registers(struct grad_weight *w)
{
    for (int64_t i = 0; i < w->q.kernel[1] * w->channels * w->phases; i++)
        ir_set(w->ir, w->acc[i], ir_vec_const(w->ir, 0));
}

/* Stores the sums of tap row `row`, or adds them to what is there. */
static void store_registers(struct grad_weight *w, LLVMValueRef row, bool add)
{
    struct ir *ir = w->ir;
    struct address out = ir_at(ir, w->out, ir_mul_const(ir, row, w->q.kernel[1] * w->tap_floats));
    for (int64_t t = 0; t < w->q.kernel[1]; t++)
        for (int64_t r = 0; r < w->channels; r++) {
            LLVMValueRef sums[MAX_PHASES];
            struct address p = ir_at_const(ir, out, t * w->tap_floats + (w->first + r) * CB);
            for (int64_t i = 0; i < w->phases; i++)
                sums[i] = ir_get(ir, ir->vec, sums_of(w, t, r)[i]);
            LLVMValueRef sum = vmath_tree_sum(ir, sums, (uint32_t)w->phases);
            ir_store_vec(ir, add ? LLVMBuildFAdd(ir->b, ir_load_vec(ir, p), sum, "") : sum, p);
        }
}

/* The pixels' output of the tile with tap t; -1: none. */
static int64_t output_of(const struct gather_axis *a, const struct gather_segment *s, int64_t pixel,
                         int64_t t)
{
    int64_t at = pixel - a->off_step * t, m = at / a->stride;
    bool exists = at >= 0 && at % a->stride == 0 && m < s->width;
    return exists && gather_exists(a, s->start + m, t) ? m : -1;
}

/* The outputs of a tile for one tap row. x: input row at the first output, tap 0; dy: at the first
 * output. */
static void emit_tile(struct grad_weight *w, const struct gather_axis *a,
                      const struct gather_segment *s, struct address x, struct address dy)
{
    struct ir *ir = w->ir;
    LLVMValueRef d[MAX_WIDTH] = {NULL};
    int64_t last = a->stride * (s->width - 1) + a->off_step * (a->taps - 1), loads = 0;
    for (int64_t pixel = 0; pixel <= last; pixel++) {
        LLVMValueRef value = NULL, channel[CB] = {NULL};
        for (int64_t t = 0; t < a->taps; t++) {
            int64_t m = output_of(a, s, pixel, t);
            if (m < 0)
                continue;
            if (!value) {
                if (loads++ % LOADS_PER_LAUNDER == 0)
                    x = ir_launder(ir, x);
                const struct block_group g = {w->group, w->lane, ir_at_const(ir, x, pixel * CB)};
                value = ir_load_vec(ir, g.x);
                for (int64_t r = 0; r < w->channels; r++)
                    channel[r] = block_group_channel(ir, &g, value, w->first + r);
            }
            if (!d[m])
                d[m] = ir_load_vec(ir, ir_at_const(ir, dy, m * CB));
            for (int64_t r = 0; r < w->channels; r++) {
                LLVMValueRef acc = sums_of(w, t, r)[m % w->phases];
                ir_set(ir, acc, ir_fma(ir, channel[r], d[m], ir_get(ir, ir->vec, acc)));
            }
        }
    }
}

/* Of maps that come from memory a row comes too late: asks for what the tile below takes. */
static void fetch_below(struct grad_weight *w, const struct gather_segment *s, struct address x,
                        struct address dy)
{
    struct ir *ir = w->ir;
    const int64_t *step = w->q.attrs->stride;
    for (int64_t i = 0; i < step[0]; i++)
        for (int64_t j = 0; j < s->width * step[1]; j++)
            ir_prefetch(ir, x, ir_i64(ir, ((step[0] + i) * w->q.in[1] + j) * CB));
    for (int64_t j = 0; j < s->width; j++)
        ir_prefetch(ir, dy, ir_i64(ir, (w->q.out[1] + j) * CB));
}

static void emit_row(struct grad_weight *w, struct address x, struct address dy)
{
    struct ir *ir = w->ir;
    struct gather_segment segments[GATHER_MAX_SEGMENTS];
    struct gather_axis a = gather_axis(&w->q, 1, 0);
    uint32_t count = gather_segments(&a, MAX_WIDTH, segments);
    for (uint32_t i = 0; i < count; i++) {
        const struct gather_segment *s = &segments[i];
        int64_t end = s->start + s->width * s->count;
        struct ir_loop tiles = ir_loop_begin(ir, ir_i64(ir, s->start), ir_i64(ir, end), s->width);
        LLVMValueRef column = ir_add_const(ir, ir_mul_const(ir, tiles.i, a.stride), a.off0);
        struct address xt = ir_at(ir, x, ir_mul_const(ir, column, CB));
        struct address dyt = ir_at(ir, dy, ir_mul_const(ir, tiles.i, CB));
        if (w->fetches)
            fetch_below(w, s, xt, dyt);
        emit_tile(w, &a, s, xt, dyt);
        ir_loop_end(ir, &tiles);
    }
}

/* Adds one image's outputs for a tap row to the registers. */
static void emit_image(struct grad_weight *w, LLVMValueRef image, LLVMValueRef tap)
{
    struct ir *ir = w->ir;
    int64_t s = w->q.attrs->stride[0];
    LLVMValueRef zero = ir_i64(ir, 0);
    LLVMValueRef first =
        ir_add_const(ir, ir_mul_const(ir, tap, w->q.attrs->dilation[0]), -w->q.attrs->padding[0]);
    LLVMValueRef above = ir_max(ir, ir_sub(ir, ir_i64(ir, s - 1), first), zero);
    LLVMValueRef below = ir_max(ir, ir_sub(ir, ir_i64(ir, w->q.in[0] + s - 1), first), zero);
    LLVMValueRef hi = ir_min(ir, ir_div_const(ir, below, s), ir_i64(ir, w->q.out[0]));
    struct address x = ir_at(ir, w->x, ir_mul_const(ir, image, w->x_image));
    struct address dy = ir_at(ir, w->dy, ir_mul_const(ir, image, w->dy_image));
    struct ir_loop rows = ir_loop_begin(ir, ir_div_const(ir, above, s), hi, 1);
    LLVMValueRef in_row = ir_add(ir, ir_mul_const(ir, rows.i, s), first);
    emit_row(w, ir_at(ir, x, ir_mul_const(ir, in_row, w->q.in[1] * CB)),
             ir_at(ir, dy, ir_mul_const(ir, rows.i, w->q.out[1] * CB)));
    ir_loop_end(ir, &rows);
}

static void emit_shard(struct grad_weight *w, LLVMValueRef shard)
{
    struct ir *ir = w->ir;
    LLVMValueRef lo, hi;
    kernel_shard(w->k, shard, &lo, &hi);
    struct ir_loop taps = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->q.kernel[0]), 1);
    clear_registers(w);
    if (w->chained) {
        struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
        emit_image(w, images.i, taps.i);
        ir_loop_end(ir, &images);
    }
    store_registers(w, taps.i, false);
    ir_loop_end(ir, &taps);
    if (w->chained)
        return;
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    taps = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->q.kernel[0]), 1);
    clear_registers(w);
    emit_image(w, images.i, taps.i);
    store_registers(w, taps.i, true);
    ir_loop_end(ir, &taps);
    ir_loop_end(ir, &images);
}

/* Channels past the group's are none: their sums are 0. */
static void clear_block(struct grad_weight *w, struct address out, int64_t taps)
{
    struct ir *ir = w->ir;
    struct ir_loop i =
        ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, taps * w->tap_floats), ir->cpu->lanes);
    ir_store_vec(ir, ir_vec_const(ir, 0), ir_at(ir, out, i.i));
    ir_loop_end(ir, &i);
}

/* Unit -> shard, channel block; then the vectors of the block. */
static void emit_unit(struct grad_weight *w, LLVMValueRef unit)
{
    struct ir *ir = w->ir;
    LLVMValueRef block = ir_rem_const(ir, unit, w->blocks),
                 shard = ir_div_const(ir, unit, w->blocks);
    int64_t taps = w->q.kernel[0] * w->q.kernel[1], most = w->channels;
    LLVMValueRef partial = ir_mul_const(ir, shard, conv_result_floats(w->k->node));
    LLVMValueRef offset = ir_add(ir, partial, ir_mul_const(ir, block, taps * w->tap_floats));
    struct address out = ir_at(ir, kernel_scratch(w->k), offset);
    if (w->group > 1)
        clear_block(w, out, taps);
    struct ir_loop lanes = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, CB), ir->cpu->lanes);
    LLVMValueRef x = ir_add(ir, ir_mul_const(ir, block, w->q.in[0] * w->q.in[1] * CB), lanes.i);
    LLVMValueRef dy = ir_add(ir, ir_mul_const(ir, block, w->q.out[0] * w->q.out[1] * CB), lanes.i);
    w->lane = lanes.i;
    w->x = ir_at(ir, kernel_buffer(w->k, 0), x);
    w->dy = ir_at(ir, kernel_buffer(w->k, 1), dy);
    w->out = ir_at(ir, out, lanes.i);
    for (w->first = 0; w->first < w->group; w->first += most) {
        w->channels = w->group - w->first < most ? w->group - w->first : most;
        emit_shard(w, shard);
    }
    w->channels = most;
    ir_loop_end(ir, &lanes);
}

/* About as many sums as registers allow besides the operands. */
static int64_t room(const struct cpu *cpu) { return cpu->registers >= 32 ? 18 : 10; }

static int64_t phases_of(int64_t sums, const struct cpu *cpu)
{
    int64_t phases = room(cpu) / sums;
    return phases < 1 ? 1 : phases > MAX_PHASES ? MAX_PHASES : phases;
}

static int64_t channels_at_once(int64_t group, int64_t taps, const struct cpu *cpu)
{
    int64_t most = room(cpu) / taps;
    return most < 1 ? 1 : most < group ? most : group;
}

void block_groups_grad_weight(struct kernel_build *k, int64_t group)
{
    struct ir *ir = k->ir;
    if (k->phase == 1) {
        conv_combine_shards(k, conv_result_floats(k->node));
        return;
    }
    struct grad_weight w = {
        .k = k, .ir = ir, .q = geometry(k->graph, k->node), .group = group, .tap_floats = CB};
    const struct program *p = k->graph->program;
    int64_t in = w.q.in[0] * w.q.in[1], out = w.q.out[0] * w.q.out[1];
    FTM_BUG_ON(w.q.kernel[1] > MAX_KERNEL, "a convolution kernel of width %lld",
               (long long)w.q.kernel[1]);
    if (group > 1)
        w.tap_floats = (int64_t)CB * CB;
    w.blocks = ceil_div(w.q.in_channels, CB);
    w.channels = channels_at_once(group, w.q.kernel[1], ir->cpu);
    w.phases = phases_of(w.q.kernel[1] * w.channels, ir->cpu);
    w.chained = out * ceil_div(p->max_batch, p->shards) <= CHAIN;
    const struct geometry x = geometry_of(k->graph, k->node->inputs[0]);
    w.fetches = group > 1 && geometry_is_far(k, &x);
    w.x_image = w.blocks * in * CB;
    w.dy_image = w.blocks * out * CB;
    for (int64_t i = 0; i < w.q.kernel[1] * w.channels * w.phases; i++)
        w.acc[i] = ir_local(ir, ir->vec);
    struct ir_loop loop = ir_loop_begin(ir, k->begin, k->end, 1);
    emit_unit(&w, loop.i);
    ir_loop_end(ir, &loop);
}

static void emit(struct kernel_build *k) { block_groups_grad_weight(k, 1); }

const struct kernel_family kernel_depthwise_grad_weight = {
    .name = "depthwise_grad_weight", .phases = two_phases, .units = conv_shard_units, .emit = emit};
