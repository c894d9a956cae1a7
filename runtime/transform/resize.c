/* resize(height, width, interpolation): to a size, or with the shorter side of a length. */
#include "resampling.h"

/* A side that keeps the aspect when the other becomes `shorter`, truncated as torchvision does. */
static int64_t kept_aspect(int64_t side, int64_t other, int64_t shorter)
{
    if (side <= other)
        return shorter;
    const int64_t length = (int64_t)((double)shorter * (double)side / (double)other);
    return length > 0 ? length : 1;
}

/* The new size of a picture; without a width the height is that of the shorter side. */
static void new_size(const struct ftmrt_call *c, int64_t *height, int64_t *width)
{
    const struct ftmrt_arg *w = ftmrt_call_arg(c, FTMRT_PARAM_resize_width);
    const int64_t h = ftmrt_call_integer(c, FTMRT_PARAM_resize_height), old_height = *height,
                  old_width = *width;
    const bool exact = w->kind != FTMRT_ARG_NONE;
    *height = exact ? h : kept_aspect(old_height, old_width, h);
    *width = exact ? w->integer : kept_aspect(old_width, old_height, h);
}

static enum resample_filter filter_of(const struct ftmrt_call *c)
{
    return (enum resample_filter)ftmrt_call_word(c, FTMRT_PARAM_resize_interpolation);
}

/* Of a picture whose size is not known before. */
static void size_from_nothing(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    const struct ftmrt_arg *w = ftmrt_call_arg(c, FTMRT_PARAM_resize_width);
    const int64_t height = ftmrt_call_integer(c, FTMRT_PARAM_resize_height);
    const bool exact = w->kind != FTMRT_ARG_NONE, known = exact || f->square;
    f->shorter = known ? 0 : height;
    f->height = known ? height : 0;
    f->width = exact ? w->integer : f->height;
}

void size_resize(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    const struct ftmrt_form before = *f;
    if (!before.height) {
        size_from_nothing(c, f);
    } else {
        new_size(c, &f->height, &f->width);
        f->space += resample_space(&before, f, filter_of(c));
        f->rows = f->rows && f->height == before.height && f->width == before.width;
    }
    f->stretched = f->stretched || (!before.height && !before.square && f->height);
    f->resized = true;
    f->square = f->square && f->height == f->width;
}

void run_resize(const struct ftmrt_call *c, struct transform *t)
{
    int64_t height = t->picture.height, width = t->picture.width;
    new_size(c, &height, &width);
    resample(t, height, width, filter_of(c));
}
