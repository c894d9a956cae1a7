/* Contents of files; see content.h. */
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fingerprint.h"
#include "report.h"

enum { END_SIZE = 4096 };

/* Adds `size` bytes at `place`; false: they cannot be read. */
static bool add_part(int fd, size_t size, off_t place, uint64_t *content)
{
    unsigned char bytes[END_SIZE];
    const ssize_t got = pread(fd, bytes, size, place);
    if (got < 0)
        return false;
    *content = fingerprint_bytes(bytes, (size_t)got, *content);
    return true;
}

static bool add_file(int fd, uint64_t *content)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return false;
    const off_t size = info.st_size, head = size < END_SIZE ? size : END_SIZE,
                tail = size - head < END_SIZE ? size - head : END_SIZE;
    *content = (uint64_t)size;
    return add_part(fd, (size_t)head, 0, content) &&
           (!tail || add_part(fd, (size_t)tail, size - tail, content));
}

bool content_of_file(const char *path, uint64_t *content)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const bool ok = fd >= 0 && add_file(fd, content);
    if (!ok)
        report_error("%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}
