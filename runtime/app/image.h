/* Pictures: 8-bit, interleaved channels, row by row. */
#ifndef FTMRT_APP_IMAGE_H
#define FTMRT_APP_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

struct image {
    int64_t width, height;
    int channels;          /* 1 grey, 3 RGB */
    unsigned char *pixels; /* height * width * channels; owned */
};

void image_free(struct image *i);

/* Decodes a PNG file of any kind to grey or RGB with 8 bits; transparency is dropped as Pillow's
 * convert("RGB") does. false after a message that names the file. Pictures over 100 megapixels are
 * refused. */
bool image_read_png(struct image *i, const char *path);

/* Resizes with an antialiased triangle filter; the result equals Pillow's Image.resize(BILINEAR) to
 * within 1/255. out is allocated. Source: the convolution resampling of Pillow's documentation;
 * weights and rounding as its 8-bit path: 22-bit fixed point, horizontal pass first, 8 bits between
 * the passes. */
void image_resize(const struct image *in, int64_t width, int64_t height, struct image *out);

/* Runs a pipeline on a picture (left as it was) and writes the network's input, [channels, height,
 * width] f32. The picture is brought to the network's number of channels where no step does. false
 * after a message: the pipeline ends at another size. name: for the message. */
bool transform_run(const struct transform_pipeline *t, const struct config *c,
                   const struct image *in, float *out, const char *name);

#endif
