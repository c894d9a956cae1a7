/* center_crop(height, width): around the centre; where the picture is smaller, the border is black, as torchvision's
 * center_crop. */
#include "region.h"

void size_center_crop(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    int64_t height, width;
    region_size(c, FTMRT_PARAM_center_crop_height, FTMRT_PARAM_center_crop_width, &height, &width);
    size_region(f, height, width, 0);
}

/* Half of what is too much, halves rounded to even as in Python; of what is missing, rounded down. */
static int64_t corner(int64_t have, int64_t want)
{
    const int64_t rest = have - want;
    return rest > 0 ? (rest + (rest % 4 == 3)) / 2 : -(-rest / 2);
}

void run_center_crop(const struct ftmrt_call *c, struct transform *t)
{
    int64_t height, width;
    region_size(c, FTMRT_PARAM_center_crop_height, FTMRT_PARAM_center_crop_width, &height, &width);
    take_region(t, corner(t->picture.height, height), corner(t->picture.width, width), height,
                width, 0);
}
