/* random_resized_crop(height, width, scale, ratio, interpolation): a part of the picture whose area and aspect are drawn, brought to
 * a size; Szegedy et al., Going Deeper with Convolutions (CVPR 2015), section 6, as torchvision's RandomResizedCrop draws it. */
#include <math.h>

#include "region.h"
#include "resampling.h"

enum { ATTEMPTS = 10, DRAWS = 4 }; /* a rectangle that does not fit in is drawn again */

struct region {
    int64_t top, left, height, width;
};

static enum resample_filter filter_of(const struct ftmrt_call *c)
{
    return (enum resample_filter)ftmrt_call_word(c, FTMRT_PARAM_random_resized_crop_interpolation);
}

static const double *range_of(const struct ftmrt_call *c, enum ftmrt_param param)
{
    return ftmrt_call_arg(c, param)->numbers;
}

static void sizes(const struct ftmrt_call *c, int64_t *height, int64_t *width)
{
    region_size(c, FTMRT_PARAM_random_resized_crop_height, FTMRT_PARAM_random_resized_crop_width,
                height, width);
}

/* Memory for the largest part that may be drawn: all of the picture, or one as large as both. */
void size_random_resized_crop(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    struct ftmrt_form whole = *f;
    sizes(c, &f->height, &f->width);
    f->square = f->height == f->width;
    f->shorter = 0;
    f->random = true;
    if (!whole.height)
        return;
    f->space += transform_form_bytes(&whole) + transform_form_bytes(f) +
                transform_round((uint64_t)(whole.width * whole.channels));
    if (whole.height == f->height && whole.width == f->width)
        whole.height++; /* a part of it is brought to its size */
    f->space += resample_space(&whole, f, filter_of(c));
    f->rows = false;
}

static int64_t place(const struct transform *t, uint32_t number, int64_t rest)
{
    return (int64_t)(transform_uniform(t, number) * (double)(rest + 1));
}

static bool draw_region(const struct ftmrt_call *c, const struct transform *t, uint32_t attempt,
                        struct region *r)
{
    const double *scale = range_of(c, FTMRT_PARAM_random_resized_crop_scale),
                 *ratio = range_of(c, FTMRT_PARAM_random_resized_crop_ratio);
    const int64_t h = t->picture.height, w = t->picture.width;
    const uint32_t draw = attempt * DRAWS;
    const double area = (double)(h * w) *
                        (scale[0] + transform_uniform(t, draw) * (scale[1] - scale[0])),
                 low = log(ratio[0]),
                 aspect = exp(low + transform_uniform(t, draw + 1) * (log(ratio[1]) - low));
    r->width = (int64_t)rint(sqrt(area * aspect));
    r->height = (int64_t)rint(sqrt(area / aspect));
    if (r->width < 1 || r->height < 1 || r->width > w || r->height > h)
        return false;
    r->top = place(t, draw + 2, h - r->height);
    r->left = place(t, draw + 3, w - r->width);
    return true;
}

/* All of the picture, as far as its aspect is one that may be drawn. */
static struct region middle_region(const struct ftmrt_call *c, const struct transform *t)
{
    const double *ratio = range_of(c, FTMRT_PARAM_random_resized_crop_ratio);
    const int64_t h = t->picture.height, w = t->picture.width;
    struct region r = {0, 0, h, w};
    if ((double)w / (double)h < ratio[0])
        r.height = (int64_t)rint((double)w / ratio[0]);
    else if ((double)w / (double)h > ratio[1])
        r.width = (int64_t)rint((double)h * ratio[1]);
    r.height = r.height < 1 ? 1 : r.height;
    r.width = r.width < 1 ? 1 : r.width;
    r.top = (h - r.height) / 2;
    r.left = (w - r.width) / 2;
    return r;
}

void run_random_resized_crop(const struct ftmrt_call *c, struct transform *t)
{
    int64_t height, width;
    struct region r;
    bool drawn = false;
    for (uint32_t i = 0; i < ATTEMPTS && !drawn; i++)
        drawn = draw_region(c, t, i, &r);
    if (!drawn)
        r = middle_region(c, t);
    sizes(c, &height, &width);
    take_region(t, r.top, r.left, r.height, r.width, 0);
    resample(t, height, width, filter_of(c));
}
