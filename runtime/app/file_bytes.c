/* A file in memory. */
#include "file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"
#include "report.h"

enum { FIRST_SIZE = 1 << 16, MOST_BYTES = 1 << 30 };

/* Reads to the end into *bytes, which is as large as *size and becomes larger where that is too little; *size: what was read. NULL,
 * or why it cannot be read. */
static const char *read_to_end(int fd, unsigned char **bytes, size_t *size)
{
    size_t room = *size, have = 0;
    for (;;) {
        if (have == room) {
            if (room >= MOST_BYTES)
                return "larger than 1 GiB, the limit for a picture";
            room *= 2;
            *bytes = app_grow(*bytes, room, 1);
        }
        const ssize_t got = read(fd, *bytes + have, room - have);
        if (got < 0 && errno != EINTR)
            return strerror(errno);
        if (got == 0)
            break;
        have += got > 0 ? (size_t)got : 0;
    }
    *size = have;
    return have > 0 ? NULL : "an empty file";
}

static const char *read_file(struct file_bytes *f, int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return strerror(errno);
    if (S_ISDIR(info.st_mode))
        return strerror(EISDIR);
    /* One byte more: then the end is seen without growing. */
    size_t size =
        S_ISREG(info.st_mode) && info.st_size < MOST_BYTES ? (size_t)info.st_size + 1 : FIRST_SIZE;
    unsigned char *bytes = app_grow(NULL, size, 1);
    const char *why = read_to_end(fd, &bytes, &size);
    *f = (struct file_bytes){bytes, size};
    if (why)
        file_bytes_close(f);
    return why;
}

const char *file_bytes_try(struct file_bytes *f, const char *path)
{
    *f = (struct file_bytes){0};
    if (!strcmp(path, "-"))
        return read_file(f, STDIN_FILENO);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return strerror(errno);
    const char *why = read_file(f, fd);
    close(fd);
    return why;
}

bool file_bytes_open(struct file_bytes *f, const char *path)
{
    const char *why = file_bytes_try(f, path);
    return !why || report_error("%s: %s", path, why);
}

void file_bytes_close(struct file_bytes *f)
{
    free((void *)(uintptr_t)f->at);
    *f = (struct file_bytes){0};
}

bool file_can_be_written(const char *path)
{
    char error[512];
    return replace_check(path, error, sizeof error) == FTMRT_OK || report_error("%s", error);
}
