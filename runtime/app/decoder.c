/* The table of decoders; a file's first bytes say which one reads it. */
#include "decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0) {
        report_error("%s: %s", path, fd < 0 ? strerror(errno) : "an empty file, or none at all");
        if (fd >= 0)
            close(fd);
        return false;
    }
    const size_t size = (size_t)info.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return report_error("%s: %s", path, strerror(errno));
    const bool ok = decode_picture(bytes, size, path, pixels, out);
    munmap(bytes, size);
    return ok;
}
