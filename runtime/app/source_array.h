/* Sources whose pictures and labels are an array each, in memory. */
#ifndef FTMRT_APP_SOURCE_ARRAY_H
#define FTMRT_APP_SOURCE_ARRAY_H

#include "array.h"
#include "array_labels.h"
#include "source.h"

struct array_files {
    const char *archive;         /* path of the file that has both; NULL: each is a file */
    const char *images, *labels; /* paths, or names in the archive; labels NULL: unlabelled */
    enum ftmrt_label_kind kind;  /* of the labels */
};

/* Opens a source of two files of one format. Of the images 8-bit ones are pictures, [N, H, W],
 * [N, H, W, C] or [N, C, H, W], and f32 arrays are network inputs. false after a message; s is to be closed. */
bool source_arrays(struct source *s, bool (*read)(struct array *a, const char *path),
                   const struct array_files *files, const struct source_want *want);

#endif
