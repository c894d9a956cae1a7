/* A file in memory. */
#include "file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

bool file_bytes_open(struct file_bytes *f, const char *path)
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
    void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        return report_error("%s: %s", path, strerror(errno));
    *f = (struct file_bytes){at, size};
    return true;
}

void file_bytes_close(struct file_bytes *f)
{
    munmap((void *)(uintptr_t)f->at, f->size);
    *f = (struct file_bytes){0};
}
