/* pad_square(fill): a border that makes a square of the picture, which lies in the middle: nothing is cut off or stretched. */
#include "region.h"

static int64_t longer(int64_t height, int64_t width) { return height > width ? height : width; }

void size_pad_square(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    f->square = true;
    f->shorter = 0; /* the longer side is not known */
    if (!f->height || f->height == f->width)
        return;
    const int64_t before = f->width;
    f->height = f->width = longer(f->height, f->width);
    form_region(f, before);
}

void run_pad_square(const struct ftmrt_call *c, struct transform *t)
{
    const int64_t height = t->picture.height, width = t->picture.width,
                  side = longer(height, width);
    if (height != width)
        take_region(t, -((side - height) / 2), -((side - width) / 2), side, side,
                    (int)ftmrt_call_integer(c, FTMRT_PARAM_pad_square_fill));
}
