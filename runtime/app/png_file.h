/* Pictures that commands write. */
#ifndef FTMRT_APP_PNG_FILE_H
#define FTMRT_APP_PNG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of a PNG file, allocated, of pixels [height, width, channels], grey or RGB. NULL: it could not be made. */
unsigned char *png_bytes(const unsigned char *pixels, int64_t height, int64_t width, int channels,
                         size_t *size);

/* Writes RGB pixels [height, width, 3] as a PNG file, which is replaced at once. false after a message. */
bool png_file_write(const char *path, const unsigned char *pixels, int64_t height, int64_t width);

#endif
