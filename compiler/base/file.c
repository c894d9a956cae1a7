/* Files by way of POSIX: mmap for reading; a temporary file, fsync and rename for writing. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char no_bytes[1] = {0};

static bool map_descriptor(struct file_map *m, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return false;
    }
    *m = (struct file_map){.data = no_bytes};
    if (st.st_size == 0)
        return true;
    void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return false;
    *m = (struct file_map){.data = data, .size = (size_t)st.st_size, .mapped = true};
    return true;
}

bool file_map_open(struct file_map *m, const char *path)
{
    *m = (struct file_map){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = map_descriptor(m, fd);
    int error = errno;
    close(fd);
    errno = error;
    return ok;
}

void file_map_close(struct file_map *m)
{
    if (m->mapped)
        munmap((void *)(uintptr_t)m->data, m->size);
    *m = (struct file_map){0};
}

static bool write_all(int fd, const unsigned char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* Creates a file of a new name beside path and writes the name to `temporary`; -1 with errno set. A
 * plain open rather than mkstemp, so that the result has the usual permissions. */
static int open_temporary(const char *path, char *temporary, size_t size)
{
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(temporary, size, "%s.%ld-%u.tmp", path, (long)getpid(), i);
        int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

bool file_write_atomic(const char *path, const void *data, size_t size)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a rename would replace /dev/null */
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return false;
    }
    size_t name_size = strlen(path) + 48;
    char *temporary = malloc(name_size);
    if (!temporary)
        return false;
    int fd = open_temporary(path, temporary, name_size);
    bool ok = fd >= 0;
    if (ok) {
        ok = write_all(fd, data, size) && fsync(fd) == 0;
        int error = errno;
        if (close(fd) != 0 && ok) {
            ok = false;
            error = errno;
        }
        errno = error;
        ok = ok && rename(temporary, path) == 0;
        error = errno;
        if (!ok)
            unlink(temporary);
        errno = error;
    }
    int error = errno;
    free(temporary);
    errno = error;
    return ok;
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

char *file_dir(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_strndup(a, path, (size_t)(slash + 1 - path)) : arena_strdup(a, "./");
}

char *file_join(struct arena *a, const char *dir, const char *path)
{
    size_t n = strlen(dir);
    if (path[0] == '/' || n == 0 || strcmp(dir, "./") == 0)
        return arena_strdup(a, path);
    return arena_printf(a, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", path);
}

const char *file_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *file_exe_dir(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    return file_dir(a, path);
}

char *file_install_dir(struct arena *a)
{
    char *dir = file_exe_dir(a);
    if (!dir)
        return NULL;
    dir[strlen(dir) - 1] = '\0';
    char *slash = strrchr(dir, '/');
    return slash ? arena_strndup(a, dir, (size_t)(slash - dir)) : NULL;
}
