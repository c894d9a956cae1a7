/* What is in a folder. Hidden entries (".x") and the folder of
 * macOS's archives (__MACOSX) are passed over. A link counts as what it leads to; one that leads to a folder above
 * itself, be it above the walk's root, is passed over. What vanishes meanwhile is not there. */
#ifndef FTMRT_FOLDER_WALK_H
#define FTMRT_FOLDER_WALK_H

#include <stdbool.h>
#include <stddef.h>

/* Called with the path of an entry from the walk's root; false ends the walk. */
typedef bool folder_entry_fn(void *context, const char *path);

/* A walk, and why it ended. */
struct folder_walk {
    folder_entry_fn *entry;
    void *context;
    char error[512]; /* "" if `entry` ended it */
};

/* The folders in a folder, in no order; false: w->error, or `entry` said so. */
bool folder_walk_folders(struct folder_walk *w, const char *root);
/* The files in a folder, and in the folders in it; as above. */
bool folder_walk_files(struct folder_walk *w, const char *root);

/* Whether it is a folder. */
bool folder_is(const char *path);

#endif
