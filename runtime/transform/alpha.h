/* Transparency: what becomes of it before a picture is transformed. */
#ifndef FTMRT_TRANSFORM_ALPHA_H
#define FTMRT_TRANSFORM_ALPHA_H

#include <stdint.h>

/* The words of the recipe's `alpha`, in their order. */
enum ftmrt_alpha { FTMRT_ALPHA_DROP, FTMRT_ALPHA_WHITE, FTMRT_ALPHA_BLACK };

/* What is seen of the value x of a colour that is `opacity` 255ths opaque. */
unsigned char alpha_over(enum ftmrt_alpha alpha, unsigned char x, unsigned char opacity);

/* Lays pixels [count, channels] whose last channel is alpha over white or black, or drops it: `channels` - 1 are left in
 * each, at the beginning of the same memory. What is opaque stays as it is. */
void alpha_flatten(unsigned char *pixels, int64_t count, int channels, enum ftmrt_alpha alpha);

#endif
