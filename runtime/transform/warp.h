/* Pictures seen through a matrix: rotation, scale, shear, shift and perspective.
 *
 * Steps that follow each other are put together before a pixel moves: each pixel of the result is taken from the picture once, so that three
 * steps blur it no more than one does, and what the first pushed over the edge comes back if the second brings it back. */
#ifndef FTMRT_TRANSFORM_WARP_H
#define FTMRT_TRANSFORM_WARP_H

#include "transform_step.h"

/* From a place of the result to the place of the picture that is seen there, both in pixels from the middle: row by row of a 3 x 3
 * matrix of homogeneous coordinates. */
struct warp_matrix {
    double m[9];
};

/* The inverse of: shear by shear_x and shear_y, scale, rotation by angle (degrees, to the right), shift by (x, y) pixels, all about
 * `center`, in pixels from the middle. Source: torchvision.transforms.functional._get_inverse_affine_matrix. */
struct warp_affine {
    double angle, x, y, scale, shear_x, shear_y, center[2];
};
struct warp_matrix warp_affine(const struct warp_affine *s);

/* What brings the corners of a picture [height, width] to these places (x, y), from the top left one to the right; false: they lie on a
 * line. */
bool warp_perspective(int64_t height, int64_t width, double corners[4][2], struct warp_matrix *out);

/* Has the running picture seen through a matrix. fill: of what lies outside of it; masks take the nearest pixel, and 0. */
void transform_warp(struct transform *t, const struct warp_matrix *m, bool bilinear, int fill);

/* The part of size_NAME. */
void transform_form_warp(struct ftmrt_form *f);

#endif
