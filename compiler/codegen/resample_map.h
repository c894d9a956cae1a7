/* Kernels of maps whose places are weighted sums of places of operand 0 (resample.h). A unit is an (image, channel block); a place
 * is written once, as the sum over its taps row by row, so that gradients need no atomics and threads change no bits. */
#ifndef FTM_CODEGEN_RESAMPLE_MAP_H
#define FTM_CODEGEN_RESAMPLE_MAP_H

#include "geometry.h"
#include "resample.h"

/* The kernel of the node's result. value: of the places that have no taps along an axis. */
void resample_map(struct kernel_build *k, const struct resample_axis *rows,
                  const struct resample_axis *columns, double value);

#endif
