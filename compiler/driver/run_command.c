/* `ftmc run FILE.ftm train ...`: compiles into a cache and becomes the program.
 *
 * A program's key is a hash of all that goes in: the graph and the recipe (which follow from the description, its imports,
 * the overrides and the folders of classes), the weight file's bytes, the level of instructions, and the compiler itself. It
 * lies in $XDG_CACHE_HOME/ftmc/KEY/NAME, or ~/.cache/ftmc, or .ftmc/ beside the description. Whoever compiles holds a lock
 * on the key; a second one waits and finds the program. exec replaces ftmc, so exit code and signals are the program's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bind.h"
#include "compilation.h"
#include "cpu.h"
#include "file.h"
#include "fingerprint.h"
#include "lang.h"
#include "program_search.h"
#include "text.h"

enum { KEPT_PROGRAMS = 16, KEY_LENGTH = 16 };

/* ---- the key ---- */

static uint64_t add_text(uint64_t key, const char *text)
{
    return fingerprint_bytes(text, strlen(text), key);
}

/* Another build of the same version is another compiler: its size and time tell. */
static uint64_t add_build(uint64_t key, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return key;
    const int64_t facts[] = {st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
    return fingerprint_bytes(facts, sizeof facts, key);
}

static uint64_t add_compiler(struct compilation *c, uint64_t key)
{
    const char *dir = file_install_dir(&c->arena), *cc = getenv("CC");
    key = add_text(add_text(key, compile_version()), c->cpu->name);
    key = add_text(key, cc ? cc : "");
    key = add_build(key, "/proc/self/exe");
    return dir ? add_build(key, arena_printf(&c->arena, "%s/lib/ftmc/libftmrt_app.a", dir)) : key;
}

static uint64_t add_graph(const struct program *p, uint64_t key)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    FTM_BUG_ON(!out, "out of memory");
    program_print(p, out);
    FTM_BUG_ON(fclose(out) != 0, "out of memory");
    key = fingerprint_bytes(text, size, key);
    free(text);
    return key;
}

/* The key of what the options describe; 0: it has errors, which compiling reports. Nothing of it is reported here. */
static uint64_t find_key(struct compilation *c)
{
    struct compilation own = {.options = c->options, .cpu = c->cpu};
    arena_init(&own.arena, "key");
    diag_init(&own.diag, &own.arena);
    uint64_t key = 0;
    if (compilation_program(&own) && own.recipe) {
        const char *base = compilation_absolute(&own, file_dir(&own.arena, c->options->file));
        key = add_compiler(&own, 0);
        key = add_text(add_text(key, base ? base : ""), lang_resolved(&own.arena, own.recipe));
        key = add_graph(own.program, key);
        if (own.weights)
            key = fingerprint_bytes(own.weights->file.data, own.weights->file.size, key);
        for (uint32_t i = 0; i < own.teacher_weights.len; i++)
            key = fingerprint_bytes(own.teacher_weights.at[i]->file.data,
                                    own.teacher_weights.at[i]->file.size, key);
    }
    compilation_close_weights(&own);
    arena_clear(&own.arena);
    return key;
}

/* ---- the cache ---- */

static const char *cache_folder(struct compilation *c)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (xdg && *xdg == '/')
        return arena_printf(&c->arena, "%s/ftmc", xdg);
    if (home && *home == '/')
        return arena_printf(&c->arena, "%s/.cache/ftmc", home);
    return arena_printf(&c->arena, "%s.ftmc", file_dir(&c->arena, c->options->file));
}

static bool make_folder(struct compilation *c, const char *path)
{
    const int code = mkdir(path, 0777) == 0 ? 0 : errno;
    if (!code || code == EEXIST || file_exists(path)) /* of one on a disk that is only read, too */
        return true;
    diag_system(&c->diag, path, code);
    diag_note(&c->diag, "programs are kept there; XDG_CACHE_HOME names another folder for it");
    return false;
}

/* Makes a folder and those above it. false after a report. */
static bool make_folders(struct compilation *c, const char *path)
{
    char *part = arena_strdup(&c->arena, path);
    bool ok = true;
    for (char *slash = strchr(part + 1, '/'); ok && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ok = make_folder(c, part);
        *slash = '/';
    }
    return ok && make_folder(c, path);
}

/* Waits for the key's lock. -1 after a report. */
static int lock(struct compilation *c, const char *folder)
{
    const char *path = arena_printf(&c->arena, "%s.lock", folder);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    int rc = fd < 0 ? -1 : flock(fd, LOCK_EX);
    while (rc != 0 && fd >= 0 && errno == EINTR)
        rc = flock(fd, LOCK_EX);
    if (rc == 0)
        return fd;
    diag_system(&c->diag, path, errno);
    if (fd >= 0)
        close(fd);
    return -1;
}

