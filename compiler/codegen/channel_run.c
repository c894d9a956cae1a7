/* Copies of runs of channels: see channel_run.h. */
#include "channel_run.h"

enum { CB = FTMRT_CB };

struct address channel_run_image(struct ir *ir, const struct geometry *q, struct address base,
                                 LLVMValueRef image)
{
    return ir_at(ir, base, ir_mul_const(ir, image, q->blocks * q->pixels * CB));
}

/* Address of a block of an image. */
static struct address block_at(struct ir *ir, const struct geometry *q, struct address image,
                               int64_t block)
{
    return ir_at_const(ir, image, block * q->pixels * CB);
}

static void copy_blocks(struct ir *ir, const struct channel_run *r, int64_t blocks)
{
    struct address x = r->x, y = block_at(ir, r->out, r->y, r->to / CB);
    if (x.p)
        x = block_at(ir, r->in, x, r->from / CB);
    struct ir_loop i =
        ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, blocks * r->in->pixels * CB), ir->cpu->lanes);
    LLVMValueRef v = x.p ? ir_load_vec(ir, ir_at(ir, x, i.i)) : ir_vec_const(ir, r->value);
    ir_store_vec(ir, v, ir_at(ir, y, i.i));
    ir_loop_end(ir, &i);
}

static void clear_block(struct ir *ir, const struct geometry *q, struct address image,
                        int64_t block)
{
    struct address y = block_at(ir, q, image, block);
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, q->pixels * CB), ir->cpu->lanes);
    ir_store_vec(ir, ir_vec_const(ir, 0), ir_at(ir, y, i.i));
    ir_loop_end(ir, &i);
}

/* Address of a channel (an i64) of an image, at its first pixel. */
static struct address channel_at(struct ir *ir, const struct geometry *q, struct address image,
                                 LLVMValueRef channel)
{
    LLVMValueRef block = ir_mul_const(ir, ir_div_const(ir, channel, CB), q->pixels * CB);
    return ir_at(ir, image, ir_add(ir, block, ir_rem_const(ir, channel, CB)));
}

static void copy_channels(struct ir *ir, const struct channel_run *r, int64_t first)
{
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, first), ir_i64(ir, r->channels), 1);
    struct address x = r->x, y = channel_at(ir, r->out, r->y, ir_add_const(ir, c.i, r->to));
    if (x.p)
        x = channel_at(ir, r->in, x, ir_add_const(ir, c.i, r->from));
    struct ir_loop p = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, r->in->pixels), 1);
    LLVMValueRef at = ir_mul_const(ir, p.i, CB);
    LLVMValueRef v = x.p ? ir_load_f32(ir, ir_at(ir, x, at)) : ir_f32(ir, r->value);
    ir_store_f32(ir, v, ir_at(ir, y, at));
    ir_loop_end(ir, &p);
    ir_loop_end(ir, &c);
}

void channel_run_copy(struct ir *ir, const struct channel_run *r)
{
    int64_t end = r->to + r->channels, last = (end - 1) / CB;
    int64_t whole = r->from % CB == 0 && r->to % CB == 0 ? r->channels / CB : 0;
    if (whole > 0)
        copy_blocks(ir, r, whole);
    if (whole * CB == r->channels)
        return;
    if (end % CB != 0 && last * CB >= r->to)
        clear_block(ir, r->out, r->y, last);
    copy_channels(ir, r, whole * CB);
}

struct kernel_units units_of_images(const struct graph *g, const struct node *n,
                                    const struct cpu *cpu, uint32_t phase)
{
    (void)g, (void)n, (void)cpu, (void)phase;
    return (struct kernel_units){.per_group = 1, .images = 1};
}
