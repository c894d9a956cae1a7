/* Pictures that are named one by one, or by the folder that they are in: a source without labels. */
#ifndef FTMRT_APP_PICTURE_LIST_H
#define FTMRT_APP_PICTURE_LIST_H

#include "source.h"

/* Opens a source of the pictures that the arguments name, in their order: files, whatever their names are; "-", standard input;
 * and folders, whose pictures are taken with those of the folders in them, in the order of their names, hidden ones aside.
 * false after a message, with s closed: a folder that cannot be read, or has no pictures. Files are looked at when they are
 * read. */
bool picture_list_open(struct source *s, const char *const *arguments, int count,
                       const struct ftmrt_picture_options *options);

/* Whether a path is a folder's. */
bool picture_list_folder(const char *path);

#endif
