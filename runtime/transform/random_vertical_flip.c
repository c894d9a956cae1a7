/* random_vertical_flip(p): turns a share p of the samples upside down, chosen anew in each epoch; a mask with its picture. */
#include "spread.h"

void size_random_vertical_flip(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    transform_form_pixels(f);
    f->random = true;
}

void run_random_vertical_flip(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = &t->picture;
    if (!transform_chance(t, c, FTMRT_PARAM_random_vertical_flip_p, 0))
        return;
    transform_pixels(t);
    const int64_t bytes = p->width * p->channels;
    for (int64_t y = 0; y < p->height / 2; y++) {
        unsigned char *a = p->pixels + y * bytes, *b = p->pixels + (p->height - 1 - y) * bytes;
        for (int64_t i = 0; i < bytes; i++) {
            const unsigned char v = a[i];
            a[i] = b[i];
            b[i] = v;
        }
    }
}
