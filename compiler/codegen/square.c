/* Transposed squares: see square.h. */
#include "square.h"

#include "ftmrt.h"

static LLVMValueRef interleave(struct ir *ir, LLVMValueRef a, LLVMValueRef b, bool high)
{
    LLVMValueRef mask[FTMRT_CB];
    uint32_t lanes = ir->cpu->lanes, first = high ? lanes / 2 : 0;
    for (uint32_t i = 0; i < lanes; i++)
        mask[i] = LLVMConstInt(ir->i32, first + i / 2 + (i % 2 ? lanes : 0), false);
    return LLVMBuildShuffleVector(ir->b, a, b, LLVMConstVector(mask, lanes), "");
}

void square_transpose(struct ir *ir, LLVMValueRef *v)
{
    uint32_t lanes = ir->cpu->lanes;
    for (uint32_t round = 1; round < lanes; round *= 2) {
        LLVMValueRef next[FTMRT_CB] = {0};
        for (uint32_t i = 0; i < lanes / 2; i++) {
            LLVMValueRef *pair = next + (size_t)i * 2;
            pair[0] = interleave(ir, v[i], v[i + lanes / 2], false);
            pair[1] = interleave(ir, v[i], v[i + lanes / 2], true);
        }
        for (uint32_t i = 0; i < lanes; i++)
            v[i] = next[i];
    }
}
