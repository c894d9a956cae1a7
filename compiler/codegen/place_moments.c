/* Moments over the channels of places: see place_moments.h. */
#include "place_moments.h"

#include "rounding.h"
#include "vmath.h"

int64_t places_tiles(const struct geometry *q) { return ceil_div(q->pixels, PLACES_OF_TILE); }

/* Two accumulators and the mean of each place fit the registers. */
static uint32_t places_at_once(const struct ir *ir)
{
    return ir->cpu->lanes == FTMRT_CB ? PLACES_MAX : PLACES_MAX / 2;
}

static void run(struct places *p, LLVMValueRef lo, LLVMValueRef hi, uint32_t count,
                places_body *body, void *user)
{
    struct ir_loop loop = ir_loop_begin(p->k->ir, lo, hi, count);
    p->first = loop.i;
    p->count = count;
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

LLVMValueRef places_kept(struct places *p, const struct channel_lanes *at, LLVMValueRef value)
{
    struct ir *ir = p->k->ir;
    if (!at->last)
        return value;
    const int64_t channels = p->q.channels % FTMRT_CB - (int64_t)at->part * ir->cpu->lanes;
    LLVMValueRef keep[FTMRT_CB];
    for (uint32_t i = 0; i < ir->cpu->lanes; i++)
        keep[i] = LLVMConstInt(ir->i1, i < channels, false);
    return LLVMBuildSelect(ir->b, LLVMConstVector(keep, ir->cpu->lanes), value, ir_vec_const(ir, 0),
                           "");
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
    uint32_t rows;
    LLVMValueRef local[PLACES_MAX_ROWS][PLACES_MAX];
};

static void add_terms(struct places *p, const struct channel_lanes *at, void *user)
{
    struct ir *ir = p->k->ir;
    const struct place_sums *s = user;
    for (uint32_t row = 0; row < s->rows; row++)
        for (uint32_t i = 0; i < p->count; i++) {
            LLVMValueRef old = ir_get(ir, ir->vec, s->local[row][i]);
            ir_set(ir, s->local[row][i], LLVMBuildFAdd(ir->b, old, s->term(p, at, i, row), ""));
        }
}

void places_mean(struct places *p, places_term *term, uint32_t rows, LLVMValueRef out[][PLACES_MAX])
{
    struct ir *ir = p->k->ir;
    struct place_sums s = {.term = term, .rows = rows};
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t i = 0; i < p->count; i++) {
            s.local[row][i] = ir_local(ir, ir->vec);
            ir_set(ir, s.local[row][i], ir_vec_const(ir, 0));
        }
    places_channels(p, add_terms, &s);
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t i = 0; i < p->count; i++) {
            LLVMValueRef sum = vmath_lanes_sum(ir, ir_get(ir, ir->vec, s.local[row][i]));
            sum = LLVMBuildFDiv(ir->b, sum, ir_f32(ir, (double)p->q.channels), "");
            out[row][i] = ir_splat(ir, sum);
        }
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
    LLVMValueRef variance[1][PLACES_MAX], mean[1][PLACES_MAX];
    places_mean(p, value_term, 1, mean);
    for (uint32_t i = 0; i < p->count; i++)
        p->mean[i] = mean[0][i];
    places_mean(p, square_term, 1, variance);
    for (uint32_t i = 0; i < p->count; i++) {
        LLVMValueRef eps = ir_vec_const(ir, p->k->node->attrs->eps);
        LLVMValueRef deviation = ir_sqrt(ir, LLVMBuildFAdd(ir->b, variance[0][i], eps, ""));
        p->inv[i] = LLVMBuildFDiv(ir->b, ir_vec_const(ir, 1), deviation, "");
    }
}
