/* What a network sees, as pixels. */
#ifndef FTMRT_APP_INPUT_PIXELS_H
#define FTMRT_APP_INPUT_PIXELS_H

#include "config.h"

/* Writes an input [C, H, W] as RGB pixels, the last step of its transform undone where that normalises; of other than 3 channels the first one,
 * grey. A row of pixels begins `stride` bytes behind the one before. */
void input_pixels(const struct config_input *in, const float *input, unsigned char *pixels,
                  int64_t stride);

#endif
