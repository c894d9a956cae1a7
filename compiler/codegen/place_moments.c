/* Moments over the channels of places: see place_moments.h. */
#include "place_moments.h"

#include <math.h>

#include "rounding.h"
#include "vmath.h"

/* Two accumulators and the mean of each place fit the registers. */
static uint32_t places_at_once(const struct ir *ir)
{
    return ir->cpu->lanes == FTMRT_CB ? PLACES_MAX : PLACES_MAX / 2;
}

/* Whether a buffer, the result's behind the operands', has the places of a map. */
static bool is_map(const struct places *p, uint32_t buffer)
{
    const struct node *n = p->k->node;
    const struct node *v = buffer < n->input_count ? graph_node(p->k->graph, n->inputs[buffer]) : n;
    return v->form.layout == FTMRT_LAYOUT_BLOCKED &&
           geometry_of_shape(&v->type.shape).pixels == p->q.pixels;
}

/* Asks for what a vector of channels has at a place some way on, in maps that nothing has asked for, those before buffer `end`. Blocks of channels lie a map apart, and
 * no processor foresees so many streams. */
static void fetch_ahead(struct places *p, const struct channel_lanes *at, uint32_t place,
                        uint32_t end)
{
    struct ir *ir = p->k->ir;
    for (uint32_t buffer = p->fetched; buffer < end; buffer++) {
        if (!is_map(p, buffer) || at->part)
            continue;
        struct address slice = geometry_slice(ir, &p->q, p->k->buffer[buffer], p->image, at->block);
        ir_prefetch(ir, geometry_pixel(ir, slice, p->first, 0),
                    ir_i64(ir, (GEOMETRY_FETCHED_PLACES + (int64_t)place) * FTMRT_CB));
    }
}

/* Behind the last buffer. */
static uint32_t fetched_end(const struct places *p)
{
    return p->fetches ? p->k->node->input_count + 1 : 0;
}

/* Behind the buffers that the next sum asks for. */
static uint32_t fetched_by_sum(const struct places *p)
{
    const uint32_t end = fetched_end(p);
    for (uint32_t i = p->fetched; i < end && p->one_a_sum; i++)
        if (is_map(p, i))
            return i + 1;
    return end;
}

static void run(struct places *p, LLVMValueRef lo, LLVMValueRef hi, uint32_t count,
                places_body *body, void *user)
{
    struct ir_loop loop = ir_loop_begin(p->k->ir, lo, hi, count);
    p->first = loop.i;
    p->count = count;
    p->fetched = 0;
    p->fetches = p->q.blocks > 1 && count > 1 && geometry_is_far(p->k, &p->q);
    body(p, user);
    ir_loop_end(p->k->ir, &loop);
}

void places_each(struct places *p, LLVMValueRef lo, LLVMValueRef hi, places_body *body, void *user)
{
    struct ir *ir = p->k->ir;
    const uint32_t many = places_at_once(ir);
    LLVMValueRef groups = ir_div_const(ir, ir_sub(ir, hi, lo), many);
    LLVMValueRef whole = ir_add(ir, lo, ir_mul_const(ir, groups, many));
    run(p, lo, whole, many, body, user);
    run(p, whole, hi, 1, body, user);
}

static int64_t tiles(const struct geometry *q) { return ceil_div(q->pixels, PLACES_OF_TILE); }

void places_emit(struct places *p, places_body *body)
{
    struct ir *ir = p->k->ir;
    struct ir_loop units = ir_loop_begin(ir, p->k->begin, p->k->end, 1);
    p->image = ir_div_const(ir, units.i, tiles(&p->q));
    LLVMValueRef lo = ir_mul_const(ir, ir_rem_const(ir, units.i, tiles(&p->q)), PLACES_OF_TILE);
    LLVMValueRef hi = ir_min(ir, ir_add_const(ir, lo, PLACES_OF_TILE), ir_i64(ir, p->q.pixels));
    places_each(p, lo, hi, body, NULL);
    ir_loop_end(ir, &units);
}

struct kernel_units places_units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)g, (void)cpu, (void)phase;
    const struct geometry q = geometry_of_shape(&n->type.shape);
    return (struct kernel_units){.per_group = tiles(&q), .images = 1};
}

static void visit_block(struct places *p, LLVMValueRef block, bool last, places_visit *visit,
                        void *user)
{
    for (uint32_t part = 0; part < geometry_parts(p->k->ir); part++)
        visit(p, &(struct channel_lanes){.block = block, .part = part, .last = last}, user);
}

