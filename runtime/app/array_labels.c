/* Labels from an array file. */
#include "array_labels.h"

#include <stdlib.h>

#include "network.h"
#include "report.h"

/* A mask's class numbers are bytes, as pixels are. */
enum { MASK_CLASSES = 256 };

/* ---- shapes ---- */

static bool refuse_form(const struct array_labels_site *site, const struct array *a,
                        const char *expected)
{
    char *found = array_shape_text(a);
    report_error("%s: labels of %s %s, expected %s", site->path, a->type, found, expected);
    free(found);
    return false;
}

static bool is_integer(const struct array *a)
{
    return a->dtype != FTMRT_F32 && a->dtype != FTMRT_F64;
}

static bool check_classes(const struct array_labels_site *site, const struct array *a)
{
    const bool one = a->rank == 1 || (a->rank == 2 && a->dim[1] == 1); /* MedMNIST has [N, 1] */
    return (one && is_integer(a)) ||
           refuse_form(site, a,
                       "one integer per image, [N]; other labels have a `kind` in the recipe");
}

static bool check_vectors(const struct array_labels_site *site, const struct array *a)
{
    const int64_t outputs = site->want->classes;
    if ((a->rank == 2 && a->dim[1] == outputs) || (a->rank == 1 && outputs == 1))
        return true;
    char *expected =
        app_format("a number for each of the network's outputs, [N, %lld]", (long long)outputs);
    refuse_form(site, a, expected);
    free(expected);
    return false;
}

static bool check_masks(const struct array_labels_site *site, const struct array *a)
{
    if (a->rank == 3 && is_integer(a) && a->dim[1] == site->height && a->dim[2] == site->width)
        return true;
    char *expected = app_format("an integer for each pixel of the images, [N, %lld, %lld]",
                                (long long)site->height, (long long)site->width);
    refuse_form(site, a, expected);
    free(expected);
    return false;
}

/* ---- values ---- */

static bool refuse_class(const struct array_labels_site *site, int64_t found, int64_t image,
                         int64_t classes)
{
    return report_error("%s: label %lld of image %lld is not a class; the network has %lld classes "
                        "(0 to %lld)",
                        site->path, (long long)found, (long long)image, (long long)classes,
                        (long long)classes - 1);
}

static bool take_classes(struct array_labels *l, const struct array *a,
                         const struct array_labels_site *site)
{
    int32_t *to = l->data = app_alloc((size_t)a->dim[0], sizeof *to);
    for (int64_t i = 0; i < a->dim[0]; i++) {
        const int64_t v = array_integer(a, i);
        if (v < 0 || v >= site->want->classes)
            return refuse_class(site, v, i, site->want->classes);
        to[i] = (int32_t)v;
    }
    return true;
}

/* Whether the numbers of an image are what the loss wants. */
static bool check_vector(const struct array_labels_site *site, const float *v, int64_t size,
                         int64_t image)
{
    double found;
    const char *expected = network_vector_problem(site->want->vector, v, size, &found);
    return !expected || report_error("%s: label of image %lld: %g, expected %s", site->path,
                                     (long long)image, found, expected);
}

static bool take_vectors(struct array_labels *l, const struct array *a,
                         const struct array_labels_site *site)
{
    const int64_t size = l->size = site->want->classes;
    float *to = l->data = app_alloc((size_t)(a->dim[0] * size), sizeof *to);
    for (int64_t i = 0; i < a->dim[0]; i++, to += size) {
        for (int64_t k = 0; k < size; k++)
            to[k] = (float)ftmrt_load_double(a->dtype, a->data, i * size + k);
        if (!check_vector(site, to, size, i))
            return false;
    }
    return true;
}

/* A pixel's label is a class, or the one that the loss leaves out. */
static bool refuse_pixel(const struct array_labels_site *site, int64_t found, int64_t image)
{
    const int64_t classes = site->want->classes;
    return report_error("%s: label %lld in the mask of image %lld is not a class; the network has "
                        "%lld classes (0 to %lld); one label up to %d that does not count may be "
                        "`ignore_index` of the loss",
                        site->path, (long long)found, (long long)image, (long long)classes,
                        (long long)classes - 1, MASK_CLASSES - 1);
}

static bool take_masks(struct array_labels *l, const struct array *a,
                       const struct array_labels_site *site)
{
    const int64_t size = l->size = site->height * site->width, classes = site->want->classes;
    if (classes > MASK_CLASSES)
        return report_error("%s: masks of %lld classes; up to %d are read", site->path,
                            (long long)classes, MASK_CLASSES);
    unsigned char *to = l->data = app_alloc((size_t)(a->dim[0] * size), 1);
    for (int64_t i = 0; i < a->dim[0] * size; i++) {
        const int64_t v = array_integer(a, i);
        const bool ignored = site->want->ignored && v == *site->want->ignored && v < MASK_CLASSES;
        if (v < 0 || (v >= classes && !ignored))
            return refuse_pixel(site, v, i / size);
        to[i] = (unsigned char)v;
    }
    return true;
}

/* ---- by kind ---- */

static const struct {
    bool (*check)(const struct array_labels_site *site, const struct array *a);
    bool (*take)(struct array_labels *l, const struct array *a,
                 const struct array_labels_site *site);
    enum field_kind field;
    size_t element;
} kinds[FTMRT_LABEL_COUNT] = {
    [FTMRT_LABEL_INDEX] = {check_classes, take_classes, FIELD_INDEX, sizeof(int32_t)},
    [FTMRT_LABEL_VECTOR] = {check_vectors, take_vectors, FIELD_VECTOR, sizeof(float)},
    [FTMRT_LABEL_MASK] = {check_masks, take_masks, FIELD_MASK, 1},
};

bool array_labels_take(struct array_labels *l, const struct array *a,
                       const struct array_labels_site *site)
{
    l->size = 1;
    if (!kinds[l->kind].check(site, a))
        return false;
    if (a->dim[0] != site->source->count)
        return report_error("%s: %lld labels for %lld images in %s", site->path,
                            (long long)a->dim[0], (long long)site->source->count,
                            site->source->name);
    return kinds[l->kind].take(l, a, site);
}

void array_labels_free(struct array_labels *l)
{
    free(l->data);
    *l = (struct array_labels){0};
}

enum field_kind array_labels_field(const struct array_labels *l) { return kinds[l->kind].field; }

size_t array_labels_bytes(const struct array_labels *l)
{
    return (size_t)l->size * kinds[l->kind].element;
}

const void *array_labels_at(const struct array_labels *l, int64_t i)
{
    return (const unsigned char *)l->data + (size_t)i * array_labels_bytes(l);
}
