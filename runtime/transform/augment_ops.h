/* The operations that rand_augment and trivial_augment_wide choose from. */
#ifndef FTMRT_TRANSFORM_AUGMENT_OPS_H
#define FTMRT_TRANSFORM_AUGMENT_OPS_H

#include "transform_step.h"

/* How strong operations are, and how they fill: magnitudes go from none to the greatest in so many steps. */
struct augment_style {
    bool wide; /* magnitudes of TrivialAugment instead of RandAugment */
    int64_t bins;
    bool bilinear;
    int fill;
};

/* How many there are; their names, of torchvision's. */
uint32_t augment_op_count(void);
const char *augment_op_name(uint32_t op);

/* The magnitude of an operation in step `bin`, from 0, on the running picture, by its sign where it has one. */
double augment_magnitude(const struct transform *t, uint32_t op, const struct augment_style *style,
                         int64_t bin, bool negative);

/* Runs an operation. */
void augment_run(struct transform *t, uint32_t op, const struct augment_style *style,
                 double magnitude);

/* The part of size_NAME, for so many operations. */
void augment_form(struct ftmrt_form *f, int64_t count);

#endif
