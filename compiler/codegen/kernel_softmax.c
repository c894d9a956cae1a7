/* Softmax of a place: see kernel_softmax.h. */
#include "kernel_softmax.h"

#include "kernel_loss.h"
#include "vmath.h"

struct softmax softmax_of(struct kernel_build *k)
{
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    return (struct softmax){.k = k,
                            .classes = q.channels,
                            .padded = q.blocks * FTMRT_CB,
                            .pixels = q.pixels,
                            .fetches = q.pixels > 1 && q.blocks > 1 && geometry_is_far(k, &q)};
}

struct address softmax_at(struct softmax *s, struct address base, LLVMValueRef c)
{
    struct ir *ir = s->k->ir;
    if (s->pixels == 1)
        return ir_at(ir, base, c);
    LLVMValueRef block = ir_div_const(ir, c, FTMRT_CB), lane = ir_rem_const(ir, c, FTMRT_CB);
    return ir_at(ir, base, ir_add(ir, ir_mul_const(ir, block, s->pixels * FTMRT_CB), lane));
}

struct address softmax_place(struct softmax *s, struct address base, LLVMValueRef image,
                             LLVMValueRef pixel)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef before = ir_mul_const(ir, image, s->padded * s->pixels);
    return ir_at(ir, base, ir_add(ir, before, ir_mul_const(ir, pixel, FTMRT_CB)));
}

LLVMValueRef softmax_index(struct ir *ir, LLVMValueRef c)
{
    LLVMValueRef start = vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, c, ir->i32, ""));
    return LLVMBuildAdd(ir->b, start, vmath_iota(ir), "");
}

LLVMValueRef softmax_masked(struct softmax *s, LLVMValueRef index, LLVMValueRef v, double other)
{
    struct ir *ir = s->k->ir;
    if (!s->last)
        return v;
    LLVMValueRef end = vmath_splat_i32(ir, LLVMConstInt(ir->i32, (uint64_t)s->classes, false));
    LLVMValueRef valid = LLVMBuildICmp(ir->b, LLVMIntSLT, index, end, "");
    return LLVMBuildSelect(ir->b, valid, v, ir_vec_const(ir, other), "");
}

/* From class `first` on. */
static void each_from(struct softmax *s, int64_t first, softmax_vector *body, void *user)
{
    struct ir *ir = s->k->ir;
    const int64_t lanes = ir->cpu->lanes, whole = s->classes / lanes * lanes;
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, first), ir_i64(ir, whole), lanes);
    body(s, c.i, user);
    ir_loop_end(ir, &c);
    s->last = true;
    for (int64_t i = whole; i < s->padded; i += lanes)
        body(s, ir_i64(ir, i), user);
    s->last = false;
}

void softmax_each(struct softmax *s, softmax_vector *body, void *user)
{
    each_from(s, 0, body, user);
}

enum { CHAINS = 4 };

/* The greater of what a chain has and vector c. */
static void take_greater(struct softmax *s, LLVMValueRef c, void *user)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef chain = *(LLVMValueRef *)user;
    LLVMValueRef v =
        softmax_masked(s, softmax_index(ir, c), ir_load_vec(ir, softmax_at(s, s->x, c)),
                       (double)-__builtin_inff());
    ir_set(ir, chain, vmath_max(ir, v, ir_get(ir, ir->vec, chain)));
}

/* Several chains where there are many classes, so that comparisons do not wait for each other. */
static void find_max(struct softmax *s)
{
    struct ir *ir = s->k->ir;
    const int64_t lanes = ir->cpu->lanes, step = CHAINS * lanes,
                  unrolled = s->classes >= 2 * step ? s->classes / step * step : 0;
    LLVMValueRef chain[CHAINS], best;
    for (int i = 0; i < CHAINS; i++) {
        chain[i] = ir_local(ir, ir->vec);
        ir_set(ir, chain[i], ir_vec_const(ir, (double)-__builtin_inff()));
    }
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, unrolled), step);
    for (int i = 0; i < CHAINS; i++)
        take_greater(s, ir_add_const(ir, c.i, i * lanes), &chain[i]);
    ir_loop_end(ir, &c);
    each_from(s, unrolled, take_greater, &chain[0]);
    best = ir_get(ir, ir->vec, chain[0]);
    for (int i = 1; i < CHAINS && unrolled; i++)
        best = vmath_max(ir, ir_get(ir, ir->vec, chain[i]), best);
    s->max = ir_splat(ir, vmath_lanes_max(ir, best));
}

