/* The frame of the reductions: see kernel_reduce.h. */
#include "kernel_reduce.h"

#include "vmath.h"

enum { UNROLL = 4 };

struct reduction reduction_of(struct kernel_build *k, const struct reduce_rule *rule)
{
    struct reduction r = {.k = k,
                          .rule = rule,
                          .q = geometry_of(k->graph, k->node->inputs[0]),
                          .parts = geometry_parts(k->ir)};
    r.e = extent_of(k, &r.q);
    r.whole = kernel_number(k, r.q.pixels / UNROLL * UNROLL);
    for (uint32_t i = 0; i < k->node->input_count && i < REDUCE_OPERANDS; i++)
        r.buffer[i] = kernel_buffer(k, i);
    return r;
}

LLVMValueRef reduce_load(struct reduction *r, uint32_t operand, LLVMValueRef pixel, uint32_t part)
{
    return ir_load_vec(r->k->ir, geometry_pixel(r->k->ir, r->slice[operand], pixel, part));
}

/* Sums of rows first .. first+rows-1 over the pixels of the image at hand, in UNROLL chains. */
void reduce_pixels(struct reduction *r, uint32_t first, uint32_t rows, struct sums *out)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef acc[UNROLL][REDUCE_MAX_ROWS][REDUCE_MAX_PARTS] = {0};
    for (uint32_t u = 0; u < UNROLL; u++)
        for (uint32_t row = first; row < first + rows; row++)
            for (uint32_t part = 0; part < r->parts; part++) {
                acc[u][row][part] = ir_local(ir, ir->vec);
                ir_set(ir, acc[u][row][part], ir_vec_const(ir, 0));
            }
    int64_t rest = r->q.pixels % UNROLL;
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), r->whole, UNROLL);
    for (int64_t u = 0; u < UNROLL + rest; u++) {
        if (u == UNROLL)
            ir_loop_end(ir, &pixels);
        LLVMValueRef p = ir_add_const(ir, u < UNROLL ? pixels.i : r->whole, u % UNROLL);
        for (uint32_t row = first; row < first + rows; row++)
            for (uint32_t part = 0; part < r->parts; part++) {
                LLVMValueRef local = acc[u % UNROLL][row][part];
                ir_set(ir, local, r->rule->term(r, p, row, part, ir_get(ir, ir->vec, local)));
            }
    }
    if (rest == 0)
        ir_loop_end(ir, &pixels);
    for (uint32_t row = first; row < first + rows; row++)
        for (uint32_t part = 0; part < r->parts; part++) {
            LLVMValueRef v[UNROLL];
            for (uint32_t u = 0; u < UNROLL; u++)
                v[u] = ir_get(ir, ir->vec, acc[u][row][part]);
            out->v[row][part] = vmath_tree_sum(ir, v, UNROLL);
        }
}

struct address reduce_partial(struct reduction *r, LLVMValueRef shard, LLVMValueRef block,
                              uint32_t row, uint32_t part)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef floats = ir_mul_const(ir, r->e.blocks, (int64_t)r->rule->rows * FTMRT_CB);
    struct address rows = ir_at(ir, kernel_scratch(r->k), ir_mul(ir, shard, floats));
    return extent_vector(ir, &r->e, rows, row, block, part);
}

/* ---- the shards ---- */

static void take_image(struct reduction *r, LLVMValueRef image, LLVMValueRef block)
{
    for (uint32_t i = 0; i < r->rule->operands; i++)
        r->slice[i] = extent_slice(r->k->ir, &r->e, r->buffer[i], image, block);
}

static void locals(struct reduction *r, struct sums *s)
{
    struct ir *ir = r->k->ir;
    for (uint32_t row = 0; row < r->rule->rows; row++)
        for (uint32_t part = 0; part < r->parts; part++) {
            s->v[row][part] = ir_local(ir, ir->vec);
            ir_set(ir, s->v[row][part], ir_vec_const(ir, 0));
        }
}

static void store_partial(struct reduction *r, const struct sums *s, LLVMValueRef shard,
                          LLVMValueRef block)
{
    struct ir *ir = r->k->ir;
    for (uint32_t row = 0; row < r->rule->rows; row++)
        for (uint32_t part = 0; part < r->parts; part++)
            ir_store_vec(ir, ir_get(ir, ir->vec, s->v[row][part]),
                         reduce_partial(r, shard, block, row, part));
}

/* One image's contribution to the shard's sums. */
static void add_image(struct reduction *r, struct sums *total)
{
    struct ir *ir = r->k->ir;
    struct sums s = {0};
    reduce_pixels(r, 0, r->rule->rows, &s);
    for (uint32_t row = 0; row < r->rule->rows; row++)
        for (uint32_t part = 0; part < r->parts; part++) {
            LLVMValueRef old = ir_get(ir, ir->vec, total->v[row][part]);
            ir_set(ir, total->v[row][part], LLVMBuildFAdd(ir->b, old, s.v[row][part], ""));
        }
}

void reduce_shards(struct kernel_build *k, const struct reduce_rule *rule)
{
    struct ir *ir = k->ir;
    struct reduction r = reduction_of(k, rule);
    struct unit_loop u = unit_loop_begin_any(k, r.e.blocks); /* its "image" is the shard */
    struct sums total = {0};
    locals(&r, &total);
    if (rule->begin)
        rule->begin(&r, u.block);
    LLVMValueRef lo, hi;
    kernel_shard(k, u.image, &lo, &hi);
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    take_image(&r, images.i, u.block);
    if (rule->image)
        rule->image(&r, &total, ir_sub(ir, images.i, lo));
    else
        add_image(&r, &total);
    ir_loop_end(ir, &images);
    store_partial(&r, &total, u.image, u.block);
    unit_loop_end(k, &u);
}

/* ---- the tree over the shards ---- */

static LLVMValueRef tree_sum(struct reduction *r, LLVMValueRef block, uint32_t row, uint32_t part)
{
    struct ir *ir = r->k->ir;
    LLVMValueRef v[FTMRT_MAX_SHARDS] = {0};
    uint32_t shards = (uint32_t)r->k->graph->program->shards;
    for (uint32_t s = 0; s < shards; s++)
        v[s] = ir_load_vec(ir, reduce_partial(r, ir_i64(ir, s), block, row, part));
    return vmath_tree_sum(ir, v, shards);
}

static void emit_tree(struct kernel_build *k, const struct reduce_rule *rule)
{
    struct ir *ir = k->ir;
    struct reduction r = reduction_of(k, rule);
    struct address result = kernel_result(k);
    FTM_BUG_ON(k->node->step_count, "steps behind a reduction");
    struct ir_loop units = ir_loop_begin(ir, k->begin, k->end, 1);
    for (uint32_t row = 0; row < rule->rows; row++)
        for (uint32_t part = 0; part < r.parts; part++) {
            LLVMValueRef v = tree_sum(&r, units.i, row, part);
            if (rule->end)
                v = rule->end(&r, units.i, row, part, v);
            ir_store_vec(ir, v, extent_vector(ir, &r.e, result, row, units.i, part));
        }
    ir_loop_end(ir, &units);
}

void reduce_emit(struct kernel_build *k, const struct reduce_rule *rule)
{
    if (k->phase == 0)
        reduce_shards(k, rule);
    else
        emit_tree(k, rule);
}

struct kernel_units reduce_units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    (void)cpu;
    int64_t blocks = geometry_of(g, n->inputs[0]).blocks;
    return (struct kernel_units){.fixed = phase == 0 ? g->program->shards * blocks : blocks,
                                 .images = 1};
}
