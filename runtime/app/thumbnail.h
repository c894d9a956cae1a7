/* Small pictures of samples, for pages. */
#ifndef FTMRT_APP_THUMBNAIL_H
#define FTMRT_APP_THUMBNAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "source.h"

enum { THUMBNAIL_SIDE = 96 }; /* the longer side at most */

struct thumbnail {
    unsigned char *png; /* the bytes of a PNG file; owned */
    size_t size;
    int width, height;
};

/* Makes one of a source's sample. false, with nothing to be freed and no message: it is no picture, or cannot be read. */
bool thumbnail_make(struct thumbnail *t, const struct source *source, int64_t sample);

#endif
