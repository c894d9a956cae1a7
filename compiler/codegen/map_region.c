/* Copies of rectangles of maps: see map_region.h. A row is one flat copy, and all rows are where they lie behind each other on both
 * sides. */
#include "map_region.h"

#include "channel_run.h"
#include "mask.h"

enum { CB = FTMRT_CB };

static void copy_pixels(struct ir *ir, struct address x, struct address y, int64_t pixels)
{
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, pixels * CB), ir->cpu->lanes);
    ir_store_vec(ir, ir_load_vec(ir, ir_at(ir, x, i.i)), ir_at(ir, y, i.i));
    ir_loop_end(ir, &i);
}

static void fill_pixels(struct kernel_build *k, const struct map_region *r, struct address y,
                        int64_t pixels)
{
    struct ir *ir = k->ir;
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, pixels), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {.block = r->block, .part = part};
        LLVMValueRef v = mask_padding(k, ir_vec_const(ir, r->value), &at);
        ir_store_vec(ir, v, geometry_pixel(ir, y, i.i, part));
    }
    ir_loop_end(ir, &i);
}

void map_region_copy(struct kernel_build *k, const struct map_region *r)
{
    struct ir *ir = k->ir;
    bool flat = r->columns == r->out->width && r->columns == r->in->width;
    int64_t rows = flat ? 1 : r->rows, pixels = flat ? r->rows * r->columns : r->columns;
    struct ir_loop row = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, rows), 1);
    struct address y =
        ir_at(ir, ir_at_const(ir, r->y, r->to * CB), ir_mul_const(ir, row.i, r->out->width * CB));
    if (r->x.p)
        copy_pixels(ir,
                    ir_at(ir, ir_at_const(ir, r->x, r->from * CB),
                          ir_mul_const(ir, row.i, r->in->width * CB)),
                    y, pixels);
    else
        fill_pixels(k, r, y, pixels);
    ir_loop_end(ir, &row);
}

int64_t map_region_pixel(const struct geometry *q, int64_t dim, int64_t i)
{
    return dim == 2 ? i * q->width : i;
}

struct kernel_units units_along_dim(const struct graph *g, const struct node *n,
                                    const struct cpu *cpu, uint32_t phase)
{
    return n->attrs->dim == 1 ? units_of_images(g, n, cpu, phase)
                              : units_of_result(g, n, cpu, phase);
}
