/* The gradients of a layer norm's bias and weight: the sums of dy and of dy xhat over images and places.
 *
 * A place's moments need all of its channels, the sums all places of a channel: a unit is a shard, which goes over its
 * images tile by tile. The moments of a tile go to scratch, then each block of channels runs along the tile. Behind the
 * shards' partial sums the scratch has a tile's moments for each shard. */
#include "kernel_reduce.h"
#include "place_moments.h"
#include "vmath.h"

enum { DY, X };

static const struct reduce_rule rule = {.rows = 2, .operands = 2};

/* A shard at work. */
struct shard {
    struct reduction r;
    LLVMValueRef number;
    LLVMValueRef lo, hi;                   /* places of the tile */
    struct address moments;                /* [2][PLACES_OF_TILE] in scratch: mean, inv */
    LLVMValueRef sum[2][REDUCE_MAX_PARTS]; /* of the block at hand */
};

static struct address moment_at(struct places *p, const struct shard *s, int64_t row,
                                uint32_t place)
{
    struct ir *ir = p->k->ir;
    struct address at = ir_at(ir, s->moments, ir_sub(ir, p->first, s->lo));
    return ir_at_const(ir, at, row * PLACES_OF_TILE + place);
}

static void store_moments(struct places *p, void *user)
{
    struct ir *ir = p->k->ir;
    const struct shard *s = user;
    LLVMValueRef first = LLVMConstInt(ir->i32, 0, false);
    places_moments(p);
    for (uint32_t i = 0; i < p->count; i++) {
        ir_store_f32(ir, LLVMBuildExtractElement(ir->b, p->mean[i], first, ""),
                     moment_at(p, s, 0, i));
        ir_store_f32(ir, LLVMBuildExtractElement(ir->b, p->inv[i], first, ""),
                     moment_at(p, s, 1, i));
    }
}

/* Adds the places of a few to the sums of the block that the channels are of. */
static void add_places(struct places *p, struct shard *s, const struct channel_lanes *at)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef term[2][PLACES_MAX];
    for (uint32_t i = 0; i < p->count; i++) {
        p->mean[i] = ir_splat(ir, ir_load_f32(ir, moment_at(p, s, 0, i)));
        p->inv[i] = ir_splat(ir, ir_load_f32(ir, moment_at(p, s, 1, i)));
        LLVMValueRef xhat = LLVMBuildFMul(ir->b, places_centred(p, at, i), p->inv[i], "");
        term[0][i] = places_load(p, DY, at, i);
        term[1][i] = LLVMBuildFMul(ir->b, term[0][i], xhat, "");
    }
    for (uint32_t row = 0; row < rule.rows; row++) {
        LLVMValueRef sum = ir_get(ir, ir->vec, s->sum[row][at->part]);
        sum = LLVMBuildFAdd(ir->b, sum, vmath_tree_sum(ir, term[row], p->count), "");
        ir_set(ir, s->sum[row][at->part], sum);
    }
}

struct along_tile {
    struct shard *shard;
    const struct channel_lanes *at;
};

static void add_along(struct places *p, void *user)
{
    const struct along_tile *a = user;
    add_places(p, a->shard, a->at);
}

/* The sums of a vector of channels along the tile, added to those of the shard. */
static void add_channels(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    struct shard *s = user;
    for (uint32_t row = 0; row < rule.rows; row++)
        ir_set(ir, s->sum[row][at->part], ir_vec_const(ir, 0));
    struct places along = *p;
    places_each(&along, s->lo, s->hi, add_along, &(struct along_tile){s, at});
    for (uint32_t row = 0; row < rule.rows; row++) {
        struct address partial = reduce_partial(&s->r, s->number, at->block, row, at->part);
        LLVMValueRef sum = ir_get(ir, ir->vec, s->sum[row][at->part]);
        ir_store_vec(ir, LLVMBuildFAdd(ir->b, ir_load_vec(ir, partial), sum, ""), partial);
    }
}

static void clear_channels(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    struct shard *s = user;
    for (uint32_t row = 0; row < rule.rows; row++)
        ir_store_vec(ir, ir_vec_const(ir, 0),
                     reduce_partial(&s->r, s->number, at->block, row, at->part));
}

static void add_image(struct places *p, struct shard *s)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef pixels = ir_i64(ir, p->q.pixels);
    struct ir_loop tiles = ir_loop_begin(ir, ir_i64(ir, 0), pixels, PLACES_OF_TILE);
    s->lo = tiles.i;
    s->hi = ir_min(ir, ir_add_const(ir, tiles.i, PLACES_OF_TILE), pixels);
    places_each(p, s->lo, s->hi, store_moments, s);
    places_channels(p, add_channels, s);
    ir_loop_end(ir, &tiles);
}

static struct address moments_of(struct kernel_build *k, const struct geometry *q,
                                 LLVMValueRef shard)
{
    const int64_t sums = k->graph->program->shards * rule.rows * q->blocks * FTMRT_CB;
    LLVMValueRef of_shard = ir_mul_const(k->ir, shard, 2 * (int64_t)PLACES_OF_TILE);
    return ir_at_const(k->ir, ir_at(k->ir, kernel_scratch(k), of_shard), sums);
}

static void emit_shards(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct shard s = {.r = reduction_of(k, &rule)};
    struct places p = {.k = k, .q = s.r.q, .x = X, .one_a_sum = true};
    for (uint32_t row = 0; row < rule.rows; row++)
        for (uint32_t part = 0; part < geometry_parts(ir); part++)
            s.sum[row][part] = ir_local(ir, ir->vec);
    struct ir_loop shards = ir_loop_begin(ir, k->begin, k->end, 1);
    s.number = shards.i;
    s.moments = moments_of(k, &p.q, shards.i);
    places_channels(&p, clear_channels, &s);
    LLVMValueRef lo, hi;
    kernel_shard(k, shards.i, &lo, &hi);
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    p.image = images.i;
    add_image(&p, &s);
    ir_loop_end(ir, &images);
    ir_loop_end(ir, &shards);
}

static void emit(struct kernel_build *k)
{
    if (k->phase == 0)
        emit_shards(k);
    else
        reduce_emit(k, &rule);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    if (phase == 0)
        return (struct kernel_units){.fixed = g->program->shards, .images = 1};
    return reduce_units(g, n, cpu, phase);
}

const struct kernel_family kernel_layer_norm_grad_stats = {
    .name = "layer_norm_grad_stats", .phases = two_phases, .units = units, .emit = emit};