void places_channels(struct places *p, places_visit *visit, void *user)
{
    struct ir *ir = p->k->ir;
    const int64_t whole = p->q.channels / FTMRT_CB;
    struct ir_loop blocks = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, whole), 1);
    visit_block(p, blocks.i, false, visit, user);
    ir_loop_end(ir, &blocks);
    if (whole < p->q.blocks)
        visit_block(p, ir_i64(ir, whole), true, visit, user);
}

/* ---- vectors ---- */

LLVMValueRef places_load(struct places *p, uint32_t operand, const struct channel_lanes *at,
                         uint32_t place)
{
    struct ir *ir = p->k->ir;
    struct address slice =
        geometry_slice(ir, &p->q, kernel_buffer(p->k, operand), p->image, at->block);
    struct address pixel = geometry_pixel(ir, slice, p->first, at->part);
    return ir_load_vec(ir, ir_at_const(ir, pixel, (int64_t)place * FTMRT_CB));
}

LLVMValueRef places_kept_or(struct places *p, const struct channel_lanes *at, LLVMValueRef value,
                            double otherwise)
{
    struct ir *ir = p->k->ir;
    if (!at->last)
        return value;
    const int64_t channels = p->q.channels % FTMRT_CB - (int64_t)at->part * ir->cpu->lanes;
    LLVMValueRef keep[FTMRT_CB];
    for (uint32_t i = 0; i < ir->cpu->lanes; i++)
        keep[i] = LLVMConstInt(ir->i1, i < channels, false);
    return LLVMBuildSelect(ir->b, LLVMConstVector(keep, ir->cpu->lanes), value,
                           ir_vec_const(ir, otherwise), "");
}

LLVMValueRef places_kept(struct places *p, const struct channel_lanes *at, LLVMValueRef value)
{
    return places_kept_or(p, at, value, 0);
}

static struct position position_of(const struct places *p, const struct channel_lanes *at,
                                   uint32_t place)
{
    return (struct position){.image = p->image,
                             .block = at->block,
                             .pixel = p->first,
                             .pixel_add = place,
                             .part = at->part};
}

void places_store(struct places *p, const struct channel_lanes *at, uint32_t place, LLVMValueRef v)
{
    const struct position to = position_of(p, at, place);
    fetch_ahead(p, at, place, fetched_end(p));
    epilogue_store(p->k, places_kept(p, at, v), &to);
}

bool places_can_note(struct places *p) { return kernel_result(p->k).stored == FTMRT_F32; }

void places_note(struct places *p, const struct channel_lanes *at, uint32_t place, LLVMValueRef v)
{
    const struct position to = position_of(p, at, place);
    ir_store_vec(p->k->ir, v, epilogue_address(p->k, p->k->node->input_count, &to, 0));
}

LLVMValueRef places_noted(struct places *p, const struct channel_lanes *at, uint32_t place)
{
    const struct position to = position_of(p, at, place);
    return ir_load_vec(p->k->ir, epilogue_address(p->k, p->k->node->input_count, &to, 0));
}

LLVMValueRef places_centred(struct places *p, const struct channel_lanes *at, uint32_t place)
{
    LLVMValueRef x = places_load(p, p->x, at, place);
    return places_kept(p, at, LLVMBuildFSub(p->k->ir->b, x, p->mean[place], ""));
}

LLVMValueRef places_channel(struct places *p, uint32_t operand, const struct channel_lanes *at)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef immediate = kernel_immediate(p->k, operand);
    if (immediate)
        return immediate;
    return ir_load_vec(
        ir, geometry_vector(ir, &p->q, kernel_buffer(p->k, operand), 0, at->block, at->part));
}

/* ---- sums ---- */

struct place_sums {
    places_term *term;
    uint32_t rows, fetched_end;
    LLVMValueRef local[PLACES_MAX_ROWS][PLACES_MAX];
};

static void add_terms(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    const struct place_sums *s = user;
    for (uint32_t row = 0; row < s->rows; row++)
        for (uint32_t i = 0; i < p->count; i++) {
            LLVMValueRef old = ir_get(ir, ir->vec, s->local[row][i]);
            if (row == 0)
                fetch_ahead(p, at, i, s->fetched_end);
            ir_set(ir, s->local[row][i], LLVMBuildFAdd(ir->b, old, s->term(p, at, i, row), ""));
        }
}

