/* Squares of as many vectors as a vector has lanes, transposed in registers. */
#ifndef FTM_CODEGEN_SQUARE_H
#define FTM_CODEGEN_SQUARE_H

#include "ir.h"

/* Lane j of v[i] becomes lane i of v[j]; v: ir->cpu->lanes vectors. By log2(lanes) rounds of the perfect shuffle: round by round,
 * vectors i and i + lanes/2 are interleaved into vectors 2i and 2i + 1, which rotates the bits of the combined row and lane index
 * by one. */
void square_transpose(struct ir *ir, LLVMValueRef *v);

#endif
