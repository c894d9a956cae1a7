/* Contents of samples; see content.h. */
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fingerprint.h"
#include "report.h"

/* The last bytes of a file that the first ones are not; false: they cannot be read. */
static bool add_tail(int fd, off_t size, uint64_t *content)
{
    unsigned char bytes[CONTENT_HEAD];
    const off_t rest = size - CONTENT_HEAD, tail = rest < CONTENT_HEAD ? rest : CONTENT_HEAD;
    if (tail <= 0)
        return true;
    const ssize_t got = pread(fd, bytes, (size_t)tail, size - tail);
    if (got >= 0)
        *content = fingerprint_bytes(bytes, (size_t)got, *content);
    return got >= 0;
}

static const char *add_file(int fd, uint64_t *content, unsigned char *head, size_t *size)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return strerror(errno);
    if (!S_ISREG(info.st_mode))
        return "is not a regular file";
    if (!info.st_size)
        return "is empty";
    const ssize_t got = pread(fd, head, CONTENT_HEAD, 0);
    if (got < 0)
        return strerror(errno);
    *size = (size_t)got;
    *content = fingerprint_bytes(head, *size, (uint64_t)info.st_size);
    return add_tail(fd, info.st_size, content) ? NULL : strerror(errno);
}

const char *content_of_file(const char *path, uint64_t *content, unsigned char head[CONTENT_HEAD],
                            size_t *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait */
    if (fd < 0)
        return strerror(errno);
    const char *why = add_file(fd, content, head, size);
    close(fd);
    return why;
}

static int by_content(const void *a, const void *b)
{
    const struct content_key *x = a, *y = b;
    if (x->content != y->content)
        return x->content < y->content ? -1 : 1;
    return x->sample < y->sample ? -1 : x->sample > y->sample;
}

struct content_key *content_order(const uint64_t *contents, int64_t count)
{
    struct content_key *order = app_alloc((size_t)count, sizeof *order);
    for (int64_t i = 0; i < count; i++)
        order[i] = (struct content_key){contents[i], i};
    qsort(order, (size_t)count, sizeof *order, by_content);
    return order;
}
