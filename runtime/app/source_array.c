/* Pictures and labels from two arrays. */
#include "source_array.h"

#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "report.h"

struct arrays {
    struct array images;
    int64_t height, width; /* of the images */
    int channels;
    bool channels_last;
    struct array_labels labels;
};

static void close_arrays(struct source *s)
{
    struct arrays *a = s->state;
    array_free(&a->images);
    array_labels_free(&a->labels);
    free(a);
}

/* Bytes of all images. */
static size_t image_bytes(const struct array *a)
{
    size_t bytes = ftmrt_dtype_size(a->dtype);
    for (int i = 0; i < a->rank; i++)
        bytes *= (size_t)a->dim[i];
    return bytes;
}

/* ---- what the images are ---- */

static bool refuse_shape(const struct source *s, const struct array *a, const char *why)
{
    char *found = array_shape_text(a);
    report_error("%s: images of %s; %s", s->name, found, why);
    free(found);
    return false;
}

/* Inputs of a network are around 0; values up to 255 are pixels that nobody has normalised. */
#define MOST_INPUT 50.0F

static void warn_pixels(const struct source *s, const struct array *a)
{
    const float *x = a->data;
    const size_t count = image_bytes(a) / sizeof *x;
    float least = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    if (least >= 0 && most > MOST_INPUT)
        report_note(
            "warning: %s: float images are network inputs, which the transform does not touch, "
            "and these go up to %g: save pixels as uint8, or normalise them",
            s->name, (double)most);
}

/* f32 arrays are inputs of the network's own shape. */
static bool classify_tensors(struct source *s, struct arrays *p, const struct source_want *want)
{
    const struct array *a = &p->images;
    p->height = want->task.height;
    p->width = want->task.width;
    s->fields[FIELD_INPUT] = (struct field){"images", FIELD_TENSOR};
    if (a->rank == 4 && a->dim[1] == want->task.channels && a->dim[2] == want->task.height &&
        a->dim[3] == want->task.width) {
        warn_pixels(s, a);
        return true;
    }
    char *found = array_shape_text(a);
    report_error("%s: float images are taken as network inputs and must be [N, %lld, %lld, "
                 "%lld], not %s; 8-bit images of any size go through the transform",
                 s->name, (long long)want->task.channels, (long long)want->task.height,
                 (long long)want->task.width, found);
    free(found);
    return false;
}

static bool refuse_pictures(const struct source *s, const struct array *a)
{
    char *shape = array_shape_text(a);
    report_error("%s: images must be uint8 [N, H, W], [N, H, W, C] or [N, C, H, W], or float32 "
                 "inputs, not %s %s; %s",
                 s->name, a->type, shape,
                 a->rank < 3 ? "are images and labels the wrong way round?"
                             : "save pixels with astype(numpy.uint8), numbers that a network takes "
                               "as they are with astype(numpy.float32)");
    free(shape);
    return false;
}

/* Finds height, width and channels of pictures. */
static bool classify_pictures(struct source *s, struct arrays *p)
{
    const struct array *a = &p->images;
    s->fields[FIELD_INPUT] = (struct field){"images", FIELD_PICTURE};
    if (a->dtype != FTMRT_U8 || a->rank < 3)
        return refuse_pictures(s, a);
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

static bool take_labels(struct source *s, const struct array *a, const struct source_want *want,
                        const char *path)
{
    struct arrays *p = s->state;
    const struct array_labels_site site = {path, s, want, p->height, p->width};
    if (!array_labels_take(&p->labels, a, &site))
        return false;
    s->fields[FIELD_LABEL] = (struct field){"labels", array_labels_field(&p->labels)};
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

/* A mask as a picture of class numbers. */
static struct ftmrt_picture mask(const struct arrays *p, int64_t i)
{
    unsigned char *at = (unsigned char *)p->labels.data + i * p->labels.size;
    return (struct ftmrt_picture){p->height, p->width, 1, true, at};
}

static void read_label(const struct arrays *p, int64_t i, union field_value *out)
{
    const void *at = array_labels_at(&p->labels, i);
    if (p->labels.kind == FTMRT_LABEL_INDEX)
        out->index = *(const int32_t *)at;
    else if (p->labels.kind == FTMRT_LABEL_VECTOR)
        out->tensor = at;
    else
        out->picture = mask(p, i);
}

static bool read_arrays(const struct source *s, int64_t i, enum field_role field,
                        struct buffer *buffer, union field_value *out)
{
    const struct arrays *p = s->state;
    const struct array *a = &p->images;
    if (field == FIELD_LABEL)
        read_label(p, i, out);
    else if (s->fields[field].kind == FIELD_PICTURE)
        out->picture = picture(p, i, buffer);
    else
        out->tensor = (const float *)a->data + i * a->dim[1] * a->dim[2] * a->dim[3];
    return true;
}

static bool array_contents(const struct source *s, int threads, uint64_t *contents)
{
    (void)threads; /* it is in memory: a moment */
    const struct array *a = &((const struct arrays *)s->state)->images;
    const size_t bytes = image_bytes(a) / (size_t)s->count;
    for (int64_t i = 0; i < s->count; i++)
        contents[i] =
            fingerprint_bytes((const unsigned char *)a->data + (size_t)i * bytes, bytes, 0);
    return true;
}

static bool fingerprint_arrays(const struct source *s, int threads, uint64_t *hash)
{
    (void)threads;
    const struct arrays *p = s->state;
    const struct array *a = &p->images;
    const uint64_t images = fingerprint_bytes(a->data, image_bytes(a), (uint64_t)a->rank);
    *hash = fingerprint_bytes(
        p->labels.data, p->labels.data ? (size_t)s->count * array_labels_bytes(&p->labels) : 0,
        images);
    return true;
}

/* What `read` takes for an array of that name. */
static char *place_of(const struct array_files *files, const char *name,
                      const struct source_want *want)
{
    if (!files->archive)
        return source_locate(name, want);
    char *archive = source_locate(files->archive, want),
         *place = app_format("%s:%s", archive, name);
    free(archive);
    return place;
}

bool source_arrays(struct source *s, bool (*read)(struct array *a, const char *path),
                   const struct array_files *files, const struct source_want *want)
{
    struct arrays *p = app_alloc(1, sizeof *p);
    p->labels.kind = files->kind;
    *s = (struct source){.name = place_of(files, files->images, want),
                         .read = read_arrays,
                         .contents = array_contents,
                         .fingerprint = fingerprint_arrays,
                         .close = close_arrays,
                         .state = p};
    if (!read(&p->images, s->name))
        return false;
    s->count = p->images.dim[0];
    if (s->count == 0)
        return report_error("%s: holds no images", s->name);
    if (!(p->images.dtype == FTMRT_F32 ? classify_tensors(s, p, want) : classify_pictures(s, p)))
        return false;
    if (!files->labels)
        return true;
    struct array a;
    char *path = place_of(files, files->labels, want);
    bool ok = read(&a, path);
    if (ok) {
        ok = take_labels(s, &a, want, path);
        array_free(&a);
    }
    free(path);
    return ok;
}

bool source_open_array(struct source *s, const char *path, const struct source_want *want)
{
    const struct source_want here = {.task = want->task}; /* the path is a user's, not a recipe's */
    *s = (struct source){0};
    if (source_arrays(s, array_read, &(struct array_files){.images = path}, &here))
        return true;
    source_close(s);
    return false;
}
