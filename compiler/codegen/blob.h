/* The blob of a program: source tensors verbatim, or fingerprints of those that nothing reads again, then derived constants, every
 * piece on a cache line of its own. */
#ifndef FTM_CODEGEN_BLOB_H
#define FTM_CODEGEN_BLOB_H

#include "descriptor.h"

enum { BLOB_ALIGNMENT = 64 };

/* Lays out the source tensors (fills tensor.offset; tensor.hashed is known) and gives the offset behind them. */
uint64_t blob_place_tensors(struct ftmrt_tensor *tensors, uint32_t count);

/* Makes the blob of a described program: program.blob_size bytes with the tensors and the evaluated
 * derivations, which are the runtime's (ftmrt_derive_eval), in double precision, rounded once. NULL
 * after a report. */
unsigned char *blob_make(struct arena *arena, const struct ftmrt_program *p,
                         const struct descriptor_source *const *data);

#endif
