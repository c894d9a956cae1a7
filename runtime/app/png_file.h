/* Pictures that commands write. */
#ifndef FTMRT_APP_PNG_FILE_H
#define FTMRT_APP_PNG_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Writes RGB pixels [height, width, 3] as a PNG file, which is replaced at once. false after a message. */
bool png_file_write(const char *path, const unsigned char *pixels, int64_t height, int64_t width);

#endif
