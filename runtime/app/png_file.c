#include "png_file.h"

#include <png.h>
#include <stdlib.h>

#include "replace.h"
#include "report.h"

unsigned char *png_bytes(const unsigned char *pixels, int64_t height, int64_t width, int channels,
                         size_t *size)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    png_alloc_size_t bytes = 0;
    if (!png_image_write_to_memory(&image, NULL, &bytes, 0, pixels, 0, NULL))
        return NULL;
    unsigned char *file = app_alloc(bytes, 1);
    if (!png_image_write_to_memory(&image, file, &bytes, 0, pixels, 0, NULL)) {
        free(file);
        return NULL;
    }
    *size = bytes;
    return file;
}

bool png_file_write(const char *path, const unsigned char *pixels, int64_t height, int64_t width)
{
    char error[512];
    size_t size;
    unsigned char *file = png_bytes(pixels, height, width, 3, &size);
    const bool ok = file ? replace_whole(path, file, size, error, sizeof error) == FTMRT_OK ||
                               report_error("%s", error)
                         : report_error("%s: %lld x %lld pixels cannot be written as PNG", path,
                                        (long long)width, (long long)height);
    free(file);
    return ok;
}
