/* The gradient of dense convolution weights: dw[tap][i][o] = sum over images and outputs of x[input of tap][i] * dy[o].
 *
 * A tile is `rows` input channels by a few vectors of output channels of one tap, held in registers while the outputs
 * of an image stream past: one vector of dy and `rows` broadcasts of x per output. Which outputs have the tap is a
 * rectangle, so its bounds are loop bounds and one body serves all taps.
 *
 * Order of the sum: outputs of one image in row-major order in a register that starts at zero, images of a shard one
 * after the other, then the tree over the shards. (Small maps: the register goes on over the images of the shard.)
 * With few tiles a unit is a tile of one shard, its result goes to scratch and a second phase runs the tree; with many
 * tiles a unit does all shards of its tile and keeps their sums on its stack. Both give the same bits. */
#include "kernel_conv.h"

#include "geometry.h"
#include "kernel_conv_shards.h"
#include "schedule.h"

enum { CB = FTMRT_CB, MAX_ACC = 32, CHAIN = 256, STACK_TILES = 128 };

struct plan {
    bool plain, inside, chained;
    int64_t in_channels, in_blocks, out_blocks;
    int64_t in[2], out[2], kernel[2];  /* height, width; a pointwise convolution's map is one row */
    int64_t rows, blocks, vectors;     /* the tile: input channels; blocks and vectors of output channels */
    int64_t chunks, groups;            /* tiles along the input and the output channels */
    int64_t unit_taps;                 /* taps that a unit does */
};

/* ---- choosing the tile --------------------------------------------------------------------------------------------- */

/* Half cycles per multiply-add of one output, as in kernel_conv2d.c; lines of x and dy come from the second level. */
static double tile_cost(int64_t rows, int64_t vectors, int64_t blocks)
{
    int64_t work = rows * vectors, loads = rows + vectors;
    int64_t most = work > loads ? work : loads;
    return ((double)(most > 8 ? most : 8) + 0.5 * (double)(1 + blocks)) / (double)work;
}

static bool fits(const struct cpu *cpu, int64_t rows, int64_t vectors)
{
    return rows * vectors <= MAX_ACC && rows * vectors + vectors + (cpu->fma ? 1 : 2) <= cpu->registers;
}

/* Rows divide the channel block, or the channels of a row-major operand. */
static void choose_tile(struct plan *p, const struct cpu *cpu)
{
    int64_t whole = p->plain ? p->in_channels : CB, parts = CB / cpu->lanes;
    double best = 0;
    for (int64_t rows = 1; rows <= whole; rows++)
        for (int64_t blocks = 1; blocks <= p->out_blocks; blocks++) {
            if (whole % rows != 0 || p->out_blocks % blocks != 0 || !fits(cpu, rows, blocks * parts))
                continue;
            double padded = (double)(ceil_div(p->in_channels, rows) * rows) / (double)p->in_channels;
            double cost = tile_cost(rows, blocks * parts, blocks) * padded;
            if (p->rows == 0 || cost < best) {
                best = cost;
                p->rows = rows;
                p->blocks = blocks;
            }
        }
    p->vectors = p->blocks * parts;
    p->chunks = ceil_div(p->in_channels, p->rows);
    p->groups = p->out_blocks / p->blocks;
}

static bool is_pointwise(const struct node *n, const struct plan *p)
{
    const struct attrs *a = &n->attrs;
    return p->kernel[0] * p->kernel[1] == 1 && a->stride[0] == 1 && a->stride[1] == 1 && a->padding[0] == 0 &&
           a->padding[1] == 0 && p->in[0] == p->out[0] && p->in[1] == p->out[1];
}

/* The most taps whose partial results of all shards fit on a unit's stack. */
static int64_t taps_of_unit(const struct plan *p, int64_t shards)
{
    int64_t taps = p->kernel[0] * p->kernel[1];
    if (!p->inside || taps * shards <= STACK_TILES)
        return taps;
    return p->kernel[1] * shards <= STACK_TILES ? p->kernel[1] : 1;
}

