/* Data sets in memory: loading and batches. */
#include "dataset.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "report.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The file of a source: in data_dir under its own name (also gzipped, or unpacked), else relative
 * to the recipe. */
static char *locate(const char *path, const struct config *c, const char *data_dir)
{
    if (!data_dir)
        return path[0] == '/' || !c->base ? app_strdup(path) : app_format("%s/%s", c->base, path);
    const char *name = base_name(path);
    char *found = app_format("%s/%s", data_dir, name);
    size_t length = strlen(name);
    if (access(found, R_OK) != 0) {
        bool zipped = length > 3 && !strcmp(name + length - 3, ".gz");
        char *other = zipped ? app_format("%s/%.*s", data_dir, (int)length - 3, name)
                             : app_format("%s/%s.gz", data_dir, name);
        if (access(other, R_OK) == 0) {
            free(found);
            return other;
        }
        free(other);
    }
    return found;
}

/* Finds height, width and channels of an image array. */
static bool classify_images(struct dataset *d, const struct config *c)
{
    const struct array *a = &d->images;
    d->count = a->dim[0];
    d->ready = a->dtype == FTMRT_F32;
    if (d->count == 0)
        return report_error("%s: holds no images", d->name);
    if (d->ready) {
        if (a->rank == 4 && a->dim[1] == c->channels && a->dim[2] == c->height &&
            a->dim[3] == c->width)
            return true;
        char *found = array_shape_text(a);
        report_error("%s: float images are taken as network inputs and must be [N, %lld, %lld, "
                     "%lld], not %s; 8-bit images of any size go through the transform",
                     d->name, (long long)c->channels, (long long)c->height, (long long)c->width,
                     found);
        free(found);
        return false;
    }
    if (a->dtype != FTMRT_U8 || a->rank < 3)
        return report_error(
            "%s: images must be uint8 [N, H, W], [N, H, W, C] or [N, C, H, W], or float32 inputs",
            d->name);
    bool last = a->rank == 4 && (a->dim[3] == 1 || a->dim[3] == 3);
    d->channels_last = a->rank == 3 || last;
    d->channels = a->rank == 3 ? 1 : (int)a->dim[last ? 3 : 1];
    d->height = a->dim[d->channels_last ? 1 : 2];
    d->width = a->dim[d->channels_last ? 2 : 3];
    if (d->channels != 1 && d->channels != 3) {
        char *found = array_shape_text(a);
        report_error("%s: images of %s; pictures have 1 or 3 channels, in front or behind", d->name,
                     found);
        free(found);
        return false;
    }
    if (d->height == 0 || d->width == 0)
        return report_error("%s: holds no images", d->name);
    return true;
}

static int64_t label_at(const struct array *a, int64_t i)
{
    if (a->dtype == FTMRT_U8)
        return ((const unsigned char *)a->data)[i];
    return a->dtype == FTMRT_I32 ? ((const int32_t *)a->data)[i] : ((const int64_t *)a->data)[i];
}

static bool take_labels(struct dataset *d, const struct array *a, const struct config *c,
                        const char *path)
{
    if (a->rank != 1 || a->dtype == FTMRT_F32)
        return report_error("%s: labels must be one integer per image", path);
    if (a->dim[0] != d->count)
        return report_error("%s: %lld labels for %lld images in %s", path, (long long)a->dim[0],
                            (long long)d->count, d->name);
    d->labels = app_alloc((size_t)d->count, sizeof(int32_t));
    for (int64_t i = 0; i < d->count; i++) {
        int64_t v = label_at(a, i);
        if (v < 0 || v >= c->classes)
            return report_error("%s: label %lld of image %lld is not a class; the network has %lld "
                                "classes (0 to %lld)",
                                path, (long long)v, (long long)i, (long long)c->classes,
                                (long long)c->classes - 1);
        d->labels[i] = (int32_t)v;
    }
    return true;
}

static bool load_labels(struct dataset *d, const char *path, bool idx, const struct config *c)
{
    struct array a;
    if (!(idx ? array_read_idx(&a, path) : array_read_npy(&a, path)))
        return false;
    bool ok = take_labels(d, &a, c, path);
    array_free(&a);
    return ok;
}

bool dataset_load(struct dataset *d, const struct data_config *source, const struct config *c,
                  const char *data_dir)
{
    *d = (struct dataset){0};
    bool idx = !strcmp(source->kind, "idx");
    d->name = locate(source->images, c, data_dir);
    char *labels = locate(source->labels, c, data_dir);
    bool ok = (idx ? array_read_idx(&d->images, d->name) : array_read_npy(&d->images, d->name)) &&
              classify_images(d, c) && load_labels(d, labels, idx, c);
    free(labels);
    if (!ok)
        dataset_free(d);
    return ok;
}

bool dataset_load_npy(struct dataset *d, const char *path, const struct config *c)
{
    *d = (struct dataset){.name = app_strdup(path)};
    bool ok = array_read_npy(&d->images, path) && classify_images(d, c);
    if (!ok)
        dataset_free(d);
    return ok;
}

void dataset_free(struct dataset *d)
{
    array_free(&d->images);
    free(d->labels);
    free(d->name);
    *d = (struct dataset){0};
}

/* Sample i as a picture with interleaved channels. */
static struct image sample_image(const struct dataset *d, int64_t i)
{
    int64_t pixels = d->height * d->width;
    struct image image = {d->width, d->height, d->channels,
                          app_alloc((size_t)pixels, (size_t)d->channels)};
    const unsigned char *src = (const unsigned char *)d->images.data + i * pixels * d->channels;
    if (d->channels_last) {
        memcpy(image.pixels, src, (size_t)(pixels * d->channels));
        return image;
    }
    for (int c = 0; c < d->channels; c++)
        for (int64_t p = 0; p < pixels; p++)
            image.pixels[p * d->channels + c] = src[c * pixels + p];
    return image;
}

static bool sample_input(const struct dataset *d, const struct transform_pipeline *t,
                         const struct config *c, int64_t i, float *out)
{
    int64_t size = c->channels * c->height * c->width;
    if (d->ready) {
        memcpy(out, (const float *)d->images.data + i * size, (size_t)size * sizeof(float));
        return true;
    }
    struct image image = sample_image(d, i);
    bool ok = transform_run(t, c, &image, out, d->name);
    image_free(&image);
    return ok;
}

bool dataset_batch(const struct dataset *d, const struct transform_pipeline *t,
                   const struct config *c, const int64_t *order, int64_t first, int64_t n,
                   float *inputs, int32_t *labels)
{
    int64_t size = c->channels * c->height * c->width;
    int failed = 0;
#pragma omp parallel for schedule(static) num_threads(ftmrt_threads()) reduction(| : failed)
    for (int64_t k = 0; k < n; k++) {
        int64_t i = order ? order[first + k] : first + k;
        if (!failed && !sample_input(d, t, c, i, inputs + k * size))
            failed = 1;
        if (labels)
            labels[k] = d->labels ? d->labels[i] : 0;
    }
    return !failed;
}
