/* Listing of folders; see class_folder.h. */
#include "class_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 16 }; /* of folders in a class; a link to a folder above it ends there */

/* A walk over a folder. */
struct walk {
    struct name_list *out;
    const char *root;
    int folders; /* whether folders are wanted, or files */
    int depth;   /* of folders that are walked into */
    char *error;
    size_t error_size;
};

static enum ftmrt_status fail(const struct walk *w, const char *path, int code)
{
    if (w->error && w->error_size)
        snprintf(w->error, w->error_size, "%s: %s", path, strerror(code));
    return code == ENOMEM ? FTMRT_ERROR_MEMORY : FTMRT_ERROR_IO;
}

/* "a/b"; allocated, or NULL. If one is empty, the other. */
static char *join(const char *a, const char *b)
{
    const size_t size = strlen(a) + strlen(b) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", a, *a && *b ? "/" : "", b);
    return path;
}

/* Takes a name over. */
static enum ftmrt_status append(struct walk *w, char *name)
{
    struct name_list *out = w->out;
    if ((out->count & (out->count - 1)) == 0) { /* grows at powers of two */
        const size_t room = out->count ? 2 * out->count : 1;
        char **at = realloc(out->at, room * sizeof *at);
        if (!at) {
            free(name);
            return fail(w, w->root, ENOMEM);
        }
        out->at = at;
    }
    out->at[out->count++] = name;
    return FTMRT_OK;
}

static enum ftmrt_status walk_folder(struct walk *w, const char *inside, int depth);

/* One entry of the folder `inside` (from the root). */
static enum ftmrt_status walk_entry(struct walk *w, const char *inside, const char *entry,
                                    int depth)
{
    struct stat st;
    char *name = join(inside, entry), *path = name ? join(w->root, name) : NULL;
    if (!path) {
        free(name);
        return fail(w, w->root, ENOMEM);
    }
    const int known = stat(path, &st) == 0, is_folder = known && S_ISDIR(st.st_mode);
    enum ftmrt_status status = FTMRT_OK;
    if (known && (w->folders ? is_folder : S_ISREG(st.st_mode))) {
        status = append(w, name);
        name = NULL;
    } else if (is_folder && depth < w->depth) {
        status = walk_folder(w, name, depth + 1);
    }
    free(path);
    free(name);
    return status;
}

static enum ftmrt_status walk_folder(struct walk *w, const char *inside, int depth)
{
    char *path = join(w->root, inside);
    if (!path)
        return fail(w, w->root, ENOMEM);
    DIR *d = opendir(path);
    enum ftmrt_status status = d ? FTMRT_OK : fail(w, path, errno);
    for (struct dirent *e; d && status == FTMRT_OK && (e = readdir(d));)
        if (e->d_name[0] != '.')
            status = walk_entry(w, inside, e->d_name, depth);
    if (d)
        closedir(d);
    free(path);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum ftmrt_status list(struct walk *w)
{
    *w->out = (struct name_list){0};
    enum ftmrt_status status = walk_folder(w, "", 0);
    if (status != FTMRT_OK)
        name_list_free(w->out);
    else if (w->out->count)
        qsort(w->out->at, w->out->count, sizeof *w->out->at, by_name);
    return status;
}

enum ftmrt_status class_folder_names(struct name_list *names, const char *path, char *error,
                                     size_t error_size)
{
    struct walk w = {names, path, 1, 0, error, error_size};
    enum ftmrt_status status = list(&w);
    if (status == FTMRT_OK && !names->count) {
        if (error && error_size)
            snprintf(error, error_size, "%s: has no folders, so there are no classes", path);
        status = FTMRT_ERROR_NOT_FOUND;
    }
    return status;
}

enum ftmrt_status class_folder_files(struct name_list *files, const char *path, char *error,
                                     size_t error_size)
{
    struct walk w = {files, path, 0, MAX_DEPTH, error, error_size};
    return list(&w);
}

void name_list_free(struct name_list *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->at[i]);
    free(names->at);
    *names = (struct name_list){0};
}
