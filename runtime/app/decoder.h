/* Image files to pixels. A decoder is a row of decoders.def and a file. */
#ifndef FTMRT_APP_DECODER_H
#define FTMRT_APP_DECODER_H

#include <stdbool.h>

#include "buffer.h"
#include "transform.h"

/* Decodes a file that is in memory to 8-bit grey or RGB pixels in `pixels`; name: for messages. Pictures over 100
 * megapixels are refused. false after a message. */
bool decode_picture(const unsigned char *bytes, size_t size, const char *name,
                    struct buffer *pixels, struct ftmrt_picture *out);

/* decode_NAME of each row, in decoder_NAME.c: as decode_picture, of a file that begins with the row's bytes. */
typedef bool decode_fn(const unsigned char *bytes, size_t size, const char *name,
                       struct buffer *pixels, struct ftmrt_picture *out);
#define APP_DECODER(name, magic, length, suffix, title) decode_fn decode_##name;
#include "decoders.def"
#undef APP_DECODER

/* Whether a file of this name is a picture, by the end of its name; and the kinds that are: " PNG". */
bool is_picture_name(const char *name);
extern const char decoder_titles[];

/* Reads a file and decodes it. */
bool read_picture(const char *path, struct buffer *pixels, struct ftmrt_picture *out);

/* The largest picture that a decoder accepts. */
#define DECODER_MAX_PIXELS ((uint64_t)100 * 1000 * 1000)

#endif
