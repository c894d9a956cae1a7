#include "alpha.h"

/* x of 255 parts of a, the rest of b, rounded as Pillow's Image.paste does. */
static unsigned char blend(int x, int a, int b)
{
    const int sum = x * a + (255 - x) * b + 128;
    return (unsigned char)((sum + (sum >> 8)) >> 8);
}

unsigned char alpha_over(enum ftmrt_alpha alpha, unsigned char x, unsigned char opacity)
{
    return alpha == FTMRT_ALPHA_DROP ? x : blend(opacity, x, alpha == FTMRT_ALPHA_WHITE ? 255 : 0);
}

void alpha_flatten(unsigned char *pixels, int64_t count, int channels, enum ftmrt_alpha alpha)
{
    const int colors = channels - 1;
    for (int64_t p = 0; p < count; p++) {
        const unsigned char opacity = pixels[p * channels + colors];
        for (int c = 0; c < colors; c++)
            pixels[p * colors + c] = alpha_over(alpha, pixels[p * channels + c], opacity);
    }
}
