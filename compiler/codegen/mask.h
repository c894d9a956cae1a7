/* The mask of the lanes that have no channel. */
#ifndef FTM_CODEGEN_MASK_H
#define FTM_CODEGEN_MASK_H

#include "kernel.h"

/* The value, to be stored at a position of the result, with 0 in the lanes that no element of the
 * result has; by the result's layout. */
LLVMValueRef mask_padding(struct kernel_build *k, LLVMValueRef value, const struct position *at);

#endif
