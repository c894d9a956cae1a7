/* Transform pipelines: resize, crop, channels on 8-bit pictures, then normalisation to the
 * network's input. */
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "report.h"

static void copy_image(const struct image *in, struct image *out)
{
    *out = *in;
    size_t bytes = (size_t)(in->width * in->height) * (size_t)in->channels;
    out->pixels = app_alloc(bytes, 1);
    memcpy(out->pixels, in->pixels, bytes);
}

/* Replaces a picture by its successor. */
static void replace(struct image *i, struct image next)
{
    image_free(i);
    *i = next;
}

static void step_resize(struct image *i, const struct transform_step *s)
{
    int64_t height = s->height, width = s->width;
    if (width ==
        0) { /* the shorter side; the other keeps the aspect, truncated as torchvision does */
        width = i->width <= i->height
                    ? s->height
                    : (int64_t)((double)s->height * (double)i->width / (double)i->height);
        height = i->height < i->width
                     ? s->height
                     : (int64_t)((double)s->height * (double)i->height / (double)i->width);
    }
    if (height == i->height && width == i->width)
        return;
    struct image next;
    image_resize(i, width > 0 ? width : 1, height > 0 ? height : 1, &next);
    replace(i, next);
}

/* Crops around the centre; where the picture is smaller, the border is black, as torchvision's. */
static void step_center_crop(struct image *i, const struct transform_step *s)
{
    int64_t h = s->height, w = s->width ? s->width : s->height;
    int64_t top = (i->height - h) / 2, left = (i->width - w) / 2;
    struct image next = {w, h, i->channels, app_alloc((size_t)(h * w), (size_t)i->channels)};
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            int64_t sy = y + top, sx = x + left;
            if (sy >= 0 && sy < i->height && sx >= 0 && sx < i->width)
                memcpy(next.pixels + (y * w + x) * i->channels,
                       i->pixels + (sy * i->width + sx) * i->channels, (size_t)i->channels);
        }
    replace(i, next);
}

static void step_to_grey(struct image *i)
{
    if (i->channels == 1)
        return;
    int64_t count = i->width * i->height;
    for (int64_t p = 0; p < count; p++) { /* ITU-R 601-2 luma in 16-bit fixed point */
        const unsigned char *rgb = i->pixels + 3 * p;
        i->pixels[p] =
            (unsigned char)((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
    }
    i->channels = 1;
}

static void step_to_rgb(struct image *i)
{
    if (i->channels == 3)
        return;
    int64_t count = i->width * i->height;
    struct image next = {i->width, i->height, 3, app_alloc((size_t)count, 3)};
    for (int64_t p = 0; p < count; p++)
        memset(next.pixels + 3 * p, i->pixels[p], 3);
    replace(i, next);
}

/* [h, w, c] bytes to [c, h, w] floats: (x / scale - mean) / std. */
static void to_floats(const struct image *i, const struct transform_step *s, float *out)
{
    int64_t count = i->width * i->height;
    for (int c = 0; c < i->channels; c++) {
        int k = s && s->channels > 1 ? c : 0;
        float table[256];
        for (int v = 0; v < 256; v++)
            table[v] = (float)(s ? (v / s->scale - s->mean[k]) / s->std[k] : v);
        for (int64_t p = 0; p < count; p++)
            out[c * count + p] = table[i->pixels[p * i->channels + c]];
    }
}

static const struct transform_step *run_steps(const struct transform_pipeline *t, struct image *i)
{
    const struct transform_step *normalize = NULL;
    for (int k = 0; k < t->count; k++) {
        const struct transform_step *s = &t->steps[k];
        switch (s->kind) {
        case STEP_RESIZE: step_resize(i, s); break;
        case STEP_CENTER_CROP: step_center_crop(i, s); break;
        case STEP_TO_GREY: step_to_grey(i); break;
        case STEP_TO_RGB: step_to_rgb(i); break;
        case STEP_NORMALIZE: normalize = s; break;
        }
    }
    return normalize;
}

bool transform_run(const struct transform_pipeline *t, const struct config *c,
                   const struct image *in, float *out, const char *name)
{
    struct image i;
    copy_image(in, &i);
    const struct transform_step *normalize = run_steps(t, &i);
    if (c->channels == 1)
        step_to_grey(&i);
    else
        step_to_rgb(&i);
    bool ok = i.width == c->width && i.height == c->height && i.channels == c->channels;
    if (ok)
        to_floats(&i, normalize, out);
    else
        report_error("%s: is %lld x %lld after the transforms, the network takes %lld x %lld; add "
                     "resize(%lld, %lld) to "
                     "the recipe",
                     name, (long long)i.height, (long long)i.width, (long long)c->height,
                     (long long)c->width, (long long)c->height, (long long)c->width);
    image_free(&i);
    return ok;
}
