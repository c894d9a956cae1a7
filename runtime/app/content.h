/* The content of a sample as a number: equal for equal samples, and for others different but by a chance of 2^-64. It says which
 * samples are one, on which side of a split one is, and whether data is what it was. */
#ifndef FTMRT_APP_CONTENT_H
#define FTMRT_APP_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONTENT_END = 4096 };

/* The two ends of a file. Of one that is short the tail is the head's end again. */
struct content_ends {
    unsigned char head[CONTENT_END], tail[CONTENT_END];
    size_t head_size, tail_size;
    int64_t size; /* of the file */
};

/* Of a file: of its size, its first and its last 4096 bytes. A picture's pixels cannot change without them: PNG ends in checksums
 * of all that it holds, and what is compressed otherwise changes its size. So 1,000,000 pictures can be told apart by a read or
 * two each. NULL, or why it cannot be read. */
const char *content_of_file(const char *path, uint64_t *content, struct content_ends *ends);

/* A sample by its content. */
struct content_key {
    uint64_t content;
    int64_t sample;
};

/* Samples in the order of their contents, equal ones in that of their numbers; [count], to be freed. */
struct content_key *content_order(const uint64_t *contents, int64_t count);

#endif
