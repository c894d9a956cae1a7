/* Files by way of POSIX. */
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

const char *file_without_slashes(struct arena *a, const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    return arena_strndup(a, path, n);
}

/* How many bytes two paths begin with that are the same whole components. */
static size_t common_components(const char *a, const char *b)
{
    size_t n = 0, whole = 0;
    for (; a[n] && a[n] == b[n]; n++)
        if (a[n] == '/')
            whole = n + 1;
    const bool a_ends = !a[n] || a[n] == '/', b_ends = !b[n] || b[n] == '/';
    return a_ends && b_ends ? n : whole;
}

char *file_relative(struct arena *a, const char *from, const char *to)
{
    const size_t common = common_components(from, to);
    const char *up = from + common, *down = to + common;
    char *way = arena_strdup(a, "");
    for (up += *up == '/'; *up; up = strchr(up, '/') ? strchr(up, '/') + 1 : "")
        way = arena_printf(a, "%s../", way);
    way = arena_printf(a, "%s%s", way, down + (*down == '/'));
    const size_t length = strlen(way);
    if (length && way[length - 1] == '/')
        way[length - 1] = '\0';
    return length ? way : arena_strdup(a, ".");
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
