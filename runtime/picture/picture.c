/* The table of decoders; a file's first bytes say which one reads it. */
#include "picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decoder.h"

static const struct decoder {
    const char *magic;
    size_t length;
    const char *suffixes, *title;
    decode_fn *decode;
    look_fn *look;
    ends_fn *ends;
} decoders[] = {
#define FTMRT_DECODER(name, magic, length, suffixes, title)                                        \
    {magic, length, suffixes, title, decode_##name, look_##name, ends_##name},
#include "decoders.def"
#undef FTMRT_DECODER
};

static const struct other {
    const char *magic;
    size_t length, place;
    const char *suffixes, *title, *command;
} others[] = {
#define FTMRT_OTHER_PICTURE(magic, length, place, suffixes, title, command)                        \
    {magic, length, place, suffixes, title, command},
#include "other_pictures.def"
#undef FTMRT_OTHER_PICTURE
};

#define FTMRT_DECODER(name, magic, length, suffixes, title) " " title
static const char kinds[] =
#include "decoders.def"
    ;
#undef FTMRT_DECODER
const char *const ftmrt_picture_kinds = kinds + 1;

enum { DECODERS = sizeof decoders / sizeof *decoders, OTHERS = sizeof others / sizeof *others };

/* ---- kinds ---- */

static bool begins(const unsigned char *bytes, size_t size, const char *magic, size_t length)
{
    bool same = size >= length;
    for (size_t i = 0; same && i < length; i++)
        same = magic[i] == '.' || bytes[i] == (unsigned char)magic[i];
    return same;
}

/* Whether a name ends in one of the suffixes, ".jpg.jpeg", in whatever case. */
static bool ends(const char *name, const char *suffixes)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        return false;
    const size_t length = strlen(dot);
    for (const char *s = suffixes; *s;) {
        const size_t end = strcspn(s + 1, ".") + 1;
        if (end == length && !strncasecmp(s, dot, length))
            return true;
        s += end;
    }
    return false;
}

bool ftmrt_picture_name(const char *name)
{
    for (size_t i = 0; i < DECODERS; i++)
        if (ends(name, decoders[i].suffixes))
            return true;
    return false;
}

const char *ftmrt_picture_converter(const char *name)
{
    for (size_t i = 0; i < OTHERS; i++)
        if (ends(name, others[i].suffixes))
            return others[i].command;
    return NULL;
}

static const struct decoder *decoder_of(const struct decoding *d)
{
    for (size_t i = 0; i < DECODERS; i++)
        if (begins(d->bytes, d->size, decoders[i].magic, decoders[i].length))
            return &decoders[i];
    return NULL;
}

static bool refuse_kind(struct decoding *d)
{
    for (size_t i = 0; i < OTHERS; i++) {
        const struct other *o = &others[i];
        if (d->size >= o->place &&
            begins(d->bytes + o->place, d->size - o->place, o->magic, o->length))
            return decoding_fail(d, "a %s picture, which is not read; convert it: %s", o->title,
                                 o->command);
    }
    return decoding_fail(d, "not a picture of a kind that is read: %s", ftmrt_picture_kinds);
}

/* ---- what decoders share ---- */

bool decoding_fail(struct decoding *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->report->error, sizeof d->report->error, format, args);
    va_end(args);
    return false;
}

bool decoding_check_size(struct decoding *d, int64_t height, int64_t width)
{
    return (height >= 1 && width >= 1 && height <= FTMRT_PICTURE_PIXELS / width) ||
           decoding_fail(d, "%lld x %lld pixels; the limit is %lld megapixels", (long long)width,
                         (long long)height, (long long)(FTMRT_PICTURE_PIXELS / 1000000));
}

unsigned char *decoding_pixels(struct decoding *d, int64_t height, int64_t width, int channels)
{
    if (!decoding_check_size(d, height, width))
        return NULL;
    unsigned char *at = d->memory.need(d->memory.owner, (size_t)(height * width * channels));
    if (!at)
        decoding_fail(d, "no memory for %lld x %lld pixels", (long long)width, (long long)height);
    *d->out = (struct ftmrt_picture){height, width, channels, false, at};
    return at;
}

/* ---- reading ---- */

struct ftmrt_picture_options ftmrt_picture_options_of(const struct ftmrt_call *data)
{
    return (struct ftmrt_picture_options){
        .alpha = (enum ftmrt_alpha)ftmrt_call_word(data, FTMRT_PARAM_data_alpha),
        .exif = (enum ftmrt_exif)ftmrt_call_word(data, FTMRT_PARAM_data_exif)};
}

static bool turn(struct decoding *d)
{
    struct ftmrt_picture *p = d->out;
    unsigned char *turned = malloc((size_t)(p->height * p->width * p->channels));
    if (!turned)
        return decoding_fail(d, "no memory to turn %lld x %lld pixels", (long long)p->width,
                             (long long)p->height);
    orientation_apply(p, d->report->orientation, turned);
    free(turned);
    return true;
}

bool ftmrt_picture_decode(const unsigned char *bytes, size_t size,
                          const struct ftmrt_picture_options *options,
                          struct ftmrt_pixel_memory memory, struct ftmrt_picture *out,
                          struct ftmrt_picture_report *r)
{
    struct decoding d = {bytes, size, options, memory, out, r};
    *r = (struct ftmrt_picture_report){.orientation = 1};
    const struct decoder *decoder = decoder_of(&d);
    if (!decoder)
        return refuse_kind(&d);
    if (!decoder->decode(&d))
        return false;
    return options->exif == FTMRT_EXIF_IGNORE || r->orientation == 1 || turn(&d);
}

/* ---- the form alone ---- */

/* A decoder that gets no memory for pixels stops where it knows how many there are. */
static unsigned char *no_memory(void *owner, size_t size)
{
    (void)owner, (void)size;
    return NULL;
}

bool ftmrt_picture_form(const unsigned char *bytes, size_t size, struct ftmrt_picture *out)
{
    const struct ftmrt_picture_options options = {.alpha = FTMRT_ALPHA_WHITE,
                                                  .exif = FTMRT_EXIF_IGNORE};
    struct ftmrt_picture_report report;
    *out = (struct ftmrt_picture){0};
    ftmrt_picture_decode(bytes, size, &options, (struct ftmrt_pixel_memory){no_memory, NULL}, out,
                         &report);
    return out->height > 0;
}

bool ftmrt_picture_look(const unsigned char *bytes, size_t size, struct ftmrt_picture_look *look,
                        struct ftmrt_picture_report *r)
{
    struct decoding d = {.bytes = bytes, .size = size, .report = r};
    *r = (struct ftmrt_picture_report){.orientation = 1};
    *look = (struct ftmrt_picture_look){.orientation = 1};
    const struct decoder *decoder = decoder_of(&d);
    if (!decoder)
        return refuse_kind(&d);
    decoder->look(bytes, size, look);
    return !look->height || decoding_check_size(&d, look->height, look->width);
}

bool ftmrt_picture_ends(const unsigned char *head, size_t head_size, const unsigned char *tail,
                        size_t tail_size, int64_t file_size)
{
    const struct decoding d = {.bytes = head, .size = head_size};
    const struct decoder *decoder = decoder_of(&d);
    return decoder && decoder->ends(head, tail, tail_size, file_size);
}
