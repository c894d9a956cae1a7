/* Rectangles that are copied from the map of a channel block to another, or set to a constant: what concat and narrow along rows
 * and columns are made of. */
#ifndef FTM_CODEGEN_MAP_REGION_H
#define FTM_CODEGEN_MAP_REGION_H

#include "geometry.h"

struct map_region {
    const struct geometry *in, *out;
    struct address x, y; /* slices (geometry_slice); x nowhere: every element is `value` */
    double value;
    LLVMValueRef block; /* of the result */
    int64_t from, to;   /* the first pixels */
    int64_t rows, columns;
};

/* y is of the kernel's result. */
void map_region_copy(struct kernel_build *k, const struct map_region *r);

/* The first pixel of place i of a map along a dimension: 2 rows, 3 columns. */
int64_t map_region_pixel(const struct geometry *q, int64_t dim, int64_t i);

/* A unit per image where `dim` of the node is 1 (channels), else per image and channel block of the result. */
struct kernel_units units_along_dim(const struct graph *g, const struct node *n,
                                    const struct cpu *cpu, uint32_t phase);

#endif
