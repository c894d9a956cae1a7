/* Arrays in .npz files, called FILE:NAME. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array_parse.h"
#include "npz_file.h"
#include "report.h"

/* Unpacks an array, head and all. */
static bool unpack(struct bytes *b, const struct npz_file *f, const struct npz_array *a,
                   const char *path)
{
    if (a->member.size > ARRAY_MAX_BYTES)
        return report_error("%s: larger than the limit for a data file (8 GiB)", path);
    b->len = b->cap = (size_t)a->member.size;
    b->at = malloc(b->len + 1);
    const char *why = b->at ? npz_read(f, a, b->at, b->len) : "not enough memory";
    return !why || report_error("%s: %s", path, why);
}

static bool take(struct array *a, const struct npz_file *f, const struct npz_array *found,
                 const char *path)
{
    struct bytes b = {0};
    if (unpack(&b, f, found, path) && array_take_npy(a, &b, path))
        return true;
    free(b.at);
    a->data = NULL;
    return false;
}

/* The array that a name says; the only one, where it says none. */
static const struct npz_array *find(const struct npz_file *f, const char *name, const char *path)
{
    char text[1024];
    const struct npz_array *found = NULL;
    if (!name && f->count > 1) {
        npz_list(f, text, sizeof text);
        report_error("%s: has %d arrays, %s: name one behind it, as in %s:%s", path, f->count, text,
                     path, f->arrays[0].name);
        return NULL;
    }
    found = npz_find(f, name ? name : f->arrays[0].name, text, sizeof text);
    if (!found)
        report_error("%s: %s", path, text);
    return found;
}

bool array_read_npz(struct array *a, const char *path)
{
    const char *colon = access(path, F_OK) == 0 ? NULL : strrchr(path, ':');
    char *file = colon ? app_format("%.*s", (int)(colon - path), path) : app_strdup(path);
    struct npz_file f;
    char error[256];
    *a = (struct array){0};
    const struct npz_array *found = NULL;
    if (npz_open(&f, file, error, sizeof error) != FTMRT_OK)
        report_error("%s: %s", file, error);
    else
        found = find(&f, colon ? colon + 1 : NULL, path);
    const bool ok = found && take(a, &f, found, path);
    npz_close(&f);
    free(file);
    return ok;
}
