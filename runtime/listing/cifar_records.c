/* Records of CIFAR. */
#include "cifar_records.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "csv_file.h"
#include "folder_walk.h"

enum { MOST_CLASSES = 256 };

/* A form's records while they are listed. */
struct cifar_listing {
    struct listing *listing;
    const struct cifar_form *form;
    char folder[PATH_MAX];
    int32_t classes[MOST_CLASSES]; /* the listing's, by the number of a label; -1: left out */
    int class_count;
};

static size_t record_size(const struct cifar_form *form)
{
    return (size_t)form->labels + CIFAR_BYTES;
}

/* ---- the folder ---- */

static bool join(char out[PATH_MAX], const char *folder, const char *name)
{
    return snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static bool has_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return join(path, folder, name) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool refuse_folder(struct cifar_listing *c)
{
    const char *place = c->listing->want->place;
    char python[PATH_MAX];
    if (!folder_is(place))
        return listing_fail(c->listing, "%s: no such folder", place);
    const bool pickled = has_file(place, "data_batch_1") || has_file(place, "meta") ||
                         (join(python, place, c->form->python_folder) && folder_is(python));
    return listing_fail(
        c->listing, "%s: holds neither %s nor %s with it%s; the binary version is %s, unpacked",
        place, c->form->files[0], c->form->folder,
        pickled ? ", but the version for Python, which is pickled" : "", c->form->archive);
}

static bool find_folder(struct cifar_listing *c)
{
    const char *place = c->listing->want->place, *first = c->form->files[0];
    char inside[PATH_MAX];
    const bool deeper =
        !has_file(place, first) && join(inside, place, c->form->folder) && has_file(inside, first);
    if (!deeper && !has_file(place, first))
        return refuse_folder(c);
    snprintf(c->folder, sizeof c->folder, "%s", deeper ? inside : place);
    return true;
}

/* ---- classes ---- */

static bool add_class(struct cifar_listing *c, const char *name)
{
    return listing_class(c->listing, name, &c->classes[c->class_count++]);
}

static bool number_classes(struct cifar_listing *c)
{
    char number[16];
    for (int i = 0; i < c->form->classes; i++) {
        snprintf(number, sizeof number, "%d", i);
        if (!add_class(c, number))
            return false;
    }
    return true;
}

static bool name_classes(struct cifar_listing *c)
{
    char path[PATH_MAX], error[512];
    struct csv_file file;
    if (!has_file(c->folder, c->form->names) || !join(path, c->folder, c->form->names))
        return number_classes(c);
    if (csv_file_open(&file, path, '\0', error, sizeof error) != FTMRT_OK)
        return listing_fail(c->listing, "%s", error);
    bool ok = true;
    while (ok && csv_file_next(&file, error, sizeof error) > 0)
        ok = c->class_count < MOST_CLASSES && add_class(c, file.fields[0]);
    csv_file_close(&file);
    if (c->class_count == c->form->classes)
        return ok;
    return listing_fail(c->listing, "%s: names of %d classes; %s has %d", path, c->class_count,
                        c->form->name, c->form->classes);
}

/* ---- records ---- */

static bool add_record(struct cifar_listing *c, const char *path, int64_t i, int label)
{
    char name[PATH_MAX + 24];
    if (label >= c->class_count)
        return listing_fail(c->listing, "%s:%lld: label %d is not a class; %s has %d (0 to %d)",
                            path, (long long)i, label, c->form->name, c->class_count,
                            c->class_count - 1);
    if (c->classes[label] < 0)
        return true;
    snprintf(name, sizeof name, "%s:%lld", path, (long long)i);
    return listing_add(c->listing, name, strrchr(name, '/') + 1,
                       &(struct listed){.class = c->classes[label]}, NULL);
}

/* Lists the records of an open file; pixels are read over. */
static bool read_records(struct cifar_listing *c, const char *path, FILE *f)
{
    const size_t size = record_size(c->form);
    unsigned char record[CIFAR_BYTES + 8];
    int64_t count = 0;
    size_t got;
    for (; (got = fread(record, 1, size, f)) == size; count++)
        if (!add_record(c, path, count, record[c->form->label]))
            return false;
    if (ferror(f))
        return listing_fail(c->listing, "%s: %s", path, strerror(errno));
    if (got)
        return listing_fail(c->listing,
                            "%s: ends with %zu bytes that are no whole record of %zu: the file is "
                            "cut, or not of %s",
                            path, got, size, c->form->name);
    return count > 0 || listing_fail(c->listing, "%s: is empty", path);
}

static bool list_file(struct cifar_listing *c, const char *name)
{
    char path[PATH_MAX];
    FILE *f = join(path, c->folder, name) ? fopen(path, "rb") : NULL;
    if (!f)
        return listing_fail(c->listing, "%s/%s: %s", c->folder, name, strerror(errno));
    const bool ok = read_records(c, path, f);
    fclose(f);
    return ok;
}

bool cifar_list(struct listing *l, const struct cifar_form *form)
{
    struct cifar_listing c = {.listing = l, .form = form};
    l->height = l->width = CIFAR_SIDE;
    if (!find_folder(&c) || !name_classes(&c))
        return false;
    for (int i = 0; form->files[i] && !l->want->classes_only; i++)
        if (!list_file(&c, form->files[i]))
            return false;
    return true;
}

const char *cifar_read(const char *path, int labels, unsigned char pixels[CIFAR_BYTES])
{
    char file[PATH_MAX];
    const char *colon = strrchr(path, ':');
    snprintf(file, sizeof file, "%.*s", (int)(colon - path), path);
    const long long at = strtoll(colon + 1, NULL, 10) * (CIFAR_BYTES + labels) + labels;
    FILE *f = fopen(file, "rb");
    if (!f)
        return strerror(errno);
    const bool ok = fseeko(f, at, SEEK_SET) == 0 && fread(pixels, CIFAR_BYTES, 1, f) == 1;
    fclose(f);
    return ok ? NULL : "the record is not there any more";
}
