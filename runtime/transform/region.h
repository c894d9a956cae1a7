/* Parts of pictures and borders around them, for the transforms that cut and pad. */
#ifndef FTMRT_TRANSFORM_REGION_H
#define FTMRT_TRANSFORM_REGION_H

#include "transform_step.h"

/* Puts the rectangle [height, width] whose corner is (top, left) of the running picture in its place; what lies outside of it is
 * `fill` in every channel, and of a mask 0. */
void take_region(struct transform *t, int64_t top, int64_t left, int64_t height, int64_t width,
                 int fill);

/* The memory that it takes, of a form that has the region's size by now; before: its width until then. */
void form_region(struct ftmrt_form *f, int64_t before);

/* Height and width that a call has at two parameters; without a width a square. */
void region_size(const struct ftmrt_call *c, enum ftmrt_param height_param,
                 enum ftmrt_param width_param, int64_t *height, int64_t *width);

/* The form of a region of this size, whose picture is to be that large at least: another one is a problem, as far as sizes are
 * known. border: what may be added before, on both sides. */
void size_region(struct ftmrt_form *f, int64_t height, int64_t width, int64_t border);

#endif
