/* NumPy arrays of one file as data: the file itself, or the only one in a folder. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "data_survey_parts.h"
#include "folder_walk.h"
#include "npz_file.h"
#include "str.h"

enum { MOST_CLASSES = 100000 };

/* What the arrays of a part are called: "train" stands for the part. */
static const struct {
    const char *images, *labels;
} conventions[] = {{"x_%s", "y_%s"}, {"X_%s", "y_%s"}, {"%s_images", "%s_labels"}};

struct npz_pair {
    const struct npz_array *images, *labels;
};

struct npz_survey {
    struct looking *looking;
    struct npz_file file;
    const char *as; /* the file as the recipe calls it */
};

/* ---- the file ---- */

/* The only .npz file in a folder; NULL: there is none, or after a report. */
static const char *only_file(struct looking *l)
{
    const char *found = NULL;
    DIR *dir = opendir(l->dir);
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        if (e->d_name[0] == '.' || !str_ends_with(e->d_name, ".npz"))
            continue;
        if (found) {
            survey_report(l, arena_printf(l->arena, "%s: holds '%s' and '%s': name one with --data",
                                          l->dir, found, e->d_name));
            found = NULL;
            break;
        }
        found = arena_strdup(l->arena, e->d_name);
    }
    if (dir)
        closedir(dir);
    return found;
}

/* ---- arrays ---- */

static const struct npz_array *find(struct npz_survey *s, const char *convention, const char *part)
{
    char error[1024];
    const char *at = strstr(convention, "%s");
    const char *name = arena_printf(s->looking->arena, "%.*s%s%s", (int)(at - convention),
                                    convention, part, at + 2);
    return npz_find(&s->file, name, error, sizeof error);
}

static struct npz_pair find_pair(struct npz_survey *s, const char *part)
{
    for (size_t i = 0; i < sizeof conventions / sizeof *conventions; i++) {
        const struct npz_pair p = {find(s, conventions[i].images, part),
                                   find(s, conventions[i].labels, part)};
        if (p.images && p.labels)
            return p;
    }
    return (struct npz_pair){0};
}

static const char *source_of(struct npz_survey *s, const char *part)
{
    struct arena *arena = s->looking->arena;
    const struct npz_pair p = find_pair(s, part);
    if (!p.images)
        return NULL;
    return arena_printf(arena, "npz(%s, images = %s, labels = %s)", str_quoted(arena, s->as),
                        str_quoted(arena, p.images->name), str_quoted(arena, p.labels->name));
}

/* ---- what they hold ---- */

static bool refuse(struct npz_survey *s, const struct npz_array *a, const char *expected)
{
    char text[256];
    const struct npz_file one = {.arrays = (struct npz_array *)(uintptr_t)a, .count = 1};
    npz_list(&one, text, sizeof text);
    return survey_report(
        s->looking, arena_printf(s->looking->arena, "%s: %s, expected %s", s->as, text, expected));
}

/* The shorter side, and how much longer the other one is. */
static bool measure(struct npz_survey *s, const struct npz_array *images)
{
    const struct npy_header *h = &images->header;
    const bool last = h->rank == 4 && (h->dim[3] == 1 || h->dim[3] == 3);
    if (h->dtype != FTMRT_U8 || h->rank < 3)
        return refuse(s, images, "pictures, uint8 [N, H, W], [N, H, W, C] or [N, C, H, W]");
    const int at = h->rank == 3 || last ? 1 : 2;
    const double a = (double)h->dim[at], b = (double)h->dim[at + 1];
    if (a < 1 || b < 1)
        return refuse(s, images, "pictures with pixels");
    s->looking->out->side = (int64_t)(a < b ? a : b);
    s->looking->out->ratio = a < b ? b / a : a / b;
    return true;
}

/* Bytes of an integer in the file. */
static int bytes_of(const struct npy_header *h)
{
    return h->narrow ? abs(h->narrow) : (int)ftmrt_dtype_size(h->dtype);
}

/* Label i; what is below 0 is very large. */
static uint64_t label_at(const unsigned char *data, int64_t i, int bytes)
{
    uint64_t v = 0;
    for (int k = bytes - 1; k >= 0; k--)
        v = v << 8 | data[i * bytes + k];
    return v;
}

static bool count_classes(struct npz_survey *s, const struct npz_array *labels,
                          const unsigned char *data)
{
    static const char expected[] = "classes from 0";
    struct looking *l = s->looking;
    const int bytes = bytes_of(&labels->header);
    int64_t *counts = arena_array(l->arena, int64_t, MOST_CLASSES);
    uint64_t most = 0;
    for (int64_t i = 0; i < labels->header.dim[0]; i++) {
        const uint64_t label = label_at(data, i, bytes);
        if (label >= MOST_CLASSES)
            return refuse(s, labels, expected);
        most = label > most ? label : most;
        counts[label]++;
    }
    for (uint64_t k = 0; k <= most; k++)
        vec_push(l->arena, &l->out->classes,
                 (struct survey_class){arena_printf(l->arena, "%d", (int)k), counts[k]});
    l->out->total = labels->header.dim[0];
    return l->out->total > 0 || refuse(s, labels, expected);
}

static bool read_labels(struct npz_survey *s, const struct npz_array *labels)
{
    const struct npy_header *h = &labels->header;
    const bool one = h->rank == 1 || (h->rank == 2 && h->dim[1] == 1);
    const size_t size = (size_t)labels->member.size;
    if (!one || h->dtype == FTMRT_F32 || h->dtype == FTMRT_F64)
        return refuse(s, labels, "a class for each picture, integers [N]");
    if (h->dim[0] < 0 || size < h->length ||
        (uint64_t)h->dim[0] > (size - h->length) / (size_t)bytes_of(h))
        return refuse(s, labels, "as many numbers as its head says");
    unsigned char *bytes = malloc(size + 1);
    const char *why = bytes ? npz_read(&s->file, labels, bytes, size) : "out of memory";
    const bool ok = why ? survey_report(s->looking, arena_printf(s->looking->arena, "%s:%s: %s",
                                                                 s->as, labels->name, why))
                        : count_classes(s, labels, bytes + h->length);
    free(bytes);
    return ok;
}

static bool refuse_names(struct npz_survey *s)
{
    char text[1024];
    npz_list(&s->file, text, sizeof text);
    return survey_report(s->looking,
                         arena_printf(s->looking->arena,
                                      "%s has %s; those that train are looked for as x_train and "
                                      "y_train, or train_images and train_labels: write "
                                      "`train = npz(...)` in a recipe of your own",
                                      s->as, text));
}

static bool look(struct npz_survey *s)
{
    struct data_survey *out = s->looking->out;
    const struct npz_pair train = find_pair(s, "train");
    if (!train.images)
        return refuse_names(s);
    if (!measure(s, train.images) || !read_labels(s, train.labels))
        return false;
    out->train = source_of(s, "train");
    out->validation = source_of(s, "val");
    out->test = source_of(s, "test");
    return true;
}

bool survey_npz(struct looking *l)
{
    const bool inside = folder_is(l->dir);
    const char *name = inside ? only_file(l) : "";
    struct npz_survey s = {.looking = l};
    char error[256];
    if (!name)
        return false;
    const char *path = inside ? arena_printf(l->arena, "%s/%s", l->dir, name) : l->dir;
    s.as = inside ? arena_printf(l->arena, "%s/%s", l->as, name) : l->as;
    const bool ok = npz_open(&s.file, path, error, sizeof error) == FTMRT_OK
                        ? look(&s)
                        : survey_report(l, arena_printf(l->arena, "%s: %s", path, error));
    npz_close(&s.file);
    return ok;
}
