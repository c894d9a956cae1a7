#include "colour.h"

#include <math.h>
#include <string.h>

struct ftmrt_picture *colour_picture(struct transform *t)
{
    transform_pixels(t);
    return t->picture.mask ? NULL : &t->picture;
}

void colour_form(struct ftmrt_form *f, int pictures)
{
    transform_form_pixels(f);
    f->space += (uint64_t)pictures * transform_form_bytes(f);
    f->random = true;
}

/* ---- value by value ---- */

static unsigned char cut(float v) { return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v); }

/* Replaces each value of a channel, or of all (channel -1), by its row of a table. */
static void map_values(struct ftmrt_picture *p, int channel, const unsigned char table[256])
{
    const int64_t count = p->height * p->width * p->channels;
    const int step = channel < 0 ? 1 : p->channels;
    for (int64_t i = channel < 0 ? 0 : channel; i < count; i += step)
        p->pixels[i] = table[p->pixels[i]];
}

void colour_brightness(struct ftmrt_picture *p, double factor)
{
    unsigned char table[256];
    for (int v = 0; v < 256; v++)
        table[v] = cut((float)v * (float)factor);
    map_values(p, -1, table);
}

void colour_invert(struct ftmrt_picture *p)
{
    const int64_t count = p->height * p->width * p->channels;
    for (int64_t i = 0; i < count; i++)
        p->pixels[i] = (unsigned char)(255 - p->pixels[i]);
}

void colour_posterize(struct ftmrt_picture *p, int bits)
{
    const int mask = bits >= 8 ? 255 : ((1 << bits) - 1) << (8 - bits);
    const int64_t count = p->height * p->width * p->channels;
    for (int64_t i = 0; i < count; i++)
        p->pixels[i] = (unsigned char)(p->pixels[i] & mask);
}

void colour_solarize(struct ftmrt_picture *p, double threshold)
{
    unsigned char table[256];
    for (int v = 0; v < 256; v++)
        table[v] = (unsigned char)((double)v >= threshold ? 255 - v : v);
    map_values(p, -1, table);
}

/* ---- channel by channel ---- */

static void histogram(const struct ftmrt_picture *p, int channel, int64_t counts[256])
{
    const int64_t count = p->height * p->width * p->channels;
    memset(counts, 0, 256 * sizeof *counts);
    for (int64_t i = channel; i < count; i += p->channels)
        counts[p->pixels[i]]++;
}

void colour_autocontrast(struct ftmrt_picture *p)
{
    for (int c = 0; c < p->channels; c++) {
        int64_t counts[256];
        int low = 0, high = 255;
        unsigned char table[256];
        histogram(p, c, counts);
        while (low < 255 && !counts[low])
            low++;
        while (high > 0 && !counts[high])
            high--;
        if (low >= high)
            continue;
        const float scale = (float)(high - low) * (float)(1.0 / 255);
        for (int v = 0; v < 256; v++)
            table[v] = cut((float)(v - low) / scale);
        map_values(p, c, table);
    }
}

void colour_equalize(struct ftmrt_picture *p)
{
    for (int c = 0; c < p->channels; c++) {
        int64_t counts[256], below = 0;
        int high = 255;
        unsigned char table[256];
        histogram(p, c, counts);
        while (high > 0 && !counts[high])
            high--;
        const int64_t step = (p->height * p->width - counts[high]) / 255;
        if (step == 0)
            continue;
        for (int v = 0; v < 256; below += counts[v], v++) {
            const int64_t to = v ? (below + step / 2) / step : 0;
            table[v] = (unsigned char)(to > 255 ? 255 : to);
        }
        map_values(p, c, table);
    }
}

/* ---- pixel by pixel ---- */

static float luma(const unsigned char *rgb)
{
    return 0.2989F * (float)rgb[0] + 0.587F * (float)rgb[1] + 0.114F * (float)rgb[2];
}

void colour_grey(struct ftmrt_picture *p)
{
    for (int64_t i = 0; p->channels == 3 && i < p->height * p->width; i++)
        memset(p->pixels + 3 * i, cut(luma(p->pixels + 3 * i)), 3);
}

