/* Listing of folders; see class_folder.h. */
#include "class_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder_walk.h"

/* Adds a name; false: out of memory. */
static bool keep(void *context, const char *name)
{
    struct name_list *l = context;
    if ((l->count & (l->count + 1)) == 0) { /* 0, 1, 3, 7, ... */
        char **at = realloc(l->at, (2 * l->count + 1) * sizeof *at);
        if (!at)
            return false;
        l->at = at;
    }
    char *copy = text_store_add(&l->texts, name, strlen(name));
    if (copy)
        l->at[l->count++] = copy;
    return copy != NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum ftmrt_status list(struct name_list *names, const char *path, bool folders, char *error,
                              size_t error_size)
{
    struct folder_walk walk = {.entry = keep, .context = names};
    *names = (struct name_list){0};
    const bool ok = folders ? folder_walk_folders(&walk, path) : folder_walk_files(&walk, path);
    if (ok && names->count)
        qsort(names->at, names->count, sizeof *names->at, by_name);
    if (ok)
        return FTMRT_OK;
    if (error)
        snprintf(error, error_size, "%s", *walk.error ? walk.error : "out of memory");
    name_list_free(names);
    return *walk.error ? FTMRT_ERROR_IO : FTMRT_ERROR_MEMORY;
}

enum ftmrt_status class_folder_names(struct name_list *names, const char *path, char *error,
                                     size_t error_size)
{
    const enum ftmrt_status status = list(names, path, true, error, error_size);
    if (status != FTMRT_OK || names->count)
        return status;
    if (error)
        snprintf(error, error_size, "%s: has no folders, so there are no classes", path);
    return FTMRT_ERROR_NOT_FOUND;
}

enum ftmrt_status class_folder_files(struct name_list *files, const char *path, char *error,
                                     size_t error_size)
{
    return list(files, path, false, error, error_size);
}

void name_list_free(struct name_list *names)
{
    text_store_free(&names->texts);
    free(names->at);
    *names = (struct name_list){0};
}
