/* The mask of padding lanes: see mask.h. Indices are i32: no dimension of a value is near 2^31. */
#include "mask.h"

#include "ftmrt.h"
#include "rounding.h"
#include "vmath.h"

/* Sizes of a packed value in groups of 16 elements: which dimension the lanes count, and which of the
 * weight's the group itself counts, if any. */
struct packing {
    int64_t lanes;        /* elements of the dimension in the lanes */
    int64_t per_block;    /* groups in a block of it */
    int64_t blocks;       /* blocks of it, after which they begin again (rows of [R,C]) */
    int64_t rows, row_of; /* elements of the dimension of the groups, and groups in a block of it;
                             row_of 0: none */
};

static int64_t ceil_blocks(int64_t channels) { return ceil_div(channels, FTMRT_CB); }

static struct packing weight_packing(int64_t lanes, int64_t rows, int64_t taps)
{
    return (struct packing){.lanes = lanes,
                            .per_block = ceil_blocks(rows) * taps * FTMRT_CB,
                            .blocks = ceil_blocks(lanes),
                            .rows = rows,
                            .row_of = taps * FTMRT_CB};
}

static struct packing packing_of(const struct node *n)
{
    const struct shape *s = &n->type.shape;
    const int64_t *dim = s->dim;
    switch (n->form.layout) {
    case FTMRT_LAYOUT_BLOCKED:
        return (struct packing){.lanes = dim[1], .per_block = 1, .blocks = ceil_blocks(dim[1])};
    case FTMRT_LAYOUT_VECTOR:
        return (struct packing){
            .lanes = dim[s->rank - 1], .per_block = 1, .blocks = ceil_blocks(dim[s->rank - 1])};
    case FTMRT_LAYOUT_CONV: return weight_packing(dim[0], dim[1], dim[2] * dim[3]);
    case FTMRT_LAYOUT_CONV_T: return weight_packing(dim[1], dim[0], dim[2] * dim[3]);
    case FTMRT_LAYOUT_DEPTHWISE:
        return (struct packing){
            .lanes = dim[0], .per_block = dim[2] * dim[3], .blocks = ceil_blocks(dim[0])};
    case FTMRT_LAYOUT_PLAIN:
    case FTMRT_LAYOUT_COUNT: break;
    }
    FTM_BUG("a %s value has no padding", ftmrt_layout_name(n->form.layout));
}

static bool is_padded(const struct packing *p)
{
    return p->lanes % FTMRT_CB != 0 || (p->row_of && p->rows % FTMRT_CB != 0);
}

static LLVMValueRef below(struct ir *ir, LLVMValueRef index, int64_t limit)
{
    LLVMValueRef end = LLVMConstInt(ir->i32, (unsigned long long)limit, false);
    return LLVMBuildICmp(ir->b, LLVMIntSLT, index, vmath_splat_i32(ir, end), "");
}

static LLVMValueRef splat_index(struct ir *ir, LLVMValueRef index)
{
    return vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, index, ir->i32, ""));
}

/* The lanes' elements of the dimension that they count. */
static LLVMValueRef lane_index(struct kernel_build *k, const struct packing *p, LLVMValueRef group,
                               const struct position *at)
{
    struct ir *ir = k->ir;
    LLVMValueRef block = ir_rem_const(ir, ir_div_const(ir, group, p->per_block), p->blocks);
    LLVMValueRef first =
        ir_add_const(ir, ir_mul_const(ir, block, FTMRT_CB), (int64_t)at->part * ir->cpu->lanes);
    if (at->lane)
        first = ir_add(ir, first, at->lane);
    return LLVMBuildAdd(ir->b, splat_index(ir, first), vmath_iota(ir), "");
}

/* Of an activation of any number of channels. */
static LLVMValueRef mask_channels(struct kernel_build *k, LLVMValueRef value,
                                  const struct position *at)
{
    struct ir *ir = k->ir;
    LLVMValueRef first =
        ir_add_const(ir, ir_mul_const(ir, at->block, FTMRT_CB), (int64_t)at->part * ir->cpu->lanes);
    LLVMValueRef index = LLVMBuildAdd(ir->b, splat_index(ir, first), vmath_iota(ir), "");
    LLVMValueRef keep =
        LLVMBuildICmp(ir->b, LLVMIntSLT, index, splat_index(ir, k->size[SIZE_CHANNELS]), "");
    return LLVMBuildSelect(ir->b, keep, value, ir_vec_const(ir, 0), "");
}

LLVMValueRef mask_padding(struct kernel_build *k, LLVMValueRef value, const struct position *at)
{
    struct ir *ir = k->ir;
    if (k->any_size)
        return mask_channels(k, value, at);
    const struct packing p = packing_of(k->node);
    if (!is_padded(&p))
        return value;
    LLVMValueRef group = ir_add_const(ir, at->block, at->block_add);
    LLVMValueRef keep = below(ir, lane_index(k, &p, group, at), p.lanes);
    if (p.row_of) {
        LLVMValueRef block =
            ir_rem_const(ir, ir_div_const(ir, group, p.row_of), ceil_blocks(p.rows));
        LLVMValueRef row =
            ir_add(ir, ir_mul_const(ir, block, FTMRT_CB), ir_rem_const(ir, group, FTMRT_CB));
        keep = LLVMBuildAnd(ir->b, keep, below(ir, splat_index(ir, row), p.rows), "");
    }
    return LLVMBuildSelect(ir->b, keep, value, ir_vec_const(ir, 0), "");
}
