/* random_crop(height, width, padding, fill): anywhere in the picture, or in the border around it; as torchvision's RandomCrop. A
 * picture that is smaller lies in the middle. */
#include "region.h"

void size_random_crop(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    int64_t height, width;
    region_size(c, FTMRT_PARAM_random_crop_height, FTMRT_PARAM_random_crop_width, &height, &width);
    size_region(f, height, width, ftmrt_call_integer(c, FTMRT_PARAM_random_crop_padding));
    f->random = true;
}

static int64_t corner(const struct transform *t, uint32_t number, int64_t have, int64_t want,
                      int64_t padding)
{
    const int64_t places = have + 2 * padding - want + 1;
    if (places < 1)
        return (have - want) / 2;
    return (int64_t)(transform_uniform(t, number) * (double)places) - padding;
}

void run_random_crop(const struct ftmrt_call *c, struct transform *t)
{
    int64_t height, width;
    const int64_t padding = ftmrt_call_integer(c, FTMRT_PARAM_random_crop_padding);
    region_size(c, FTMRT_PARAM_random_crop_height, FTMRT_PARAM_random_crop_width, &height, &width);
    const int64_t top = corner(t, 0, t->picture.height, height, padding),
                  left = corner(t, 1, t->picture.width, width, padding);
    take_region(t, top, left, height, width,
                (int)ftmrt_call_integer(c, FTMRT_PARAM_random_crop_fill));
}