static struct plan plan_of(const struct graph *g, const struct node *n, const struct cpu *cpu)
{
    const struct node *x = graph_node(g, n->inputs[0]), *dy = graph_node(g, n->inputs[1]);
    const int64_t *in = x->type.shape.dim, *out = dy->type.shape.dim, *w = n->type.shape.dim;
    int64_t max = g->program->max_batch, shards = g->program->shards;
    struct plan p = {
        .plain = x->layout == FTMRT_LAYOUT_PLAIN,
        .inside = schedule_shards_inside(n),
        .chained = out[2] * out[3] * ceil_div(max, shards) <= CHAIN,
        .in_channels = in[1],
        .in_blocks = ceil_div(in[1], CB),
        .out_blocks = ceil_div(out[1], CB),
        .in = {in[2], in[3]},
        .out = {out[2], out[3]},
        .kernel = {w[2], w[3]},
    };
    FTM_BUG_ON(p.plain && p.in_blocks > 1, "a row-major operand of %lld channels", (long long)in[1]);
    choose_tile(&p, cpu);
    p.unit_taps = taps_of_unit(&p, shards);
    if (is_pointwise(n, &p)) {
        p.in[1] = p.out[1] = p.in[0] * p.in[1];
        p.in[0] = p.out[0] = 1;
    }
    return p;
}

/* ---- emission ------------------------------------------------------------------------------------------------------- */

/* Where tiles are stored: floats between taps, rows of a tile, and blocks of output channels. */
struct target {
    LLVMValueRef base; /* tap 0 of the unit, row 0 of the tile */
    int64_t tap, row, block;
};

struct grad_weight {
    struct kernel_build *k;
    struct ir *ir;
    struct plan p;
    const struct attrs *attrs;
    int64_t pixel, channel;              /* of x: floats between pixels and between channels */
    LLVMValueRef chunk, group, tap0;     /* of the unit */
    LLVMValueRef x, dy;                  /* of image 0: channels of the tile */
    int64_t x_image, dy_image, dy_block; /* floats */
    LLVMValueRef acc[MAX_ACC];
};

static int64_t vector_offset(const struct grad_weight *w, const struct target *t, int64_t row, int64_t v)
{
    int64_t parts = CB / w->ir->cpu->lanes;
    return row * t->row + v / parts * t->block + v % parts * w->ir->cpu->lanes;
}

static void clear_registers(struct grad_weight *w)
{
    for (int64_t i = 0; i < w->p.rows * w->p.vectors; i++)
        ir_set(w->ir, w->acc[i], ir_vec_const(w->ir, 0));
}

/* Stores the registers as a tap's tile, or adds them to it. */
static void store_registers(struct grad_weight *w, const struct target *t, LLVMValueRef tap, bool add)
{
    struct ir *ir = w->ir;
    LLVMValueRef base = ir_at(ir, t->base, ir_mul_const(ir, tap, t->tap));
    for (int64_t i = 0; i < w->p.rows; i++)
        for (int64_t v = 0; v < w->p.vectors; v++) {
            LLVMValueRef p = ir_at_const(ir, base, vector_offset(w, t, i, v));
            LLVMValueRef value = ir_get(ir, ir->vec, w->acc[i * w->p.vectors + v]);
            ir_store_vec(ir, add ? LLVMBuildFAdd(ir->b, ir_load_vec(ir, p), value, "") : value, p);
        }
}

/* The outputs along dimension d that have tap k: lo <= o < hi. */
static void output_range(struct grad_weight *w, int d, LLVMValueRef tap, LLVMValueRef *lo, LLVMValueRef *hi)
{
    struct ir *ir = w->ir;
    int64_t s = w->attrs->stride[d];
    LLVMValueRef zero = ir_i64(ir, 0), at = ir_mul_const(ir, tap, w->attrs->dilation[d]); /* input of output 0, + pad */
    LLVMValueRef first = ir_sub(ir, ir_i64(ir, w->attrs->padding[d] + s - 1), at);
    LLVMValueRef past = ir_sub(ir, ir_i64(ir, w->attrs->padding[d] + w->p.in[d] + s - 1), at);
    *lo = ir_div_const(ir, ir_max(ir, first, zero), s);
    *hi = ir_min(ir, ir_div_const(ir, ir_max(ir, past, zero), s), ir_i64(ir, w->p.out[d]));
}

