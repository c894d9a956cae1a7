/* gaussian_noise(mean, sigma): of a picture whose values go from 0 to 1, cut off at both; as torchvision's GaussianNoise, which cuts the
 * noise of an 8-bit picture to whole numbers. */
#include <math.h>

#include "colour.h"

void size_gaussian_noise(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 0);
}

void run_gaussian_noise(const struct ftmrt_call *c, struct transform *t)
{
    const double mean = 255 * ftmrt_call_number(c, FTMRT_PARAM_gaussian_noise_mean),
                 sigma = 255 * ftmrt_call_number(c, FTMRT_PARAM_gaussian_noise_sigma);
    struct ftmrt_picture *p = colour_picture(t);
    const int64_t count = p ? p->height * p->width * p->channels : 0;
    for (int64_t i = 0; i < count; i++) {
        const int64_t v = p->pixels[i] + (int64_t)(mean + sigma * transform_normal(t, (uint64_t)i));
        p->pixels[i] = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}