void colour_contrast(struct ftmrt_picture *p, double factor)
{
    const int64_t count = p->height * p->width;
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += p->channels == 3 ? (int64_t)luma(p->pixels + 3 * i) : p->pixels[i];
    const float mean = (float)((double)sum / (double)count), f = (float)factor;
    unsigned char table[256];
    for (int v = 0; v < 256; v++)
        table[v] = cut((float)v * f + (1 - f) * mean);
    map_values(p, -1, table);
}

void colour_saturation(struct ftmrt_picture *p, double factor)
{
    const float f = (float)factor;
    for (int64_t i = 0; p->channels == 3 && i < p->height * p->width; i++) {
        unsigned char *rgb = p->pixels + 3 * i;
        const float grey = (1 - f) * floorf(luma(rgb));
        for (int c = 0; c < 3; c++)
            rgb[c] = cut((float)rgb[c] * f + grey);
    }
}

/* The hue of a colour that is not grey, in turns. Source: Pillow's rgb2hsv, by way of torchvision's _rgb_to_hsv. */
static float hue_of(const float rgb[3], float high, float range)
{
    const float r = (high - rgb[0]) / range, g = (high - rgb[1]) / range,
                b = (high - rgb[2]) / range;
    const float h = high == rgb[0] ? b - g : high == rgb[1] ? 2 + r - b : 4 + g - r;
    return fmodf(h / 6 + 1, 1);
}

static unsigned char to_byte(float v)
{
    v = v < 0 ? 0 : v > 1 ? 1 : v;
    return (unsigned char)(v * (float)(256 - 1e-3));
}

static void shift_hue(unsigned char *pixel, float shift)
{
    static const unsigned char part[6][3] = {{0, 3, 1}, {2, 0, 1}, {1, 0, 3},
                                             {1, 2, 0}, {3, 1, 0}, {0, 1, 2}};
    const float rgb[3] = {(float)pixel[0] / 255, (float)pixel[1] / 255, (float)pixel[2] / 255};
    const float high = fmaxf(rgb[0], fmaxf(rgb[1], rgb[2])),
                range = high - fminf(rgb[0], fminf(rgb[1], rgb[2]));
    const float s = range > 0 ? range / high : 0;
    const float h = (range > 0 ? hue_of(rgb, high, range) : 0) + shift;
    const float h6 = (h - floorf(h)) * 6, f = h6 - floorf(h6);
    const float values[4] = {high, (1 - s) * high, (1 - s * f) * high, (1 - s * (1 - f)) * high};
    const unsigned char *which = part[(int)floorf(h6) % 6];
    for (int c = 0; c < 3; c++)
        pixel[c] = to_byte(values[which[c]]);
}

void colour_hue(struct ftmrt_picture *p, double shift)
{
    for (int64_t i = 0; p->channels == 3 && i < p->height * p->width; i++)
        shift_hue(p->pixels + 3 * i, (float)shift);
}

/* ---- with neighbours ---- */

/* The mean of 3 x 3 values around the one at `at`, which counts five times. */
static float blurred(const unsigned char *at, int64_t row, int channels)
{
    int sum = 4 * at[0];
    for (int64_t y = -1; y <= 1; y++)
        for (int64_t x = -1; x <= 1; x++)
            sum += at[y * row + x * channels];
    return nearbyintf((float)sum / 13);
}

void colour_sharpness(struct transform *t, double factor)
{
    const struct ftmrt_picture *in = colour_picture(t);
    if (!in || in->height <= 2 || in->width <= 2)
        return;
    const struct ftmrt_picture out = transform_picture(t, in->height, in->width);
    const int64_t row = in->width * in->channels;
    const float rest = (float)(1 - factor);
    memcpy(out.pixels, in->pixels, (size_t)(in->height * row));
    for (int64_t y = 1; y < in->height - 1; y++)
        for (int64_t i = in->channels; i < row - in->channels; i++) {
            const unsigned char *at = in->pixels + y * row + i;
            const float v = (float)*at;
            out.pixels[y * row + i] = cut(v + (blurred(at, row, in->channels) - v) * rest);
        }
    t->picture = out;
}
