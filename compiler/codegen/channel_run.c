/* Copies of runs of channels: see channel_run.h. */
#include "channel_run.h"

enum { CB = FTMRT_CB };

struct address channel_run_image(struct kernel_build *k, const struct geometry *q,
                                 struct address base, LLVMValueRef image)
{
    LLVMValueRef elements = kernel_number(k, q->blocks * q->pixels * CB);
    return ir_at(k->ir, base, ir_mul(k->ir, image, elements));
}

/* Address of a block (an i64) of an image. */
static struct address block_at(struct kernel_build *k, const struct geometry *q,
                               struct address image, LLVMValueRef block)
{
    return ir_at(k->ir, image, ir_mul(k->ir, block, kernel_number(k, q->pixels * CB)));
}

/* The lane of the operand that comes to lane 0, and the operand's block that has it, less the result's: the run is moved by
 * from - to channels. */
static int64_t shift_of(const struct channel_run *r) { return ((r->from - r->to) % CB + CB) % CB; }

static int64_t block_distance(const struct channel_run *r)
{
    return (r->from - r->to - shift_of(r)) / CB;
}

/* Blocks `block` to `end` - 1 of the result, whose lanes are those of the operand's blocks. */
static void copy_blocks(struct kernel_build *k, const struct channel_run *r, int64_t block,
                        int64_t end)
{
    struct ir *ir = k->ir;
    struct address x = r->x, y = block_at(k, r->out, r->y, kernel_number(k, block));
    if (x.p)
        x = block_at(k, r->in, x, kernel_number(k, block + block_distance(r)));
    LLVMValueRef elements = kernel_number(k, (end - block) * r->in->pixels * CB);
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), elements, ir->cpu->lanes);
    LLVMValueRef v = x.p ? ir_load_vec(ir, ir_at(ir, x, i.i)) : ir_vec_const(ir, r->value);
    ir_store_vec(ir, v, ir_at(ir, y, i.i));
    ir_loop_end(ir, &i);
}

/* Lanes from .. before of a block of the result, which are copied. */
struct lane_range {
    int64_t from, before;
};

/* Vector i of the operand's blocks from that of lane 0 on. */
static LLVMValueRef operand_vector(struct kernel_build *k, const struct channel_run *r,
                                   struct address x, LLVMValueRef pixel, int64_t i)
{
    struct ir *ir = k->ir;
    const int64_t parts = geometry_parts(ir);
    if (i >= parts)
        x = ir_at(ir, x, kernel_number(k, i / parts * r->in->pixels * CB));
    return ir_load_vec(ir, geometry_pixel(ir, x, pixel, (uint32_t)(i % parts)));
}

/* The operand's lanes that come to a vector; what is not copied is of no matter. x: the block of lane 0. */
static LLVMValueRef moved_vector(struct kernel_build *k, const struct channel_run *r,
                                 struct address x, LLVMValueRef pixel, uint32_t part,
                                 struct lane_range range)
{
    struct ir *ir = k->ir;
    const int64_t lanes = ir->cpu->lanes, first = shift_of(r) + part * lanes, i = first / lanes;
    LLVMValueRef v[2] = {LLVMGetPoison(ir->vec), LLVMGetPoison(ir->vec)}, mask[CB];
    bool wanted[2] = {false, false};
    for (int64_t l = 0; l < lanes; l++) {
        const int64_t lane = part * lanes + l, at = first % lanes + l;
        wanted[at / lanes] |= lane >= range.from && lane < range.before;
        mask[l] = LLVMConstInt(ir->i32, (unsigned long long)at, false);
    }
    for (int64_t j = 0; j < 2; j++)
        if (wanted[j])
            v[j] = operand_vector(k, r, x, pixel, i + j);
    return LLVMBuildShuffleVector(ir->b, v[0], v[1], LLVMConstVector(mask, (unsigned)lanes), "");
}

static LLVMValueRef lanes_in_range(struct ir *ir, uint32_t part, struct lane_range range)
{
    LLVMValueRef keep[CB];
    for (uint32_t l = 0; l < ir->cpu->lanes; l++) {
        const int64_t lane = part * ir->cpu->lanes + l;
        keep[l] = LLVMConstInt(ir->i1, lane >= range.from && lane < range.before, false);
    }
    return LLVMConstVector(keep, ir->cpu->lanes);
}

/* A block (an i64) of the result, put together from two blocks of the operand. Lanes outside of the range stay as they are where
 * there are some before it, else they become 0. */
static void copy_lanes(struct kernel_build *k, const struct channel_run *r, LLVMValueRef block,
                       struct lane_range range)
{
    struct ir *ir = k->ir;
    struct address x = r->x, y = block_at(k, r->out, r->y, block);
    if (x.p)
        x = block_at(k, r->in, x, ir_add(ir, block, kernel_number(k, block_distance(r))));
    struct ir_loop p = ir_loop_begin(ir, ir_i64(ir, 0), kernel_number(k, r->in->pixels), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        struct address to = geometry_pixel(ir, y, p.i, part);
        LLVMValueRef v = x.p ? moved_vector(k, r, x, p.i, part, range) : ir_vec_const(ir, r->value),
                     other = range.from > 0 ? ir_load_vec(ir, to) : ir_vec_const(ir, 0);
        v = LLVMBuildSelect(ir->b, lanes_in_range(ir, part, range), v, other, "");
        ir_store_vec(ir, v, to);
    }
    ir_loop_end(ir, &p);
}

static void copy_whole_blocks(struct kernel_build *k, const struct channel_run *r, int64_t block,
                              int64_t end)
{
    struct ir *ir = k->ir;
    if (shift_of(r) == 0) {
        copy_blocks(k, r, block, end);
        return;
    }
    struct ir_loop blocks = ir_loop_begin(ir, kernel_number(k, block), kernel_number(k, end), 1);
    copy_lanes(k, r, blocks.i, (struct lane_range){0, CB});
    ir_loop_end(ir, &blocks);
}

void channel_run_copy(struct kernel_build *k, const struct channel_run *r)
{
    const int64_t end = r->to + r->channels, last = end / CB;
    int64_t block = r->to / CB;
    if (r->to % CB) {
        const int64_t before = end - block * CB;
        copy_lanes(k, r, kernel_number(k, block),
                   (struct lane_range){r->to % CB, before < CB ? before : CB});
        block++;
    }
    if (block < last)
        copy_whole_blocks(k, r, block, last);
    if (end % CB && block <= last)
        copy_lanes(k, r, kernel_number(k, last), (struct lane_range){0, end % CB});
}

struct kernel_units units_of_images(const struct graph *g, const struct node *n,
                                    const struct cpu *cpu, uint32_t phase)
{
    (void)g, (void)n, (void)cpu, (void)phase;
    return (struct kernel_units){.per_group = 1, .images = 1};
}
