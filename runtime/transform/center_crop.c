/* center_crop(height, width): around the centre; where the picture is smaller, the border is black, as torchvision's
 * center_crop. */
#include <string.h>

#include "transform_step.h"

/* Without a width a square. */
static void crop_size(const struct ftmrt_call *c, int64_t *height, int64_t *width)
{
    const struct ftmrt_arg *w = ftmrt_call_arg(c, FTMRT_PARAM_center_crop_width);
    *height = ftmrt_call_integer(c, FTMRT_PARAM_center_crop_height);
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

void size_center_crop(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    int64_t height, width;
    crop_size(c, &height, &width);
    check(f, height, f->shorter ? f->shorter : f->height);
    check(f, width, f->shorter ? f->shorter : f->width);
    f->height = height;
    f->width = width;
    f->shorter = 0;
    f->space += transform_form_bytes(f);
}

void run_center_crop(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_picture in = t->picture;
    int64_t height, width;
    crop_size(c, &height, &width);
    const int64_t top = (in.height - height) / 2, left = (in.width - width) / 2;
    struct ftmrt_picture *out = &t->picture;
    *out = transform_picture(t, height, width);
    memset(out->pixels, 0, (size_t)(height * width) * (size_t)in.channels);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) {
            const int64_t from_y = y + top, from_x = x + left;
            if (from_y >= 0 && from_y < in.height && from_x >= 0 && from_x < in.width)
                memcpy(out->pixels + (y * width + x) * in.channels,
                       in.pixels + (from_y * in.width + from_x) * in.channels, (size_t)in.channels);
        }
}
