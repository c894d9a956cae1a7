/* Decoding of PNG by libpng's simplified interface, which turns every kind (palette, 16 bit, grey
 * with alpha ...) into 8-bit grey or RGB. */
#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "report.h"

#define IMAGE_MAX_PIXELS ((uint64_t)100 * 1000 * 1000)

void image_free(struct image *i)
{
    free(i->pixels);
    *i = (struct image){0};
}

/* Drops every last channel: grey + alpha to grey, RGBA to RGB. */
static void drop_alpha(unsigned char *pixels, uint64_t count, int channels)
{
    for (uint64_t p = 0; p < count; p++)
        memmove(pixels + p * (uint64_t)(channels - 1), pixels + p * (uint64_t)channels,
                (size_t)channels - 1);
}

bool image_read_png(struct image *i, const char *path)
{
    *i = (struct image){0};
    png_image png = {.version = PNG_IMAGE_VERSION};
    errno = 0;
    if (!png_image_begin_read_from_file(&png, path))
        return errno ? report_error("%s: %s", path, strerror(errno))
                     : report_error("%s: cannot be read as PNG: %s", path, png.message);
    uint64_t count = (uint64_t)png.width * png.height;
    bool color = png.format & PNG_FORMAT_FLAG_COLOR, alpha = png.format & PNG_FORMAT_FLAG_ALPHA;
    png.format = (color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY) | (alpha ? PNG_FORMAT_FLAG_ALPHA : 0);
    if (count == 0 || count > IMAGE_MAX_PIXELS) {
        png_image_free(&png);
        return report_error("%s: %u x %u pixels; the limit is 100 megapixels", path, png.width,
                            png.height);
    }
    int channels = (int)PNG_IMAGE_SAMPLE_CHANNELS(png.format);
    i->pixels = malloc(PNG_IMAGE_SIZE(png));
    if (!i->pixels || !png_image_finish_read(&png, NULL, i->pixels, 0, NULL)) {
        report_error("%s: cannot be read as PNG: %s", path,
                     i->pixels ? png.message : "out of memory");
        png_image_free(&png);
        image_free(i);
        return false;
    }
    if (alpha)
        drop_alpha(i->pixels, count, channels);
    i->channels = color ? 3 : 1;
    i->width = png.width;
    i->height = png.height;
    return true;
}
