/* Replacing a file atomically (POSIX rename); see replace.h. The temporary file is in the same
 * folder, as rename does not cross file systems. Where the system can, it has no name before it is
 * whole, so that a process that is killed leaves nothing; its name holds the process number, so that
 * programs do not meet. */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum ftmrt_status fail(const char *path, int code, char *error, size_t error_size)
{
    if (error && error_size)
        snprintf(error, error_size, "%s: %s", path, strerror(code));
    errno = code;
    return code == ENOMEM ? FTMRT_ERROR_MEMORY : FTMRT_ERROR_IO;
}

/* Frees what a replacement owns and takes the temporary file away; errno stays. */
static void discard(struct replace_file *f)
{
    const int code = errno;
    if (f->fd >= 0)
        close(f->fd);
    if (f->temporary && !f->unnamed)
        unlink(f->temporary);
    free(f->temporary);
    free(f->path);
    *f = (struct replace_file){.fd = -1};
    errno = code;
}

/* The folder that a file is in; allocated, or NULL. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
}

/* A file without a name in the folder of `path`; -1 where the file system has none, or nothing would give it a name. */
static int create_unnamed(const char *path)
{
    char *folder = folder_of(path);
    const bool can = folder && access("/proc/self/fd", X_OK) == 0;
    const int fd = can ? open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666) : -1;
    free(folder);
    return fd;
}

static int create_named(const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    const int fd = open(path, flags, 0666);
    if (fd >= 0 || errno != EEXIST)
        return fd;
    unlink(path); /* left by a process of this number that was killed */
    return open(path, flags, 0666);
}

enum ftmrt_status replace_open(struct replace_file *f, const char *path, char *error,
                               size_t error_size)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a rename would replace /dev/null */
        *f = (struct replace_file){.fd = -1};
        if (error && error_size)
            snprintf(error, error_size, "%s: not a regular file", path);
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return FTMRT_ERROR_IO;
    }
    const size_t size = strlen(path) + 32;
    *f = (struct replace_file){.path = strdup(path), .temporary = malloc(size), .fd = -1};
    if (!f->path || !f->temporary) {
        free(f->temporary);
        f->temporary = NULL;
        discard(f);
        return fail(path, ENOMEM, error, error_size);
    }
    snprintf(f->temporary, size, "%s.tmp.%ld", path, (long)getpid());
    f->fd = create_unnamed(path);
    f->unnamed = f->fd >= 0;
    if (!f->unnamed)
        f->fd = create_named(f->temporary);
    if (f->fd >= 0)
        return FTMRT_OK;
    const int code = errno;
    free(f->temporary);
    f->temporary = NULL;
    discard(f);
    return fail(path, code, error, error_size);
}

enum ftmrt_status replace_check(const char *path, char *error, size_t error_size)
{
    struct replace_file f;
    const enum ftmrt_status status = replace_open(&f, path, error, error_size);
    if (status == FTMRT_OK)
        replace_abort(&f);
    return status;
}

enum ftmrt_status replace_write(struct replace_file *f, const void *data, size_t size, char *error,
                                size_t error_size)
{
    const unsigned char *at = data;
    while (size > 0) {
        const size_t most = (size_t)1 << 30;
        const ssize_t done = write(f->fd, at, size < most ? size : most);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return fail(f->path, errno, error, error_size);
        at += done;
        size -= (size_t)done;
    }
    return FTMRT_OK;
}

/* Makes the rename itself durable. File systems that cannot sync a folder are left to their own
 * devices. */
static void sync_folder(const char *path)
{
    char *folder = folder_of(path);
    if (!folder)
        return;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

/* Gives a file that has none its temporary name. */
static int give_name(struct replace_file *f)
{
    char place[32];
    snprintf(place, sizeof place, "/proc/self/fd/%d", f->fd);
    unlink(f->temporary); /* left by a process of this number that was killed */
    f->unnamed = linkat(AT_FDCWD, place, AT_FDCWD, f->temporary, AT_SYMLINK_FOLLOW) != 0;
    return f->unnamed ? -1 : 0;
}

enum ftmrt_status replace_commit(struct replace_file *f, char *error, size_t error_size)
{
    int ok = fsync(f->fd) == 0 && (!f->unnamed || give_name(f) == 0);
    int code = errno;
    if (close(f->fd) != 0 && ok) {
        ok = 0;
        code = errno;
    }
    f->fd = -1;
    if (ok && rename(f->temporary, f->path) != 0) {
        ok = 0;
        code = errno;
    }
    enum ftmrt_status status = FTMRT_OK;
    if (ok) {
        sync_folder(f->path);
        free(f->temporary);
        f->temporary = NULL;
    } else {
        status = fail(f->path, code, error, error_size);
    }
    discard(f);
    return status;
}

void replace_abort(struct replace_file *f) { discard(f); }

enum ftmrt_status replace_whole(const char *path, const void *data, size_t size, char *error,
                                size_t error_size)
{
    struct replace_file f;
    enum ftmrt_status status = replace_open(&f, path, error, error_size);
    if (status != FTMRT_OK)
        return status;
    status = replace_write(&f, data, size, error, error_size);
    if (status != FTMRT_OK) {
        replace_abort(&f);
        return status;
    }
    return replace_commit(&f, error, error_size);
}
