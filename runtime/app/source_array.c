/* Pictures and labels from two arrays. */
#include "source_array.h"

#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "report.h"

struct arrays {
    struct array images;
    int64_t height, width; /* of pictures */
    int channels;
    bool channels_last;
    int32_t *labels;
};

static void close_arrays(struct source *s)
{
    struct arrays *a = s->state;
    array_free(&a->images);
    free(a->labels);
    free(a);
}

/* ---- what the images are ---- */

static bool refuse_shape(const struct source *s, const struct array *a, const char *why)
{
    char *found = array_shape_text(a);
    report_error("%s: images of %s; %s", s->name, found, why);
    free(found);
    return false;
}

/* f32 arrays are inputs of the network's own shape. */
static bool classify_tensors(struct source *s, const struct array *a,
                             const struct source_want *want)
{
    s->fields[FIELD_INPUT] = (struct field){"images", FIELD_TENSOR};
    if (a->rank == 4 && a->dim[1] == want->channels && a->dim[2] == want->height &&
        a->dim[3] == want->width)
        return true;
    char *found = array_shape_text(a);
    report_error("%s: float images are taken as network inputs and must be [N, %lld, %lld, "
                 "%lld], not %s; 8-bit images of any size go through the transform",
                 s->name, (long long)want->channels, (long long)want->height,
                 (long long)want->width, found);
    free(found);
    return false;
}

/* Finds height, width and channels of pictures. */
static bool classify_pictures(struct source *s, struct arrays *p)
{
    const struct array *a = &p->images;
    s->fields[FIELD_INPUT] = (struct field){"images", FIELD_PICTURE};
    if (a->dtype != FTMRT_U8 || a->rank < 3)
        return report_error(
            "%s: images must be uint8 [N, H, W], [N, H, W, C] or [N, C, H, W], or float32 inputs",
            s->name);
    bool last = a->rank == 4 && (a->dim[3] == 1 || a->dim[3] == 3);
    p->channels_last = a->rank == 3 || last;
    p->channels = a->rank == 3 ? 1 : (int)a->dim[last ? 3 : 1];
    p->height = a->dim[p->channels_last ? 1 : 2];
    p->width = a->dim[p->channels_last ? 2 : 3];
    if (p->channels != 1 && p->channels != 3)
        return refuse_shape(s, a, "pictures have 1 or 3 channels, in front or behind");
    return (p->height > 0 && p->width > 0) || report_error("%s: holds no images", s->name);
}

/* ---- labels ---- */

static int64_t label_at(const struct array *a, int64_t i)
{
    if (a->dtype == FTMRT_U8)
        return ((const unsigned char *)a->data)[i];
    return a->dtype == FTMRT_I32 ? ((const int32_t *)a->data)[i] : ((const int64_t *)a->data)[i];
}

static bool take_labels(struct source *s, const struct array *a, const struct source_want *want,
                        const char *path)
{
    struct arrays *p = s->state;
    if (a->rank != 1 || a->dtype == FTMRT_F32)
        return report_error("%s: labels must be one integer per image", path);
    if (a->dim[0] != s->count)
        return report_error("%s: %lld labels for %lld images in %s", path, (long long)a->dim[0],
                            (long long)s->count, s->name);
    p->labels = app_alloc((size_t)s->count, sizeof(int32_t));
    for (int64_t i = 0; i < s->count; i++) {
        int64_t v = label_at(a, i);
        if (v < 0 || v >= want->classes)
            return report_error("%s: label %lld of image %lld is not a class; the network has %lld "
                                "classes (0 to %lld)",
                                path, (long long)v, (long long)i, (long long)want->classes,
                                (long long)want->classes - 1);
        p->labels[i] = (int32_t)v;
    }
    s->fields[FIELD_LABEL] = (struct field){"labels", FIELD_INDEX};
    return true;
}

/* ---- reading ---- */

/* Picture i with interleaved channels. */
static struct ftmrt_picture picture(const struct arrays *p, int64_t i, struct buffer *buffer)
{
    const int64_t pixels = p->height * p->width;
    unsigned char *from = (unsigned char *)p->images.data + i * pixels * p->channels;
    struct ftmrt_picture out = {p->height, p->width, p->channels, false, from};
    if (p->channels_last)
        return out;
    out.pixels = buffer_need(buffer, (size_t)(pixels * p->channels));
    for (int c = 0; c < p->channels; c++)
        for (int64_t k = 0; k < pixels; k++)
            out.pixels[k * p->channels + c] = from[c * pixels + k];
    return out;
}

static bool read_arrays(const struct source *s, int64_t i, enum field_role field,
                        struct buffer *buffer, union field_value *out)
{
    const struct arrays *p = s->state;
    const struct array *a = &p->images;
    if (field == FIELD_LABEL)
        out->index = p->labels[i];
    else if (s->fields[field].kind == FIELD_PICTURE)
        out->picture = picture(p, i, buffer);
    else
        out->tensor = (const float *)a->data + i * a->dim[1] * a->dim[2] * a->dim[3];
    return true;
}

static uint64_t fingerprint_arrays(const struct source *s)
{
    const struct arrays *p = s->state;
    const struct array *a = &p->images;
    size_t bytes = ftmrt_dtype_size(a->dtype);
    for (int i = 0; i < a->rank; i++)
        bytes *= (size_t)a->dim[i];
    const uint64_t images = fingerprint_bytes(a->data, bytes, (uint64_t)a->rank);
    return fingerprint_bytes(p->labels, p->labels ? (size_t)s->count * sizeof *p->labels : 0,
                             images);
}

bool source_arrays(struct source *s, bool (*read)(struct array *a, const char *path),
                   const char *images, const char *labels, const struct source_want *want)
{
    struct arrays *p = app_alloc(1, sizeof *p);
    *s = (struct source){.name = source_locate(images, want),
                         .read = read_arrays,
                         .fingerprint = fingerprint_arrays,
                         .close = close_arrays,
                         .state = p};
    if (!read(&p->images, s->name))
        return false;
    s->count = p->images.dim[0];
    if (s->count == 0)
        return report_error("%s: holds no images", s->name);
    if (!(p->images.dtype == FTMRT_F32 ? classify_tensors(s, &p->images, want)
                                       : classify_pictures(s, p)))
        return false;
    if (!labels)
        return true;
    struct array a;
    char *path = source_locate(labels, want);
    bool ok = read(&a, path);
    if (ok) {
        ok = take_labels(s, &a, want, path);
        array_free(&a);
    }
    free(path);
    return ok;
}
