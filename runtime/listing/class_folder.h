/* Folders of classes: a folder whose subfolders are the classes, as torchvision's ImageFolder has them. The compiler takes
 * the names of classes from it, programs the pictures. */
#ifndef FTMRT_CLASS_FOLDER_H
#define FTMRT_CLASS_FOLDER_H

#include <stddef.h>

#include "ftmrt.h"
#include "text_store.h"

/* Names in ascending order of their bytes; owned. */
struct name_list {
    char **at;
    size_t count;
    struct text_store texts; /* where they are */
};

/* The names of the subfolders of a folder; hidden ones (".x") are none. FTMRT_ERROR_IO: it cannot be read;
 * FTMRT_ERROR_NOT_FOUND: it has none. `error` (if not NULL) then says which and why, and `names` is empty. */
enum ftmrt_status class_folder_names(struct name_list *names, const char *path, char *error,
                                     size_t error_size);

/* The paths, from `path`, of all files in a folder and in the folders in it, hidden ones aside. */
enum ftmrt_status class_folder_files(struct name_list *files, const char *path, char *error,
                                     size_t error_size);

void name_list_free(struct name_list *names);

#endif
