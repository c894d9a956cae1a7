/* How many samples a data source has, from names and heads of files alone: compiling must not read the data. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "advice.h"
#include "file.h"
#include "listing.h"
#include "npz_file.h"

enum { MAX_DEPTH = 3, HEAD = 4096, IDX_HEAD = 8 };

/* Files in the folders of a folder, hidden ones aside. */
static int64_t count_files(struct arena *arena, const char *path, int depth)
{
    int64_t count = 0;
    DIR *dir = opendir(path);
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        if (e->d_name[0] == '.')
            continue;
        if (e->d_type == DT_DIR && depth < MAX_DEPTH)
            count += count_files(arena, arena_printf(arena, "%s/%s", path, e->d_name), depth + 1);
        else if (depth > 0)
            count++;
    }
    if (dir)
        closedir(dir);
    return count;
}

int64_t samples_in_file(const char *path)
{
    char head[HEAD] = {0};
    gzFile file = gzopen(path, "rb"); /* which reads plain files, too */
    const int size = file ? gzread(file, head, HEAD) : -1;
    if (file)
        gzclose(file);
    if (size >= IDX_HEAD && head[0] == 0 && head[1] == 0) {
        const unsigned char *n = (const unsigned char *)head + 4;
        return (int64_t)n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3];
    }
    struct npy_header npy;
    char error[256];
    const bool is_npy =
        size > 0 && npy_header_read(&npy, (unsigned char *)head, (size_t)size, error, sizeof error);
    return is_npy && npy.rank ? npy.dim[0] : -1;
}

/* Of an array in a file. */
static int64_t count_member(const char *path, const char *name)
{
    struct npz_file f;
    char error[256];
    int64_t count = -1;
    if (npz_open(&f, path, error, sizeof error) == FTMRT_OK) {
        const struct npz_array *a = npz_find(&f, name, error, sizeof error);
        count = a && a->header.rank ? a->header.dim[0] : -1;
    }
    npz_close(&f);
    return count;
}

/* Of all sources of a list; -1: it is not known of one. */
static int64_t count_sources(struct arena *arena, const char *base, const struct ftmrt_arg *list)
{
    int64_t all = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const int64_t count = samples_count(arena, base, &list->calls[i]);
        if (count < 0)
            return -1;
        all += count;
    }
    return all;
}

static void stay_silent(void *context, const char *text)
{
    (void)context;
    (void)text; /* what is wrong with data is told by who reads it */
}

/* Of a folder of files of one format, which lists them. */
static int64_t count_listed(const char *path, const struct ftmrt_call *source)
{
    const struct listing_want want = {.place = path, .error = stay_silent};
    struct listing l;
    if (!listing_can(source) || !listing_open(&l, source, &want))
        return -1;
    const int64_t count = l.count;
    listing_close(&l);
    return count;
}

int64_t samples_count(struct arena *arena, const char *base, const struct ftmrt_call *source)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(source->id);
    const char *file = NULL;
    for (uint32_t i = 0; i < info->param_count; i++) {
        const enum ftmrt_type type = info->params[i].type;
        if (type == FTMRT_TYPE_SOURCES)
            return count_sources(arena, base, &source->args[i]);
        if (source->args[i].kind != FTMRT_ARG_TEXT)
            continue;
        const char *path = file_join(arena, base, source->args[i].text);
        if (type == FTMRT_TYPE_CLASSES) {
            const int64_t count = count_files(arena, path, 0);
            return count ? count : -1;
        }
        if (type == FTMRT_TYPE_FOLDER)
            return count_listed(path, source);
        if (type == FTMRT_TYPE_MEMBER)
            return count_member(file, source->args[i].text);
        if (type == FTMRT_TYPE_FILE)
            file = path;
        const int64_t count = type == FTMRT_TYPE_FILE ? samples_in_file(path) : -1;
        if (count >= 0)
            return count;
    }
    return -1;
}
