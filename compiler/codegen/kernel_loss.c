/* Losses: softmax with cross entropy, cross_entropy (the mean over the batch) and its gradient, and the
 * mean of any other loss, whose op says what an element adds.
 *
 * Logits are BLOCKED with one pixel: K logits of an image are consecutive, padded to a multiple of
 * 16; the padding is masked. Per image: the maximum m, then s = sum exp(x - m); with smoothing e
 * and label l
 *
 *     loss = log s - (1 - e) (x[l] - m) - e / K sum (x - m)
 *     dx   = dy (exp(x - m) / s - (1 - e) [c == l] - e / K) / n
 *
 * A label that is a distribution t has sum t (x - m) for x[l] - m, t for [c == l], and, with w =
 * (1 - e) sum t + e, w log s for log s and w exp(x - m) / s for exp(x - m) / s.
 * (m is taken off before anything is added up: large logits cost no digits.) A label is only
 * compared, never used as an address: one out of range cannot read other memory. The loss is a
 * chain over the images of a shard, then the fixed tree over the shards (scratch: one vector each).
 */
#include "geometry.h"
#include "vmath.h"

struct softmax {
    struct kernel_build *k;
    int64_t classes, padded;
    LLVMValueRef x;          /* logits of the image */
    LLVMValueRef label;      /* in every lane, i32; NULL: */
    LLVMValueRef shares;     /* the image's distribution */
    LLVMValueRef weight;     /* f32: w, of a distribution */
    LLVMValueRef max, sum;   /* f32 in every lane: maximum, sum of exponentials */
    LLVMValueRef total, hit; /* f32: sum of the logits, logit of the label; both less the maximum */
};

static struct softmax softmax_of(struct kernel_build *k)
{
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    FTM_BUG_ON(q.pixels != 1, "logits with %lld pixels", (long long)q.pixels);
    return (struct softmax){.k = k, .classes = q.channels, .padded = q.blocks * FTMRT_CB};
}

/* i32 lanes c, c + 1, ... for a vector that starts at class c. */
static LLVMValueRef class_index(struct ir *ir, LLVMValueRef c)
{
    LLVMValueRef start = vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, c, ir->i32, ""));
    return LLVMBuildAdd(ir->b, start, vmath_iota(ir), "");
}

/* v in the lanes of classes, `other` in the padding. */
static LLVMValueRef masked(struct softmax *s, LLVMValueRef index, LLVMValueRef v, double other)
{
    struct ir *ir = s->k->ir;
    if (s->classes == s->padded)
        return v;
    LLVMValueRef end = vmath_splat_i32(ir, LLVMConstInt(ir->i32, (uint64_t)s->classes, false));
    LLVMValueRef valid = LLVMBuildICmp(ir->b, LLVMIntSLT, index, end, "");
    return LLVMBuildSelect(ir->b, valid, v, ir_vec_const(ir, other), "");
}

static void find_max(struct softmax *s)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef best = ir_local(ir, ir->vec);
    ir_set(ir, best, ir_vec_const(ir, (double)-__builtin_inff()));
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->padded), ir->cpu->lanes);
    LLVMValueRef v = masked(s, class_index(ir, c.i), ir_load_vec(ir, ir_at(ir, s->x, c.i)),
                            (double)-__builtin_inff());
    ir_set(ir, best, vmath_max(ir, v, ir_get(ir, ir->vec, best)));
    ir_loop_end(ir, &c);
    s->max = ir_splat(ir, vmath_lanes_max(ir, ir_get(ir, ir->vec, best)));
}

static void accumulate(struct ir *ir, LLVMValueRef local, LLVMValueRef v)
{
    ir_set(ir, local, LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, local), v, ""));
}

/* share in the lane of the label and 0 in the others; the shares of a distribution times `share`. */
static LLVMValueRef label_times(struct softmax *s, LLVMValueRef index, LLVMValueRef c,
                                LLVMValueRef share)
{
    struct ir *ir = s->k->ir;
    if (!s->label)
        return LLVMBuildFMul(ir->b, ir_load_vec(ir, ir_at(ir, s->shares, c)), share, "");
    LLVMValueRef hit = LLVMBuildICmp(ir->b, LLVMIntEQ, index, s->label, "");
    return LLVMBuildSelect(ir->b, hit, share, ir_vec_const(ir, 0), "");
}

static void find_sums(struct softmax *s)
{
    struct ir *ir = s->k->ir;
    LLVMValueRef local[4], zero = ir_vec_const(ir, 0);
    const int sums = s->label ? 3 : 4;
    for (int i = 0; i < sums; i++) {
        local[i] = ir_local(ir, ir->vec);
        ir_set(ir, local[i], zero);
    }
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->padded), ir->cpu->lanes);
    LLVMValueRef index = class_index(ir, c.i), v = ir_load_vec(ir, ir_at(ir, s->x, c.i));
    v = LLVMBuildFSub(ir->b, v, s->max, "");
    LLVMValueRef e = vmath_exp(ir, v);
    accumulate(ir, local[0], masked(s, index, e, 0));
    accumulate(ir, local[1], masked(s, index, v, 0));
    accumulate(ir, local[2], label_times(s, index, c.i, v));
    if (!s->label) /* the padding of a distribution is 0 */
        accumulate(ir, local[3], ir_load_vec(ir, ir_at(ir, s->shares, c.i)));
    ir_loop_end(ir, &c);
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

