/* Walks over folders. The kinds of entries come with their names where the system gives them: a million files are walked over
 * without asking for each. */
#include "folder_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder on the way from the root. */
struct level {
    const struct level *above;
    dev_t device;
    ino_t inode;
};

enum { MOST_ABOVE = 64 };

/* A walk while it goes on. */
struct walking {
    struct folder_walk *walk;
    struct level roots
        [MOST_ABOVE]; /* the root, and the folders that it is in: a link to one of them leads round */
    const char *root;
    bool folders;        /* whether folders are wanted, those in the root; or files, at any depth */
    char path[PATH_MAX]; /* of the entry, from the root */
};

static bool fail(struct walking *w, size_t length, int code)
{
    w->path[length] = '\0';
    const int n = snprintf(w->walk->error, sizeof w->walk->error, "%.200s%s%.200s", w->root,
                           length ? "/" : "", w->path);
    snprintf(w->walk->error + n, sizeof w->walk->error - (size_t)n, ": %s", strerror(code));
    return false;
}

static bool walk_folder(struct walking *w, int fd, size_t length, const struct level *above);

/* Whether a folder is one of those that the walk is in. */
static bool is_above(const struct level *l, const struct stat *st)
{
    while (l && (l->device != st->st_dev || l->inode != st->st_ino))
        l = l->above;
    return l != NULL;
}

static bool enter(struct walking *w, int parent, const char *name, size_t length,
                  const struct level *above)
{
    struct stat st;
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || fail(w, length, errno);
    if (fstat(fd, &st) == 0 && !is_above(above, &st))
        return walk_folder(w, fd, length, &(struct level){above, st.st_dev, st.st_ino});
    close(fd);
    return true;
}

enum entry_kind { ENTRY_OTHER, ENTRY_FILE, ENTRY_FOLDER };

static enum entry_kind kind_of(int parent, const struct dirent *e, const struct level *above)
{
    struct stat st;
    if (e->d_type == DT_REG || e->d_type == DT_DIR)
        return e->d_type == DT_REG ? ENTRY_FILE : ENTRY_FOLDER;
    if ((e->d_type != DT_LNK && e->d_type != DT_UNKNOWN) || fstatat(parent, e->d_name, &st, 0) != 0)
        return ENTRY_OTHER;
    if (S_ISDIR(st.st_mode))
        return is_above(above, &st) ? ENTRY_OTHER : ENTRY_FOLDER;
    return S_ISREG(st.st_mode) ? ENTRY_FILE : ENTRY_OTHER;
}

/* An entry of the folder whose path has `length` bytes. */
static bool walk_entry(struct walking *w, int parent, const struct dirent *e, size_t length,
                       const struct level *above)
{
    const size_t name = strlen(e->d_name), end = length + (length > 0) + name;
    const enum entry_kind kind = kind_of(parent, e, above);
    if (kind == ENTRY_OTHER)
        return true;
    if (end >= sizeof w->path)
        return fail(w, length, ENAMETOOLONG);
    if (length)
        w->path[length] = '/';
    memcpy(w->path + end - name, e->d_name, name + 1);
    if ((kind == ENTRY_FOLDER) == w->folders)
        return w->walk->entry(w->walk->context, w->path);
    return w->folders || enter(w, parent, e->d_name, end, above);
}

static bool is_passed_over(const char *name) { return name[0] == '.' || !strcmp(name, "__MACOSX"); }

/* Takes fd over. */
static bool walk_folder(struct walking *w, int fd, size_t length, const struct level *above)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        const int code = errno;
        close(fd);
        return fail(w, length, code);
    }
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d));)
        if (!is_passed_over(e->d_name))
            ok = walk_entry(w, fd, e, length, above);
    closedir(d);
    return ok;
}

/* The root and the folders that it is in, up to the one that is in itself. */
static void find_roots(struct walking *w, int fd)
{
    char path[3 * MOST_ABOVE + 2] = ".";
    struct stat st;
    for (size_t i = 0; i < MOST_ABOVE && fstatat(fd, path, &st, 0) == 0; i++) {
        struct level *l = &w->roots[i], *below = i ? l - 1 : NULL;
        if (below && below->device == st.st_dev && below->inode == st.st_ino)
            return;
        *l = (struct level){NULL, st.st_dev, st.st_ino};
        if (below)
            below->above = l;
        memcpy(path + 1 + 3 * i, "/..", 4);
    }
}

static bool walk(struct folder_walk *walk, const char *root, bool folders)
{
    struct walking w = {.walk = walk, .root = root, .folders = folders};
    walk->error[0] = '\0';
    const int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(&w, 0, errno);
    find_roots(&w, fd);
    return walk_folder(&w, fd, 0, &w.roots[0]);
}

bool folder_walk_folders(struct folder_walk *w, const char *root) { return walk(w, root, true); }

bool folder_walk_files(struct folder_walk *w, const char *root) { return walk(w, root, false); }

bool folder_is(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
