/* What the sources of CIFAR's records (../listing/cifar_records.h) share. */
#ifndef FTMRT_APP_SOURCE_CIFAR_H
#define FTMRT_APP_SOURCE_CIFAR_H

#include "source_pictures.h"

/* The pixels of a record with so many labels, in `pixels`; the rest as `read` of struct picture_access. */
bool cifar_pixels(const char *path, int labels, struct buffer *pixels, struct ftmrt_picture *out,
                  struct ftmrt_picture_report *r);
/* The content and size of one; the rest as `look`. */
bool cifar_look(const char *path, int labels, uint64_t *content, struct ftmrt_picture_look *look,
                struct ftmrt_picture_report *r);

#endif