/* One output: x: its input pixel, dy: its gradient, both at the tile's first channel. */
static void emit_output(struct grad_weight *w, LLVMValueRef x, LLVMValueRef dy)
{
    struct ir *ir = w->ir;
    int64_t parts = CB / ir->cpu->lanes;
    LLVMValueRef d[MAX_ACC];
    x = ir_launder(ir, x);
    for (int64_t v = 0; v < w->p.vectors; v++)
        d[v] = ir_load_vec(ir, ir_at_const(ir, dy, v / parts * w->dy_block + v % parts * ir->cpu->lanes));
    for (int64_t i = 0; i < w->p.rows; i++) {
        LLVMValueRef scalar = ir_splat(ir, ir_load_f32(ir, ir_at_const(ir, x, i * w->channel)));
        for (int64_t v = 0; v < w->p.vectors; v++) {
            LLVMValueRef acc = w->acc[i * w->p.vectors + v];
            ir_set(ir, acc, ir_fma(ir, scalar, d[v], ir_get(ir, ir->vec, acc)));
        }
    }
}

/* Outputs [lo, hi) of a row, two at a time; x and dy: of output 0. */
static void emit_outputs(struct grad_weight *w, LLVMValueRef x, LLVMValueRef dy, LLVMValueRef lo, LLVMValueRef hi)
{
    struct ir *ir = w->ir;
    int64_t step = w->attrs->stride[1] * w->pixel;
    LLVMValueRef pairs = ir_sub(ir, hi, LLVMBuildAnd(ir->b, ir_sub(ir, hi, lo), ir_i64(ir, 1), ""));
    for (int64_t unroll = 2; unroll >= 1; unroll--) {
        struct ir_loop loop = ir_loop_begin(ir, unroll == 2 ? lo : pairs, unroll == 2 ? pairs : hi, unroll);
        LLVMValueRef xj = ir_at(ir, x, ir_mul_const(ir, loop.i, step));
        LLVMValueRef dyj = ir_at(ir, dy, ir_mul_const(ir, loop.i, CB));
        for (int64_t u = 0; u < unroll; u++)
            emit_output(w, ir_at_const(ir, xj, u * step), ir_at_const(ir, dyj, u * CB));
        ir_loop_end(ir, &loop);
    }
}

/* Adds one image's outputs to the registers. tap: index within the unit. */
static void emit_image(struct grad_weight *w, LLVMValueRef image, LLVMValueRef tap)
{
    struct ir *ir = w->ir;
    LLVMValueRef index = ir_add(ir, w->tap0, tap), lo[2], hi[2], first[2];
    LLVMValueRef taps[2] = {ir_div_const(ir, index, w->p.kernel[1]), ir_rem_const(ir, index, w->p.kernel[1])};
    for (int d = 0; d < 2; d++) {
        output_range(w, d, taps[d], &lo[d], &hi[d]);
        first[d] = ir_add_const(ir, ir_mul_const(ir, taps[d], w->attrs->dilation[d]), -w->attrs->padding[d]);
    }
    LLVMValueRef x = ir_at(ir, w->x, ir_mul_const(ir, image, w->x_image));
    LLVMValueRef dy = ir_at(ir, w->dy, ir_mul_const(ir, image, w->dy_image));
    struct ir_loop rows = ir_loop_begin(ir, lo[0], hi[0], 1);
    LLVMValueRef in_row = ir_add(ir, ir_mul_const(ir, rows.i, w->attrs->stride[0]), first[0]);
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, in_row, w->p.in[1]), first[1]);
    LLVMValueRef xr = ir_at(ir, x, ir_mul_const(ir, pixel, w->pixel));
    LLVMValueRef dyr = ir_at(ir, dy, ir_mul_const(ir, rows.i, w->p.out[1] * CB));
    emit_outputs(w, xr, dyr, lo[1], hi[1]);
    ir_loop_end(ir, &rows);
}

/* The partial result of one shard for the unit's tile. */
static void emit_shard(struct grad_weight *w, LLVMValueRef shard, const struct target *t)
{
    struct ir *ir = w->ir;
    LLVMValueRef lo, hi;
    kernel_shard(w->k, shard, &lo, &hi);
    struct ir_loop taps = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->p.unit_taps), 1);
    clear_registers(w);
    if (w->p.chained) {
        struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
        emit_image(w, images.i, taps.i);
        ir_loop_end(ir, &images);
    }
    store_registers(w, t, taps.i, false);
    ir_loop_end(ir, &taps);
    if (w->p.chained)
        return;
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    taps = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->p.unit_taps), 1);
    clear_registers(w);
    emit_image(w, images.i, taps.i);
    store_registers(w, t, taps.i, true);
    ir_loop_end(ir, &taps);
    ir_loop_end(ir, &images);
}