/* The sums of each row: see vmath_lanes_sums. */
static void sum_lanes(struct places *p, places_term *term, uint32_t rows, LLVMValueRef out[])
{
    struct ir *ir = p->k->ir;
    struct place_sums s = {.term = term, .rows = rows, .fetched_end = fetched_by_sum(p)};
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t i = 0; i < p->count; i++) {
            s.local[row][i] = ir_local(ir, ir->vec);
            ir_set(ir, s.local[row][i], ir_vec_const(ir, 0));
        }
    places_channels(p, add_terms, &s);
    p->fetched = s.fetched_end;
    for (uint32_t row = 0; row < rows; row++) {
        LLVMValueRef v[PLACES_MAX];
        for (uint32_t i = 0; i < p->count; i++)
            v[i] = ir_get(ir, ir->vec, s.local[row][i]);
        out[row] = vmath_lanes_sums(ir, v, p->count);
    }
}

/* A number for results: one, or one in every lane. */
static LLVMValueRef number(const struct places *p, double v)
{
    return p->count == 1 ? ir_f32(p->k->ir, v) : ir_vec_const(p->k->ir, v);
}

static void mean_lanes(struct places *p, places_term *term, uint32_t rows, LLVMValueRef out[])
{
    sum_lanes(p, term, rows, out);
    for (uint32_t row = 0; row < rows; row++)
        out[row] = LLVMBuildFDiv(p->k->ir->b, out[row], number(p, (double)p->q.channels), "");
}

static void spread(struct places *p, LLVMValueRef results, LLVMValueRef out[PLACES_MAX])
{
    for (uint32_t i = 0; i < p->count; i++)
        out[i] = vmath_lane_of(p->k->ir, results, i, p->count);
}

void places_sum(struct places *p, places_term *term, places_result *result,
                LLVMValueRef out[PLACES_MAX])
{
    LLVMValueRef sum[1];
    sum_lanes(p, term, 1, sum);
    spread(p, result ? result(p->k->ir, sum[0]) : sum[0], out);
}

LLVMValueRef places_reciprocal(struct ir *ir, LLVMValueRef sums)
{
    const bool one = LLVMTypeOf(sums) == ir->f32;
    return LLVMBuildFDiv(ir->b, one ? ir_f32(ir, 1) : ir_vec_const(ir, 1), sums, "");
}

void places_mean(struct places *p, places_term *term, uint32_t rows, LLVMValueRef out[][PLACES_MAX])
{
    LLVMValueRef mean[PLACES_MAX_ROWS];
    mean_lanes(p, term, rows, mean);
    for (uint32_t row = 0; row < rows; row++)
        spread(p, mean[row], out[row]);
}

static void take_greater(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    const LLVMValueRef *best = user;
    for (uint32_t i = 0; i < p->count; i++) {
        LLVMValueRef x = places_kept_or(p, at, places_load(p, p->x, at, i), -INFINITY);
        ir_set(ir, best[i], vmath_max(ir, x, ir_get(ir, ir->vec, best[i])));
    }
}

void places_max(struct places *p, LLVMValueRef out[PLACES_MAX])
{
    struct ir *ir = p->k->ir;
    LLVMValueRef best[PLACES_MAX];
    for (uint32_t i = 0; i < p->count; i++) {
        best[i] = ir_local(ir, ir->vec);
        ir_set(ir, best[i], ir_vec_const(ir, -INFINITY));
    }
    places_channels(p, take_greater, best);
    for (uint32_t i = 0; i < p->count; i++)
        best[i] = ir_get(ir, ir->vec, best[i]);
    spread(p, vmath_lanes_maxima(ir, best, p->count), out);
}

/* Of padding lanes 0: what is stored has 0 there. */
static LLVMValueRef value_term(struct places *p, const struct channel_lanes *at, uint32_t place,
                               uint32_t row)
{
    (void)row;
    return places_load(p, p->x, at, place);
}

static LLVMValueRef square_term(struct places *p, const struct channel_lanes *at, uint32_t place,
                                uint32_t row)
{
    (void)row;
    LLVMValueRef d = places_centred(p, at, place);
    return LLVMBuildFMul(p->k->ir->b, d, d, "");
}

void places_moments(struct places *p)
{
    struct ir *ir = p->k->ir;
    LLVMValueRef variance[1], mean[1];
    mean_lanes(p, value_term, 1, mean);
    spread(p, mean[0], p->mean);
    mean_lanes(p, square_term, 1, variance);
    LLVMValueRef eps = number(p, p->k->node->attrs->eps);
    LLVMValueRef deviation = ir_sqrt(ir, LLVMBuildFAdd(ir->b, variance[0], eps, ""));
    spread(p, places_reciprocal(ir, deviation), p->inv);
}
