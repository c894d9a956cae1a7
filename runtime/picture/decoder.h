/* Between the table of decoders and its rows. */
#ifndef FTMRT_DECODER_H
#define FTMRT_DECODER_H

#include "picture.h"

/* A file that is being read, and what it becomes. */
struct decoding {
    const unsigned char *bytes;
    size_t size;
    const struct ftmrt_picture_options *options;
    struct ftmrt_pixel_memory memory;
    struct ftmrt_picture *out;
    struct ftmrt_picture_report *report; /* orientation: what the decoder finds in the file */
};

/* decode_NAME of each row, in decoder_NAME.c: reads a file that begins with the row's bytes; false: report->error. */
typedef bool decode_fn(struct decoding *d);
#define FTMRT_DECODER(name, magic, length, suffixes, title) decode_fn decode_##name;
#include "decoders.def"
#undef FTMRT_DECODER

/* look_NAME of each row, in picture_look.c: what the first bytes of such a file say; what they do not say stays as it is. */
typedef void look_fn(const unsigned char *bytes, size_t size, struct ftmrt_picture_look *look);
#define FTMRT_DECODER(name, magic, length, suffixes, title) look_fn look_##name;
#include "decoders.def"
#undef FTMRT_DECODER

/* ends_NAME of each row, in picture_look.c: whether the file's last bytes are those with which such a file ends. */
typedef bool ends_fn(const unsigned char *head, const unsigned char *tail, size_t tail_size,
                     int64_t file_size);
#define FTMRT_DECODER(name, magic, length, suffixes, title) ends_fn ends_##name;
#include "decoders.def"
#undef FTMRT_DECODER

/* Whether a picture is small enough; false: report->error. */
bool decoding_check_size(struct decoding *d, int64_t height, int64_t width);

/* Keeps why a file cannot be read, as printf does; returns false. */
bool decoding_fail(struct decoding *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Memory for a picture, which *out describes from then on, after a look at the limit; NULL after a failure. */
unsigned char *decoding_pixels(struct decoding *d, int64_t height, int64_t width, int channels);

/* The orientation that a block of EXIF data says (behind "Exif\0\0"; a TIFF header and its first directory), 1 to 8; 1 if
 * it says none. CIPA DC-008 (Exif 2.32), section 4.6.4, tag 0x0112. */
int exif_orientation(const unsigned char *exif, size_t size);

/* Turns a picture upright, in the memory it lies in; `turned` is as large. */
void orientation_apply(struct ftmrt_picture *p, int orientation, unsigned char *turned);

#endif
