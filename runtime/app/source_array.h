/* Sources whose pictures and labels are an array each, in memory. */
#ifndef FTMRT_APP_SOURCE_ARRAY_H
#define FTMRT_APP_SOURCE_ARRAY_H

#include "array.h"
#include "source.h"

/* Opens a source of two files of one kind; labels NULL: unlabelled. Of the images 8-bit ones are pictures, [N, H, W],
 * [N, H, W, C] or [N, C, H, W], and f32 arrays are network inputs. false after a message; s is to be closed. */
bool source_arrays(struct source *s, bool (*read)(struct array *a, const char *path),
                   const char *images, const char *labels, const struct source_want *want);

#endif
