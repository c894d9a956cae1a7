/* folder(path): a folder per class, as torchvision's ImageFolder has them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "class_folder.h"
#include "folder_walk.h"
#include "listing.h"
#include "name_pattern.h"

/* The class whose folder is walked over. */
struct class_walk {
    struct listing *listing;
    const struct ftmrt_call *call;
    const char *folder; /* its name */
    int32_t class;
};

/* ---- its pictures ---- */

static bool fits_one(const struct ftmrt_arg *patterns, const char *path)
{
    for (uint32_t i = 0; i < patterns->count; i++)
        if (name_fits(patterns->texts[i], path))
            return true;
    return false;
}

static bool is_included(const struct ftmrt_call *call, const char *path)
{
    const struct ftmrt_arg *in = ftmrt_call_arg(call, FTMRT_PARAM_folder_include),
                           *out = ftmrt_call_arg(call, FTMRT_PARAM_folder_exclude);
    return (in->kind == FTMRT_ARG_NONE || fits_one(in, path)) &&
           (out->kind == FTMRT_ARG_NONE || !fits_one(out, path));
}

static bool add_file(void *context, const char *name)
{
    const struct class_walk *c = context;
    struct listing *l = c->listing;
    const struct listing_want *w = l->want;
    char path[PATH_MAX];
    if (!is_included(c->call, name))
        return true;
    const int n = snprintf(path, sizeof path, "%s/%s/%s", w->place, c->folder, name);
    if (n >= (int)sizeof path)
        return listing_fail(l, "%s: the name is too long", path);
    return (w->wanted && !w->wanted(w->context, path)) ||
           listing_add(l, path, name, &(struct listed){.class = c->class}, NULL);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct listed *)a)->path, ((const struct listed *)b)->path);
}

/* ---- classes ---- */

static bool add_class(struct listing *l, const struct ftmrt_call *call, const char *folder)
{
    struct class_walk c = {l, call, folder, -1};
    struct folder_walk walk = {.entry = add_file, .context = &c};
    char path[PATH_MAX];
    if (!listing_class(l, folder, &c.class))
        return false;
    if (c.class < 0 || l->want->classes_only)
        return true;
    snprintf(path, sizeof path, "%s/%s", l->want->place, folder);
    const int64_t first = l->count;
    const bool ok = folder_walk_files(&walk, path);
    if (*walk.error)
        return listing_fail(l, "%s", walk.error);
    if (l->count > first)
        qsort(l->at + first, (size_t)(l->count - first), sizeof *l->at, by_path);
    return ok;
}

bool list_folder(struct listing *l, const struct ftmrt_call *call)
{
    struct name_list names;
    char error[512];
    if (class_folder_names(&names, l->want->place, error, sizeof error) != FTMRT_OK)
        return listing_fail(l, "%s", error);
    bool ok = true;
    for (size_t i = 0; ok && i < names.count; i++)
        ok = add_class(l, call, names.at[i]);
    name_list_free(&names);
    return ok;
}
