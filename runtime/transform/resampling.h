/* Antialiased resampling of pictures, for the transforms that change a size. */
#ifndef FTMRT_TRANSFORM_RESAMPLING_H
#define FTMRT_TRANSFORM_RESAMPLING_H

#include "transform_step.h"

/* The words of `interpolation`, in their order. */
enum resample_filter { RESAMPLE_BILINEAR, RESAMPLE_BICUBIC, RESAMPLE_NEAREST };

/* Bytes of memory that bringing a picture of one form to another takes, the result's included. */
uint64_t resample_space(const struct ftmrt_form *from, const struct ftmrt_form *to,
                        enum resample_filter filter);

/* Brings the running picture to a size. The result equals Pillow's Image.resize; of a mask each pixel is the nearest one. */
void resample(struct transform *t, int64_t height, int64_t width, enum resample_filter filter);

#endif
