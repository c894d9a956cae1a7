/* The table of decoders; a file's first bytes say which one reads it. */
#include "decoder.h"

#include <string.h>
#include <strings.h>

#include "file_bytes.h"
#include "report.h"

static const struct decoder {
    const char *magic;
    size_t length;
    const char *suffix;
    decode_fn *decode;
} rows[] = {
#define APP_DECODER(name, magic, length, suffix, title) {magic, length, suffix, decode_##name},
#include "decoders.def"
#undef APP_DECODER
};

#define APP_DECODER(name, magic, length, suffix, title) " " title
const char decoder_titles[] =
#include "decoders.def"
    ;
#undef APP_DECODER

bool decode_picture(const unsigned char *bytes, size_t size, const char *name,
                    struct buffer *pixels, struct ftmrt_picture *out)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (size >= rows[i].length && !memcmp(bytes, rows[i].magic, rows[i].length))
            return rows[i].decode(bytes, size, name, pixels, out);
    return report_error("%s: not a picture of a kind that is read:%s", name, decoder_titles);
}

bool is_picture_name(const char *name)
{
    const size_t length = strlen(name);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t end = strlen(rows[i].suffix);
        if (length > end && !strcasecmp(name + length - end, rows[i].suffix))
            return true;
    }
    return false;
}

bool read_picture(const char *path, struct buffer *pixels, struct ftmrt_picture *out)
{
    struct file_bytes f;
    if (!file_bytes_open(&f, path))
        return false;
    const bool ok = decode_picture(f.at, f.size, path, pixels, out);
    file_bytes_close(&f);
    return ok;
}
