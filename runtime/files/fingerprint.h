/* Hashes that tell whether two things are the same; not against anybody who wants them to look so. */
#ifndef FTMRT_FINGERPRINT_H
#define FTMRT_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/* A hash of bytes, in chains through `before` (0 at first); eight bytes at a time. Equal on machines of one byte order. */
uint64_t fingerprint_bytes(const void *bytes, size_t size, uint64_t before);

/* The hash of what comes piece by piece: a chain over its blocks, the last of which may be shorter. */
enum { FINGERPRINT_BLOCK = 256 };
uint64_t fingerprint_blocks(const void *bytes, size_t size);

#endif
