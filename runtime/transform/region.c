#include "region.h"

#include <string.h>

void region_size(const struct ftmrt_call *c, enum ftmrt_param height_param,
                 enum ftmrt_param width_param, int64_t *height, int64_t *width)
{
    const struct ftmrt_arg *w = ftmrt_call_arg(c, width_param);
    *height = ftmrt_call_integer(c, height_param);
    *width = w->kind == FTMRT_ARG_NONE ? *height : w->integer;
}

static void check(struct ftmrt_form *f, int64_t want, int64_t have)
{
    if (f->problem || !have || want <= have)
        return;
    f->problem = FTMRT_FORM_CROP_LARGER;
    f->want = want;
    f->have = have;
}

void size_region(struct ftmrt_form *f, int64_t height, int64_t width, int64_t border)
{
    const int64_t high = f->shorter ? f->shorter : f->height,
                  wide = f->shorter ? f->shorter : f->width;
    check(f, height, high ? high + 2 * border : 0);
    check(f, width, wide ? wide + 2 * border : 0);
    const int64_t before = f->width;
    f->height = height;
    f->width = width;
    f->shorter = 0;
    f->square = height == width;
    form_region(f, before);
}

void form_region(struct ftmrt_form *f, int64_t before)
{
    if (f->rows && !f->cut) {
        f->cut = true;
        return;
    }
    if (f->rows)
        f->space += transform_round((uint64_t)(before * f->channels));
    f->space += transform_form_bytes(f);
    f->rows = false;
}

/* One row of the region, of which [first, end) lie inside the picture. */
static void take_row(const unsigned char *from, unsigned char *to, int64_t first, int64_t end,
                     int64_t width, int64_t left, int channels, int fill)
{
    const size_t c = (size_t)channels;
    memset(to, fill, (size_t)width * c);
    if (end > first)
        memcpy(to + (size_t)first * c, from + (left + first) * channels, (size_t)(end - first) * c);
}

/* Of rows nothing is taken yet. */
static void note_region(struct transform *t, int64_t top, int64_t left, int64_t height,
                        int64_t width, int fill)
{
    t->cut = true;
    t->top = top;
    t->left = left;
    t->fill = fill;
    t->picture.height = height;
    t->picture.width = width;
}

void take_region(struct transform *t, int64_t top, int64_t left, int64_t height, int64_t width,
                 int fill)
{
    if (t->rows && !t->cut) {
        note_region(t, top, left, height, width, fill);
        return;
    }
    const struct transform from = *t;
    const struct ftmrt_picture in = t->picture;
    const int64_t row = in.width * in.channels, first = left < 0 ? -left : 0,
                  end = in.width - left < width ? in.width - left : width;
    unsigned char *line = t->rows ? transform_take(t, (uint64_t)row) : NULL;
    t->picture = transform_picture(t, height, width);
    t->rows = NULL;
    for (int64_t y = 0; y < height; y++) {
        const bool inside = y + top >= 0 && y + top < in.height;
        if (inside && line)
            transform_read(&from, y + top, line);
        take_row(line     ? line
                 : inside ? in.pixels + (y + top) * row
                          : in.pixels,
                 t->picture.pixels + y * width * in.channels, inside ? first : 0, inside ? end : 0,
                 width, left, in.channels, in.mask ? 0 : fill);
    }
}