/* Rows of the last block that no channel has are zero: the unit of the last chunk clears them. */
static void clear_rest(struct grad_weight *w, const struct target *t)
{
    struct ir *ir = w->ir;
    int64_t done = w->p.chunks * w->p.rows % CB;
    if (done == 0)
        return;
    struct ir_if last = ir_if_begin(ir, LLVMBuildICmp(ir->b, LLVMIntEQ, w->chunk, ir_i64(ir, w->p.chunks - 1), ""));
    struct ir_loop taps = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->p.unit_taps), 1);
    struct ir_loop rows = ir_loop_begin(ir, ir_i64(ir, w->p.rows), ir_i64(ir, w->p.rows + CB - done), 1);
    LLVMValueRef offset = ir_add(ir, ir_mul_const(ir, taps.i, t->tap), ir_mul_const(ir, rows.i, t->row));
    LLVMValueRef p = ir_at(ir, t->base, offset);
    for (int64_t v = 0; v < w->p.vectors; v++)
        ir_store_vec(ir, ir_vec_const(ir, 0), ir_at_const(ir, p, vector_offset(w, t, 0, v)));
    ir_loop_end(ir, &rows);
    ir_loop_end(ir, &taps);
    ir_if_end(ir, &last);
}

/* The unit's tile in a result of the node's layout that starts at p. */
static struct target result_target(struct grad_weight *w, LLVMValueRef p)
{
    struct ir *ir = w->ir;
    int64_t taps = w->p.kernel[0] * w->p.kernel[1];
    struct target t = {.tap = CB * CB, .row = CB, .block = w->p.in_blocks * taps * CB * CB};
    LLVMValueRef channel = ir_mul_const(ir, w->chunk, w->p.rows);
    LLVMValueRef block = ir_div_const(ir, channel, CB), row = ir_rem_const(ir, channel, CB);
    LLVMValueRef tile = ir_add(ir, ir_mul_const(ir, block, taps), w->tap0);
    LLVMValueRef offset = ir_add(ir, ir_mul_const(ir, tile, CB * CB), ir_mul_const(ir, row, CB));
    t.base = ir_at(ir, ir_at(ir, p, ir_mul_const(ir, w->group, w->p.blocks * t.block)), offset);
    return t;
}

/* All shards of a tile: partial results on the stack, tree, result. */
static void emit_all_shards(struct grad_weight *w, LLVMValueRef stack)
{
    struct ir *ir = w->ir;
    int64_t shards = w->k->graph->program->shards;
    struct target part = {.base = stack, .row = CB, .block = w->p.rows * CB, .tap = w->p.blocks * w->p.rows * CB};
    struct target out = result_target(w, kernel_result(w->k));
    int64_t size = w->p.unit_taps * part.tap;
    struct ir_loop loop = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, shards), 1);
    part.base = ir_at(ir, stack, ir_mul_const(ir, loop.i, size));
    emit_shard(w, loop.i, &part);
    ir_loop_end(ir, &loop);
    struct ir_loop taps = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->p.unit_taps), 1);
    struct ir_loop rows = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, w->p.rows), 1);
    LLVMValueRef from = ir_add(ir, ir_mul_const(ir, taps.i, part.tap), ir_mul_const(ir, rows.i, part.row));
    LLVMValueRef to = ir_add(ir, ir_mul_const(ir, taps.i, out.tap), ir_mul_const(ir, rows.i, out.row));
    for (int64_t v = 0; v < w->p.vectors; v++) {
        LLVMValueRef p = ir_at_const(ir, ir_at(ir, stack, from), vector_offset(w, &part, 0, v));
        LLVMValueRef sum = conv_shard_tree(w->k, p, size);
        ir_store_vec(ir, sum, ir_at_const(ir, ir_at(ir, out.base, to), vector_offset(w, &out, 0, v)));
    }
    ir_loop_end(ir, &rows);
    ir_loop_end(ir, &taps);
    clear_rest(w, &out);
}

