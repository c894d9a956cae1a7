/* What changes the colours of a picture, in place: the arithmetic of torchvision.transforms.v2.functional on 8-bit tensors, which
 * computes in f32 and cuts the fraction off where it does. Masks have no colours: nothing happens to them. */
#ifndef FTMRT_TRANSFORM_COLOUR_H
#define FTMRT_TRANSFORM_COLOUR_H

#include "transform_step.h"

/* factor: at least 0; 1 leaves the picture as it is, 0 is black, its mean grey, its greys. */
void colour_brightness(struct ftmrt_picture *p, double factor);
void colour_contrast(struct ftmrt_picture *p, double factor);
void colour_saturation(struct ftmrt_picture *p, double factor);
/* shift: of the hue, from -0.5 to 0.5 turns. */
void colour_hue(struct ftmrt_picture *p, double shift);
/* The luma of torchvision's rgb_to_grayscale in all channels. */
void colour_grey(struct ftmrt_picture *p);
void colour_invert(struct ftmrt_picture *p);
/* Keeps so many of the 8 bits. */
void colour_posterize(struct ftmrt_picture *p, int bits);
/* Inverts what is at least the threshold. */
void colour_solarize(struct ftmrt_picture *p, double threshold);
/* Each channel from 0 to 255. */
void colour_autocontrast(struct ftmrt_picture *p);
/* Each channel's histogram as flat as Pillow's ImageOps.equalize makes it. */
void colour_equalize(struct ftmrt_picture *p);
/* The part of the picture that a 3 x 3 mean leaves is weighed by `factor`: 0 blurs, 2 sharpens; takes another picture's memory. */
void colour_sharpness(struct transform *t, double factor);

/* The running picture for these, whose pixels are there; NULL: it is a mask. */
struct ftmrt_picture *colour_picture(struct transform *t);

/* The part of size_NAME of a random step that keeps sizes and takes the memory of `pictures` more. */
void colour_form(struct ftmrt_form *f, int pictures);

#endif