/* Takes an image's logits and label and finds its maximum and sums. */
static void take_image(struct softmax *s, LLVMValueRef logits, LLVMValueRef labels,
                       LLVMValueRef image)
{
    struct ir *ir = s->k->ir;
    s->x = ir_at(ir, logits, ir_mul_const(ir, image, s->padded));
    if (graph_node(s->k->graph, s->k->node->inputs[1])->type.dtype == FTMRT_I32) {
        LLVMValueRef label = LLVMBuildLoad2(ir->b, ir->i32, ir_at(ir, labels, image), "");
        LLVMSetAlignment(label, 4);
        s->label = vmath_splat_i32(ir, label);
    } else {
        s->shares = ir_at(ir, labels, ir_mul_const(ir, image, s->padded));
    }
    find_max(s);
    find_sums(s);
}

static LLVMValueRef first_lane(struct ir *ir, LLVMValueRef v)
{
    return LLVMBuildExtractElement(ir->b, v, LLVMConstInt(ir->i32, 0, false), "");
}

static LLVMValueRef image_loss(struct softmax *s)
{
    struct ir *ir = s->k->ir;
    double smoothing = s->k->node->attrs->label_smoothing;
    LLVMValueRef loss = first_lane(ir, vmath_log(ir, s->sum));
    if (s->weight)
        loss = LLVMBuildFMul(ir->b, loss, s->weight, "");
    LLVMValueRef hit = LLVMBuildFMul(ir->b, s->hit, ir_f32(ir, 1 - smoothing), "");
    loss = LLVMBuildFSub(ir->b, loss, hit, "");
    if (smoothing == 0)
        return loss;
    LLVMValueRef spread =
        LLVMBuildFMul(ir->b, s->total, ir_f32(ir, smoothing / (double)s->classes), "");
    return LLVMBuildFSub(ir->b, loss, spread, "");
}

/* ---- cross_entropy ---- */

static void emit_loss_shards(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct softmax s = softmax_of(k);
    LLVMValueRef logits = kernel_buffer(k, 0), labels = kernel_buffer(k, 1),
                 scratch = kernel_scratch(k);
    LLVMValueRef sum = ir_local(ir, ir->f32);
    struct ir_loop shards = ir_loop_begin(ir, k->begin, k->end, 1);
    LLVMValueRef lo, hi;
    kernel_shard(k, shards.i, &lo, &hi);
    ir_set(ir, sum, ir_f32(ir, 0));
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    take_image(&s, logits, labels, images.i);
    ir_set(ir, sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->f32, sum), image_loss(&s), ""));
    ir_loop_end(ir, &images);
    ir_store_f32(ir, ir_get(ir, ir->f32, sum),
                 ir_at(ir, scratch, ir_mul_const(ir, shards.i, FTMRT_CB)));
    ir_loop_end(ir, &shards);
}

/* The tree over the shards. */
static void emit_loss_tree(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    uint32_t shards = (uint32_t)k->graph->program->shards;
    LLVMValueRef scratch = kernel_scratch(k), v[FTMRT_MAX_SHARDS];
    for (uint32_t s = 0; s < shards; s++)
        v[s] = ir_load_f32(ir, ir_at_const(ir, scratch, (int64_t)s * FTMRT_CB));
    ir_store_f32(ir, vmath_tree_sum(ir, v, shards), kernel_result(k));
}

/* Behind the hook: divides by the images of the whole step times `per_image`. */
static void divide(struct kernel_build *k, int64_t per_image)
{
    struct ir *ir = k->ir;
    LLVMValueRef count = geometry_float(ir, ir_mul_const(ir, k->step_images, per_image));
    LLVMValueRef sum = ir_load_f32(ir, kernel_result(k));
    ir_store_f32(ir, LLVMBuildFDiv(ir->b, sum, count, ""), kernel_result(k));
}

static void finish_cross_entropy(struct kernel_build *k) { divide(k, 1); }

static void emit_cross_entropy(struct kernel_build *k)
{
    if (k->phase == 0)
        emit_loss_shards(k);
    else
        emit_loss_tree(k);
}

static struct kernel_units loss_units(const struct graph *g, const struct node *n,
                                      const struct cpu *cpu, uint32_t phase)
{
    (void)n, (void)cpu;
    return (struct kernel_units){.fixed = phase == 0 ? g->program->shards : 1, .images = 1};
}

/* ---- any mean ---- */

