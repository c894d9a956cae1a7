#include "thumbnail.h"

#include <stdlib.h>

#include "png_file.h"
#include "report.h"

/* A length scaled so that `longer` is at most THUMBNAIL_SIDE. */
static int64_t scaled(int64_t length, int64_t longer)
{
    const int64_t small = longer > THUMBNAIL_SIDE ? length * THUMBNAIL_SIDE / longer : length;
    return small > 0 ? small : 1;
}

/* The mean of the pixels of a part of the picture. */
static unsigned char mean_of(const struct ftmrt_picture *p, int64_t top, int64_t bottom,
                             int64_t left, int64_t right, int channel)
{
    int64_t sum = 0;
    const int64_t count = (bottom - top) * (right - left);
    for (int64_t y = top; y < bottom; y++)
        for (int64_t x = left; x < right; x++)
            sum += p->pixels[(y * p->width + x) * p->channels + channel];
    return (unsigned char)((sum + count / 2) / count);
}

/* Each pixel is the mean of those that it stands for. */
static struct ftmrt_picture shrink(const struct ftmrt_picture *in, unsigned char *pixels)
{
    const int64_t longer = in->height > in->width ? in->height : in->width;
    struct ftmrt_picture out = {scaled(in->height, longer), scaled(in->width, longer), in->channels,
                                false, pixels};
    for (int64_t y = 0; y < out.height; y++)
        for (int64_t x = 0; x < out.width; x++)
            for (int c = 0; c < out.channels; c++)
                *pixels++ =
                    mean_of(in, y * in->height / out.height, (y + 1) * in->height / out.height,
                            x * in->width / out.width, (x + 1) * in->width / out.width, c);
    return out;
}

static bool make_of(struct thumbnail *t, const struct ftmrt_picture *picture)
{
    if ((picture->channels != 1 && picture->channels != 3) || picture->height < 1 ||
        picture->width < 1)
        return false;
    unsigned char *pixels = app_alloc((size_t)THUMBNAIL_SIDE * THUMBNAIL_SIDE, 3);
    const struct ftmrt_picture small = shrink(picture, pixels);
    *t = (struct thumbnail){.width = (int)small.width, .height = (int)small.height};
    t->png = png_bytes(pixels, small.height, small.width, small.channels, &t->size);
    free(pixels);
    return t->png != NULL;
}

bool thumbnail_make(struct thumbnail *t, const struct source *source, int64_t sample)
{
    struct buffer buffer = {0};
    union field_value value;
    struct report_held held = {0};
    bool ok = source->fields[FIELD_INPUT].kind == FIELD_PICTURE;
    report_hold(&held);
    ok = ok && source->read(source, sample, FIELD_INPUT, &buffer, &value);
    report_hold(NULL);
    ok = ok && make_of(t, &value.picture);
    free(held.lines);
    buffer_free(&buffer);
    return ok;
}
