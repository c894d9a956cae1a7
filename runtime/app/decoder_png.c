/* PNG by libpng's simplified interface, which turns every kind (palette, 16 bit, grey with alpha ...) into 8-bit grey or
 * RGB; transparency is dropped as Pillow's convert("RGB") does. */
#include <png.h>
#include <string.h>

#include "decoder.h"
#include "report.h"

/* Drops every last channel: grey + alpha to grey, RGBA to RGB. */
static void drop_alpha(unsigned char *pixels, uint64_t count, int channels)
{
    for (uint64_t p = 0; p < count; p++)
        memmove(pixels + p * (uint64_t)(channels - 1), pixels + p * (uint64_t)channels,
                (size_t)channels - 1);
}

bool decode_png(const unsigned char *bytes, size_t size, const char *name, struct buffer *pixels,
                struct ftmrt_picture *out)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&png, bytes, size))
        return report_error("%s: cannot be read as PNG: %s", name, png.message);
    const uint64_t count = (uint64_t)png.width * png.height;
    const bool color = png.format & PNG_FORMAT_FLAG_COLOR,
               alpha = png.format & PNG_FORMAT_FLAG_ALPHA;
    png.format = (color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY) | (alpha ? PNG_FORMAT_FLAG_ALPHA : 0);
    if (count == 0 || count > DECODER_MAX_PIXELS) {
        png_image_free(&png);
        return report_error("%s: %u x %u pixels; the limit is 100 megapixels", name, png.width,
                            png.height);
    }
    unsigned char *at = buffer_need(pixels, PNG_IMAGE_SIZE(png));
    if (!png_image_finish_read(&png, NULL, at, 0, NULL)) {
        report_error("%s: cannot be read as PNG: %s", name, png.message);
        png_image_free(&png);
        return false;
    }
    if (alpha)
        drop_alpha(at, count, (int)PNG_IMAGE_SAMPLE_CHANNELS(png.format));
    *out = (struct ftmrt_picture){png.height, png.width, color ? 3 : 1, false, at};
    return true;
}