static void accumulate(struct ir *ir, LLVMValueRef local, LLVMValueRef v)
{
    ir_set(ir, local, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, local), v, ""));
}

LLVMValueRef softmax_label(struct softmax *s, LLVMValueRef index, LLVMValueRef c,
                           LLVMValueRef share)
{
    struct ir *ir = s->k->ir;
    if (!s->label)
        return LLVMBuildFMul(ir->b, ir_load_vec(ir, softmax_at(s, s->shares, c)), share, "");
    LLVMValueRef hit = LLVMBuildICmp(ir->b, LLVMIntEQ, index, s->label, "");
    return LLVMBuildSelect(ir->b, hit, share, ir_vec_const(ir, 0), "");
}

void softmax_fetch_ahead(struct softmax *s, LLVMValueRef c)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef way = ir_i64(ir, (int64_t)GEOMETRY_FETCHED_PLACES * FTMRT_CB);
    const struct address place[] = {s->x, s->noted, s->shares};
    if (!s->fetches)
        return;
    for (size_t i = 0; i < sizeof place / sizeof *place; i++)
        if (place[i].p)
            ir_prefetch(ir, softmax_at(s, place[i], c), way);
}

/* Of a place: sums of exponentials, of logits, of the label's logit, of a distribution. */
struct sums {
    LLVMValueRef local[4];
};

static void add_vector(struct softmax *s, LLVMValueRef c, void *user)
{
    struct ir *ir = s->k->ir;
    softmax_fetch_ahead(s, c);
    const LLVMValueRef *local = ((const struct sums *)user)->local;
    LLVMValueRef index = softmax_index(ir, c), v = ir_load_vec(ir, softmax_at(s, s->x, c));
    v = LLVMBuildFSub(ir->b, v, s->max, "");
    LLVMValueRef e = vmath_exp(ir, v);
    if (s->noted.p)
        ir_store_vec(ir, e, softmax_at(s, s->noted, c));
    accumulate(ir, local[0], softmax_masked(s, index, e, 0));
    accumulate(ir, local[1], softmax_masked(s, index, v, 0));
    accumulate(ir, local[2], softmax_label(s, index, c, v));
    if (!s->label) /* the padding of a distribution is 0 */
        accumulate(ir, local[3], ir_load_vec(ir, softmax_at(s, s->shares, c)));
}

static void find_sums(struct softmax *s)
{
    struct ir *ir = s->k->ir;
    struct sums sums = {{NULL}};
    LLVMValueRef *local = sums.local, zero = ir_vec_const(ir, 0);
    for (int i = 0; i < (s->label ? 3 : 4); i++) {
        local[i] = ir_local(ir, ir->vec);
        ir_set(ir, local[i], zero);
    }
    softmax_each(s, add_vector, &sums);
    s->sum = ir_splat(ir, vmath_lanes_sum(ir, ir_get(ir, ir->vec, local[0])));
    s->total = vmath_lanes_sum(ir, ir_get(ir, ir->vec, local[1]));
    s->hit = vmath_lanes_sum(ir, ir_get(ir, ir->vec, local[2]));
    if (s->label)
        return;
    double smoothing = s->k->node->attrs->label_smoothing;
    LLVMValueRef all = vmath_lanes_sum(ir, ir_get(ir, ir->vec, local[3]));
    all = LLVMBuildFMul(ir->b, all, ir_f32(ir, 1 - smoothing), "");
    s->weight = LLVMBuildFAdd(ir->b, all, ir_f32(ir, smoothing), "");
}

void softmax_take(struct softmax *s, LLVMValueRef image, LLVMValueRef pixel)
{
    struct kernel_build *k = s->k;
    s->x = softmax_place(s, kernel_buffer(k, 0), image, pixel);
    if (graph_node(k->graph, k->node->inputs[1])->type.dtype == FTMRT_I32)
        s->label = loss_label(k, image, pixel);
    else
        s->shares = softmax_place(s, kernel_buffer(k, 1), image, pixel);
    find_max(s);
    find_sums(s);
}
