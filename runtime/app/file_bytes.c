/* A file in memory. */
#include "file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

enum { FIRST_SIZE = 1 << 16, MOST_BYTES = 1 << 30 };

static bool fail(const char *path, int error)
{
    return report_error("%s: %s", path, strerror(error));
}

/* Reads to the end into *bytes, which is as large as *size and becomes larger where that is too little; *size: what was read. */
static bool read_to_end(int fd, const char *path, unsigned char **bytes, size_t *size)
{
    size_t room = *size, have = 0;
    for (;;) {
        if (have == room) {
            if (room >= MOST_BYTES)
                return report_error("%s: larger than 1 GiB, the limit for a picture", path);
            room *= 2;
            *bytes = app_grow(*bytes, room, 1);
        }
        const ssize_t got = read(fd, *bytes + have, room - have);
        if (got < 0 && errno != EINTR)
            return fail(path, errno);
        if (got == 0)
            break;
        have += got > 0 ? (size_t)got : 0;
    }
    *size = have;
    return have > 0 || report_error("%s: an empty file", path);
}

static bool read_file(struct file_bytes *f, int fd, const char *path)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return fail(path, errno);
    if (S_ISDIR(info.st_mode))
        return fail(path, EISDIR);
    /* One byte more: then the end is seen without growing. */
    size_t size =
        S_ISREG(info.st_mode) && info.st_size < MOST_BYTES ? (size_t)info.st_size + 1 : FIRST_SIZE;
    unsigned char *bytes = app_grow(NULL, size, 1);
    const bool ok = read_to_end(fd, path, &bytes, &size);
    *f = (struct file_bytes){bytes, size};
    if (!ok)
        file_bytes_close(f);
    return ok;
}

bool file_bytes_open(struct file_bytes *f, const char *path)
{
    *f = (struct file_bytes){0};
    if (!strcmp(path, "-"))
        return read_file(f, STDIN_FILENO, path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(path, errno);
    const bool ok = read_file(f, fd, path);
    close(fd);
    return ok;
}

void file_bytes_close(struct file_bytes *f)
{
    free((void *)(uintptr_t)f->at);
    *f = (struct file_bytes){0};
}
