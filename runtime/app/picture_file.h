/* Picture files to pixels, with messages. */
#ifndef FTMRT_APP_PICTURE_FILE_H
#define FTMRT_APP_PICTURE_FILE_H

#include <stdbool.h>

#include "buffer.h"
#include "picture.h"

/* Reads a file into `pixels`; false: r->error says why. r->warning: it is damaged, but could be read. */
bool picture_file_try(const char *path, const struct ftmrt_picture_options *options,
                      struct buffer *pixels, struct ftmrt_picture *out,
                      struct ftmrt_picture_report *r);
/* Reads a file into `pixels`. false after a message that names it; of one that is damaged and could be read, a note does. */
bool picture_file_read(const char *path, const struct ftmrt_picture_options *options,
                       struct buffer *pixels, struct ftmrt_picture *out);

#endif
