/* interpolate and its gradient: a vector of channels is written to each place of its block, or the sum of the block's to it.
 * A unit is an (image, channel block). */
#include "geometry.h"

/* Loops over the rows and columns of a map. */
struct places {
    struct ir_loop rows, columns;
    LLVMValueRef pixel;
};

static struct places places_begin(struct ir *ir, int64_t height, int64_t width)
{
    struct places p = {.rows = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, height), 1)};
    p.columns = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, width), 1);
    p.pixel = ir_add(ir, ir_mul_const(ir, p.rows.i, width), p.columns.i);
    return p;
}

static void places_end(struct ir *ir, struct places *p)
{
    ir_loop_end(ir, &p->columns);
    ir_loop_end(ir, &p->rows);
}

static void emit_interpolate(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    const int64_t *scale = k->node->attrs->scale_factor;
    struct geometry x = geometry_of(k->graph, k->node->inputs[0]);
    struct unit_loop u = unit_loop_begin(k, x.blocks);
    struct address slice = geometry_slice(ir, &x, kernel_buffer(k, 0), u.image, u.block);
    struct places p = places_begin(ir, x.height * scale[0], x.width * scale[1]);
    LLVMValueRef row = ir_div_const(ir, p.rows.i, scale[0]),
                 column = ir_div_const(ir, p.columns.i, scale[1]),
                 from = ir_add(ir, ir_mul_const(ir, row, x.width), column);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = u.image, .block = u.block, .pixel = p.pixel, .part = part};
        epilogue_store(k, ir_load_vec(ir, geometry_pixel(ir, slice, from, part)), &at);
    }
    places_end(ir, &p);
    unit_loop_end(k, &u);
}

/* Adds up the block of a place of dx, whose first place of dy is `first`. */
static void add_block(struct kernel_build *k, const struct geometry *dy, struct address slice,
                      LLVMValueRef first, const LLVMValueRef *sum)
{
    struct ir *ir = k->ir;
    const int64_t *scale = k->node->attrs->scale_factor;
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        ir_set(ir, sum[part], ir_vec_const(ir, 0));
    struct places p = places_begin(ir, scale[0], scale[1]);
    LLVMValueRef inside = ir_add(ir, ir_mul_const(ir, p.rows.i, dy->width), p.columns.i);
    LLVMValueRef from = ir_add(ir, first, inside);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        LLVMValueRef v = ir_load_vec(ir, geometry_pixel(ir, slice, from, part));
        ir_set(ir, sum[part], LLVMBuildFAdd(ir->b, ir_get(ir, ir->vec, sum[part]), v, ""));
    }
    places_end(ir, &p);
}

static void emit_interpolate_grad(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    const int64_t *scale = k->node->attrs->scale_factor;
    struct geometry dy = geometry_of(k->graph, k->node->inputs[0]);
    LLVMValueRef sum[FTMRT_CB] = {0};
    for (uint32_t part = 0; part < geometry_parts(ir); part++)
        sum[part] = ir_local(ir, ir->vec);
    struct unit_loop u = unit_loop_begin(k, dy.blocks);
    struct address slice = geometry_slice(ir, &dy, kernel_buffer(k, 0), u.image, u.block);
    struct places p = places_begin(ir, dy.height / scale[0], dy.width / scale[1]);
    LLVMValueRef row = ir_mul_const(ir, p.rows.i, scale[0] * dy.width);
    add_block(k, &dy, slice, ir_add(ir, row, ir_mul_const(ir, p.columns.i, scale[1])), sum);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = u.image, .block = u.block, .pixel = p.pixel, .part = part};
        epilogue_store(k, ir_get(ir, ir->vec, sum[part]), &at);
    }
    places_end(ir, &p);
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_interpolate = {
    .name = "interpolate", .phases = one_phase, .units = units_of_result, .emit = emit_interpolate};
const struct kernel_family kernel_interpolate_grad = {.name = "interpolate_grad",
                                                      .phases = one_phase,
                                                      .units = units_of_result,
                                                      .emit = emit_interpolate_grad};
