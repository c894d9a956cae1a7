/* SHA-256 (FIPS 180-4): says which file is meant, as `sha256sum` does. */
#ifndef FTMRT_SHA256_H
#define FTMRT_SHA256_H

#include <stddef.h>

enum { SHA256_TEXT = 65 };

/* Writes the hash of bytes as 64 lower-case digits and a NUL. */
void sha256_text(const void *bytes, size_t size, char text[SHA256_TEXT]);

#endif
