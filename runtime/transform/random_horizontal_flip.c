/* random_horizontal_flip(p): mirrors a share p of the samples, chosen anew in each epoch; a mask with its picture. */
#include "transform_step.h"

void size_random_horizontal_flip(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    transform_form_pixels(f);
    f->random = true;
}

static void swap_pixels(unsigned char *a, unsigned char *b, int channels)
{
    for (int k = 0; k < channels; k++) {
        const unsigned char t = a[k];
        a[k] = b[k];
        b[k] = t;
    }
}

void run_random_horizontal_flip(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = &t->picture;
    if (transform_uniform(t, 0) >= ftmrt_call_number(c, FTMRT_PARAM_random_horizontal_flip_p))
        return;
    transform_pixels(t);
    for (int64_t y = 0; y < p->height; y++) {
        unsigned char *row = p->pixels + y * p->width * p->channels;
        for (int64_t x = 0; x < p->width / 2; x++)
            swap_pixels(row + x * p->channels, row + (p->width - 1 - x) * p->channels, p->channels);
    }
}
