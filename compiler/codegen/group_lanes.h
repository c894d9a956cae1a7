/* What the kernels of grouped convolutions of any number of groups share: lanes are channels of the result,
 * and each gathers the channel that its group reads. Indices are vectors of i32, a lane each. */
#ifndef FTM_CODEGEN_GROUP_LANES_H
#define FTM_CODEGEN_GROUP_LANES_H

#include "gather.h"
#include "geometry.h"

struct grouped {
    struct kernel_build *k;
    struct ir *ir;
    struct gather q;
    int64_t in_group, out_group; /* channels of a group: of the operand, of the result */
    struct address x;            /* the image of the operand */
    LLVMValueRef channel;        /* vector of i32: the lanes' channels of the result */
    LLVMValueRef acc;
    struct position at;
};

/* An i64 in every lane; a / b; a % b; a * b + c. */
LLVMValueRef group_index_splat(struct ir *ir, LLVMValueRef i);
LLVMValueRef group_index_div(struct ir *ir, LLVMValueRef a, int64_t b);
LLVMValueRef group_index_rem(struct ir *ir, LLVMValueRef a, int64_t b);
LLVMValueRef group_index_add(struct ir *ir, LLVMValueRef a, int64_t b, LLVMValueRef c);

/* The elements at base + the lanes' offsets. */
LLVMValueRef group_gather(struct ir *ir, struct address base, LLVMValueRef offsets);

/* The first channel of vector `part` of a block; the channels of the lanes from `first`: past the last one
 * it stands for the others. */
LLVMValueRef group_first_lane(struct ir *ir, LLVMValueRef block, uint32_t part);
LLVMValueRef group_channels(struct ir *ir, LLVMValueRef first, int64_t channels);

/* The operand's values at a pixel, for the channel `r` of the lanes' groups. */
LLVMValueRef group_values(struct grouped *s, LLVMValueRef r, LLVMValueRef pixel);

#endif