/* What the channels of an image add up to: a vector for all blocks, then its lanes. */
static LLVMValueRef image_sum(struct kernel_build *k, struct softmax *s, LLVMValueRef image)
{
    struct ir *ir = k->ir;
    LLVMValueRef sum = ir_local(ir, ir->vec);
    ir_set(ir, sum, ir_vec_const(ir, 0));
    struct ir_loop block = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->padded / FTMRT_CB), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        struct position at = {
            .image = image, .block = block.i, .pixel = ir_i64(ir, 0), .part = part};
        LLVMValueRef c =
            ir_add_const(ir, ir_mul_const(ir, block.i, FTMRT_CB), (int64_t)part * ir->cpu->lanes);
        accumulate(ir, sum, masked(s, class_index(ir, c), epilogue_value(k, &at), 0));
    }
    ir_loop_end(ir, &block);
    return vmath_lanes_sum(ir, ir_get(ir, ir->vec, sum));
}

static void emit_mean_shards(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct softmax s = softmax_of(k);
    LLVMValueRef sum = ir_local(ir, ir->f32), scratch = kernel_scratch(k);
    struct ir_loop shards = ir_loop_begin(ir, k->begin, k->end, 1);
    LLVMValueRef lo, hi;
    kernel_shard(k, shards.i, &lo, &hi);
    ir_set(ir, sum, ir_f32(ir, 0));
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    LLVMValueRef more = image_sum(k, &s, images.i);
    ir_set(ir, sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->f32, sum), more, ""));
    ir_loop_end(ir, &images);
    ir_store_f32(ir, ir_get(ir, ir->f32, sum),
                 ir_at(ir, scratch, ir_mul_const(ir, shards.i, FTMRT_CB)));
    ir_loop_end(ir, &shards);
}

static void emit_mean_loss(struct kernel_build *k)
{
    if (k->phase == 0)
        emit_mean_shards(k);
    else
        emit_loss_tree(k);
}

static void finish_mean_loss(struct kernel_build *k)
{
    divide(k, graph_shape(k->graph, k->node->inputs[0])->dim[1]);
}

/* ---- cross_entropy_grad ---- */

/* The gradient of the loss in every lane; NULL: it is the constant 1, and nothing multiplies by it. */
static LLVMValueRef loss_gradient(struct kernel_build *k)
{
    const struct node *dy = graph_node(k->graph, k->node->inputs[2]);
    if (dy->op != OP_constant)
        return ir_splat(k->ir, ir_load_f32(k->ir, kernel_buffer(k, 2)));
    return dy->attrs->value == 1 ? NULL : ir_vec_const(k->ir, dy->attrs->value);
}

static void emit_cross_entropy_grad(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct softmax s = softmax_of(k);
    double smoothing = k->node->attrs->label_smoothing;
    LLVMValueRef logits = kernel_buffer(k, 0), labels = kernel_buffer(k, 1),
                 result = kernel_result(k);
    LLVMValueRef count = ir_splat(ir, geometry_float(ir, k->step_images));
    LLVMValueRef spread = ir_vec_const(ir, smoothing / (double)s.classes);
    LLVMValueRef dy = loss_gradient(k);
    FTM_BUG_ON(k->node->step_count, "steps behind cross_entropy_grad");
    struct ir_loop images = ir_loop_begin(ir, k->begin, k->end, 1);
    take_image(&s, logits, labels, images.i);
    LLVMValueRef dx = ir_at(ir, result, ir_mul_const(ir, images.i, s.padded));
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s.padded), ir->cpu->lanes);
    LLVMValueRef index = class_index(ir, c.i);
    LLVMValueRef p = LLVMBuildFSub(ir->b, ir_load_vec(ir, ir_at(ir, s.x, c.i)), s.max, "");
    p = LLVMBuildFDiv(ir->b, vmath_exp(ir, p), s.sum, "");
    if (s.weight)
        p = LLVMBuildFMul(ir->b, p, ir_splat(ir, s.weight), "");
    LLVMValueRef target = label_times(&s, index, c.i, ir_vec_const(ir, 1 - smoothing));
    p = LLVMBuildFSub(ir->b, LLVMBuildFSub(ir->b, p, target, ""), spread, "");
    p = LLVMBuildFDiv(ir->b, p, count, "");
    if (dy)
        p = LLVMBuildFMul(ir->b, p, dy, "");
    ir_store_vec(ir, masked(&s, index, p, 0), ir_at(ir, dx, c.i));
    ir_loop_end(ir, &c);
    ir_loop_end(ir, &images);
}

static struct kernel_units image_units(const struct graph *g, const struct node *n,
                                       const struct cpu *cpu, uint32_t phase)
{
    (void)g, (void)n, (void)cpu, (void)phase;
    return (struct kernel_units){.per_group = 1, .images = 1};
}

const struct kernel_family kernel_cross_entropy = {.name = "cross_entropy",
                                                   .phases = two_phases,
                                                   .units = loss_units,
                                                   .emit = emit_cross_entropy,
                                                   .finish = finish_cross_entropy};
const struct kernel_family kernel_mean_loss = {.name = "mean_loss",
                                               .phases = two_phases,
                                               .units = loss_units,
                                               .emit = emit_mean_loss,
                                               .finish = finish_mean_loss};
const struct kernel_family kernel_cross_entropy_grad = {.name = "cross_entropy_grad",
                                                        .phases = one_phase,
                                                        .units = image_units,
                                                        .emit = emit_cross_entropy_grad};
