/* Picture files to pixels: those that Pillow gives, bit for bit for lossless files and within 1 of 255 for lossy ones (Pillow
 * clips 16-bit grey to 255; here it is its upper 8 bits, as of every other 16-bit picture).
 *
 * Nothing here prints or keeps state: any number of threads may read at once. What a file holds is not trusted. */
#ifndef FTMRT_PICTURE_H
#define FTMRT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "alpha.h"
#include "recipe.h"
#include "transform.h"

/* The most pixels that a picture may have: 100 megapixels. */
#define FTMRT_PICTURE_PIXELS ((int64_t)100 * 1000 * 1000)

/* The words of the recipe's `exif`, in their order. */
enum ftmrt_exif { FTMRT_EXIF_APPLY, FTMRT_EXIF_IGNORE };

/* What a picture must not fall below when it is decoded at 1/2, 1/4 or 1/8 of its size; 0: of that nothing is asked. */
struct ftmrt_least {
    int64_t height, width; /* upright */
    int64_t shorter;       /* of the two sides */
};

struct ftmrt_picture_options {
    enum ftmrt_alpha alpha;   /* what becomes of transparency */
    enum ftmrt_exif exif;     /* whether a picture is turned as its EXIF orientation says */
    struct ftmrt_least least; /* all 0: it is decoded at its full size */
};

/* Memory of the caller's for pixels: at least `size` bytes, or NULL. It is asked for once for each picture. */
struct ftmrt_pixel_memory {
    unsigned char *(*need)(void *owner, size_t size);
    void *owner;
};

/* What is to be said of a file. */
struct ftmrt_picture_report {
    char error[200];   /* why it could not be read: "cannot be read as PNG: ..." */
    char warning[200]; /* it was read, but is damaged; or "" */
    int orientation;   /* EXIF's, 1 to 8; 1: upright, or none */
};

/* What the first bytes of a file say. */
struct ftmrt_picture_look {
    int64_t height, width; /* 0: not known yet */
    int orientation;       /* EXIF's, 1 to 8; 1 also where EXIF lies behind */
};

/* Looks at the first bytes of a file, as many as there are: what it is, and whether it is too large. false: r->error says why it
 * cannot be read. */
bool ftmrt_picture_look(const unsigned char *bytes, size_t size, struct ftmrt_picture_look *look,
                        struct ftmrt_picture_report *r);

/* Whether a file that begins and ends with these bytes (of one that is short both may be all of it) ends as its kind does. false: it
 * may be cut short, which only decoding can tell, as others write something behind their pictures. */
bool ftmrt_picture_ends(const unsigned char *head, size_t head_size, const unsigned char *tail,
                        size_t tail_size, int64_t file_size);

/* What a recipe's block `data` says. */
struct ftmrt_picture_options ftmrt_picture_options_of(const struct ftmrt_call *data);

/* Decodes a file that is in memory, of whatever kind its first bytes say, to 8-bit grey or RGB pixels, which lie in the
 * caller's memory. false: r->error says why. */
bool ftmrt_picture_decode(const unsigned char *bytes, size_t size,
                          const struct ftmrt_picture_options *options,
                          struct ftmrt_pixel_memory memory, struct ftmrt_picture *out,
                          struct ftmrt_picture_report *r);

/* What a file that is in memory holds, without decoding its pixels: height and width before it is turned, and channels, an even
 * number if it has transparency. false: it is no picture. */
bool ftmrt_picture_form(const unsigned char *bytes, size_t size, struct ftmrt_picture *out);

/* Whether a file of this name is a picture, by the end of its name. */
bool ftmrt_picture_name(const char *name);
/* The command that makes of a picture of this name one that can be read, or NULL: it is none, or can be. */
const char *ftmrt_picture_converter(const char *name);
/* The kinds that can be read: "PNG JPEG". */
extern const char *const ftmrt_picture_kinds;

#endif
