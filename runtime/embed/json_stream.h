/* JSON as it comes, for the headers of safetensors files: one value after the other, without a tree of them.
 *
 * A tokenizer such as jsmn wants the whole header and a list of its tokens in memory, and a header may have 100 MB: here a buffer
 * is enough, and a file is refused at the first byte that is wrong. */
#ifndef FTMRT_JSON_STREAM_H
#define FTMRT_JSON_STREAM_H

#include <stdbool.h>

#include "ftmx.h"

struct json_stream {
    ftmx_read_fn *read;
    void *user;
    uint64_t left;      /* bytes that may still be read */
    bool failed;        /* `read` did */
    bool wrong;         /* what was read is not what was expected */
    size_t used, count; /* of the buffer */
    unsigned char buffer[256];
};

/* The next byte behind white space, which stays the next one; -1: there is none. */
int json_peek(struct json_stream *s);

/* Takes the next byte behind white space; false, and s->wrong, if it is another one. */
bool json_take(struct json_stream *s, char byte);

/* Takes a string. text: UTF-8, with its end; one that does not fit into `size` bytes is "", and *fits, if not NULL, false. */
bool json_take_string(struct json_stream *s, char *text, size_t size, bool *fits);

/* Takes a number without sign, fraction and exponent. */
bool json_take_natural(struct json_stream *s, uint64_t *value);

#endif
