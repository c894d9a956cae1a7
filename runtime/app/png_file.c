#include "png_file.h"

#include <png.h>
#include <stdlib.h>

#include "replace.h"
#include "report.h"

bool png_file_write(const char *path, const unsigned char *pixels, int64_t height, int64_t width)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    png_alloc_size_t bytes = 0;
    char error[512];
    if (!png_image_write_to_memory(&image, NULL, &bytes, 0, pixels, 0, NULL))
        return report_error("%s: %s", path, image.message);
    unsigned char *file = app_alloc(bytes, 1);
    bool ok = png_image_write_to_memory(&image, file, &bytes, 0, pixels, 0, NULL) ||
              report_error("%s: %s", path, image.message);
    ok = ok && (replace_whole(path, file, bytes, error, sizeof error) == FTMRT_OK ||
                report_error("%s", error));
    free(file);
    return ok;
}
