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

/* The last bytes of a file; the content is that of those that the first ones are not. false: they cannot be read. */
static bool add_tail(int fd, struct content_ends *ends, uint64_t *content)
{
    const int64_t rest = ends->size - CONTENT_END;
    if (rest <= 0) {
        memcpy(ends->tail, ends->head, ends->head_size);
        ends->tail_size = ends->head_size;
        return true;
    }
    const ssize_t got = pread(fd, ends->tail, CONTENT_END, ends->size - CONTENT_END);
    if (got < 0)
        return false;
    ends->tail_size = (size_t)got;
    const size_t known = rest < got ? (size_t)(got - rest) : 0;
    *content = fingerprint_bytes(ends->tail + known, ends->tail_size - known, *content);
    return true;
}

static const char *add_file(int fd, uint64_t *content, struct content_ends *ends)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return strerror(errno);
    if (!S_ISREG(info.st_mode))
        return "is not a regular file";
    if (!info.st_size)
        return "is empty";
    const ssize_t got = pread(fd, ends->head, CONTENT_END, 0);
    if (got < 0)
        return strerror(errno);
    ends->size = info.st_size;
    ends->head_size = (size_t)got;
    *content = fingerprint_bytes(ends->head, ends->head_size, (uint64_t)info.st_size);
    return add_tail(fd, ends, content) ? NULL : strerror(errno);
}

const char *content_of_file(const char *path, uint64_t *content, struct content_ends *ends)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait */
    if (fd < 0)
        return strerror(errno);
    const char *why = add_file(fd, content, ends);
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