struct kept {
    const char *path;
    struct timespec used;
};

static int newest_first(const void *a, const void *b)
{
    const struct timespec *x = &((const struct kept *)a)->used,
                          *y = &((const struct kept *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? 1 : -1;
    return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

static void remove_program(struct arena *arena, const char *folder)
{
    DIR *dir = opendir(folder);
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
        if (e->d_name[0] != '.')
            unlink(arena_printf(arena, "%s/%s", folder, e->d_name));
    if (dir)
        closedir(dir);
    rmdir(folder);
    unlink(arena_printf(arena, "%s.lock", folder));
}

/* Removes the programs that were used longest ago; those that run are not disturbed. */
static void prune(struct compilation *c, const char *root)
{
    VEC(struct kept) kept = {0};
    DIR *dir = opendir(root);
    for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        const char *path = arena_printf(&c->arena, "%s/%s", root, e->d_name);
        struct stat st;
        if (strspn(e->d_name, "0123456789abcdef") == KEY_LENGTH && !e->d_name[KEY_LENGTH] &&
            stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            vec_push(&c->arena, &kept, (struct kept){path, st.st_mtim});
    }
    if (dir)
        closedir(dir);
    if (kept.len > KEPT_PROGRAMS)
        qsort(kept.at, kept.len, sizeof *kept.at, newest_first);
    for (uint32_t i = KEPT_PROGRAMS; i < kept.len; i++)
        remove_program(&c->arena, kept.at[i].path);
}

/* Compiles into the folder, unless the program is there. false after reports. */
static bool provide(struct compilation *c, const char *root, const char *folder)
{
    if (access(c->output, X_OK) == 0)
        return true;
    const int fd = make_folders(c, folder) ? lock(c, folder) : -1;
    if (fd < 0)
        return false;
    bool ok = access(c->output, X_OK) == 0; /* somebody else compiled it meanwhile */
    if (!ok) {
        fprintf(stderr, "compiling %s\n", c->options->file);
        ok = make_folders(c, folder) && compile(c);
        prune(c, root);
    }
    close(fd);
    return ok;
}

/* ---- running ---- */

/* "photos" of "x/photos.ftm". */
static const char *program_name(struct compilation *c)
{
    const char *base = file_base(c->options->file), *dot = strrchr(base, '.');
    return arena_strndup(&c->arena, base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
}

/* What was typed in front of the program's own words, for its advice: "ftmc run -D epochs=3 photos.ftm". */
static const char *typed(struct compilation *c)
{
    const struct options *o = c->options;
    const char *text = compilation_word(c, o->argv[0]);
    for (int i = 1; i <= o->file_at; i++)
        text = arena_printf(&c->arena, "%s %s", text, compilation_word(c, o->argv[i]));
    return text;
}

/* Becomes the program; returns after a failure only. Its runs are beside the description, as those of a program that is
 * compiled there. */
static void become(struct compilation *c)
{
    const char *base = compilation_absolute(c, file_dir(&c->arena, c->options->file));
    const text_list *rest = &c->options->rest; /* ends in NULL */
    const char **argv = arena_array(&c->arena, const char *, rest->len + 1);
    argv[0] = c->output;
    memcpy(&argv[1], rest->at, rest->len * sizeof *argv);
    if (base)
        setenv("FTM_RUNS", arena_printf(&c->arena, "%s/runs", base), 0);
    setenv("FTM_COMMAND", typed(c), 1);
    diag_print(&c->diag, stderr);
    fflush(NULL);
    execv(c->output, (char *const *)(uintptr_t)argv);
    diag_system(&c->diag, c->output, errno);
}

bool run(struct compilation *c)
{
    if (program_search_wanted(c))
        return program_search(c);
    const char *root = cache_folder(c);
    const uint64_t key = find_key(c);
    if (!key) {
        compilation_program(c);
        FTM_BUG_ON(!c->diag.errors && c->recipe, "a description without a key");
        if (!c->diag.errors)
            diag_report(&c->diag, SPAN_NONE, DIAG_FINETUNE_COUNT, c->options->file, "no");
        return false;
    }
    const char *folder = arena_printf(&c->arena, "%s/%016" PRIx64, root, key);
    c->output = arena_printf(&c->arena, "%s/%s", folder, program_name(c));
    if (!provide(c, root, folder))
        return false;
    utimensat(AT_FDCWD, folder, NULL, 0); /* used just now */
    become(c);
    return false;
}