static int64_t unit_count(const struct plan *p, int64_t shards)
{
    int64_t taps = p->kernel[0] * p->kernel[1];
    return p->groups * p->chunks * (taps / p->unit_taps) * (p->inside ? 1 : shards);
}

/* Unit -> (shard,) group, run of taps, chunk: neighbours share dy. */
static void emit_unit(struct grad_weight *w, LLVMValueRef unit, LLVMValueRef stack)
{
    struct ir *ir = w->ir;
    const struct plan *p = &w->p;
    int64_t runs = p->kernel[0] * p->kernel[1] / p->unit_taps;
    w->chunk = ir_rem_const(ir, unit, p->chunks);
    unit = ir_div_const(ir, unit, p->chunks);
    w->tap0 = ir_mul_const(ir, ir_rem_const(ir, unit, runs), p->unit_taps);
    unit = ir_div_const(ir, unit, runs);
    w->group = ir_rem_const(ir, unit, p->groups);
    LLVMValueRef channel = ir_mul_const(ir, w->chunk, p->rows), row = ir_rem_const(ir, channel, CB);
    int64_t pixels = p->in[0] * p->in[1];
    LLVMValueRef block = ir_mul_const(ir, ir_div_const(ir, channel, CB), pixels * CB);
    w->x = ir_at(ir, kernel_buffer(w->k, 0), ir_add(ir, block, ir_mul_const(ir, row, w->channel)));
    w->dy = ir_at(ir, kernel_buffer(w->k, 1), ir_mul_const(ir, w->group, p->blocks * w->dy_block));
    if (p->inside) {
        emit_all_shards(w, stack);
        return;
    }
    LLVMValueRef shard = ir_div_const(ir, unit, p->groups);
    int64_t floats = conv_result_floats(w->k->node);
    LLVMValueRef scratch = ir_at(ir, kernel_scratch(w->k), ir_mul_const(ir, shard, floats));
    struct target t = result_target(w, scratch);
    emit_shard(w, shard, &t);
    clear_rest(w, &t);
}

static LLVMValueRef stack_new(struct grad_weight *w)
{
    int64_t tile = w->p.blocks * w->p.rows * CB, shards = w->k->graph->program->shards;
    LLVMTypeRef type = LLVMArrayType2(w->ir->f32, (uint64_t)(tile * w->p.unit_taps * shards));
    LLVMValueRef stack = ir_local(w->ir, type);
    LLVMSetAlignment(stack, 64);
    return stack;
}

/* ---- the family ------------------------------------------------------------------------------------------------------ */

static uint32_t phases(const struct graph *g, const struct node *n, const struct cpu *cpu)
{
    (void)g;
    (void)cpu;
    return schedule_shards_inside(n) ? 1 : 2;
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu, uint32_t phase)
{
    if (phase == 1)
        return conv_combine_units(conv_result_floats(n));
    struct plan p = plan_of(g, n, cpu);
    return (struct kernel_units){.fixed = unit_count(&p, g->program->shards), .images = 1};
}

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    if (k->phase == 1) {
        conv_combine_shards(k, conv_result_floats(k->node));
        return;
    }
    struct grad_weight w = {.k = k, .ir = ir, .p = plan_of(k->graph, k->node, ir->cpu), .attrs = &k->node->attrs};
    int64_t pixels = w.p.in[0] * w.p.in[1];
    w.pixel = w.p.plain ? 1 : CB;
    w.channel = w.p.plain ? pixels : 1;
    w.x_image = w.p.plain ? w.p.in_channels * pixels : w.p.in_blocks * pixels * CB;
    w.dy_block = w.p.out[0] * w.p.out[1] * CB;
    w.dy_image = w.p.out_blocks * w.dy_block;
    for (int64_t i = 0; i < w.p.rows * w.p.vectors; i++)
        w.acc[i] = ir_local(ir, ir->vec);
    LLVMValueRef stack = w.p.inside ? stack_new(&w) : NULL;
    struct ir_loop loop = ir_loop_begin(ir, k->begin, k->end, 1);
    emit_unit(&w, loop.i, stack);
    ir_loop_end(ir, &loop);
}

const struct kernel_family kernel_conv2d_grad_weight = {
    .name = "conv2d_grad_weight", .phases = phases, .units = units, .emit = emit, .scratch = schedule_scratch};
