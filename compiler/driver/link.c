/* The LLVM C API has no linker; the system's C compiler knows how to call one, and compiles the
 * program's tables on the way. */
#include "link.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "str.h"

extern char **environ;

typedef VEC(const char *) words;

/* What every program is linked with, behind our archives. FTM_SANITIZE: the runtime was built with
 * sanitizers. */
static const char *const flags[] = {
    "-Wl,--gc-sections",         "-fopenmp", "-lpng", "-ljpeg", "-lwebp", "-lz", "-ljansson", "-lm",
#ifdef FTM_SANITIZE
    ("-fsanitize=" FTM_SANITIZE)
#endif
};

static const char *const archives[] = {
    "libftmrt_app.a",       "libftmrt_listing.a", "libftmrt_files.a",  "libftmrt_picture.a",
    "libftmrt_transform.a", "libftmrt_network.a", "libftmrt_recipe.a", "libftmrt.a"};

#ifndef FTM_CC
#define FTM_CC "cc"
#endif

/* $CC may hold options ("ccache gcc", "clang -m64"). */
static void add_compiler(struct arena *arena, words *w)
{
    const char *cc = getenv("CC");
    char *text = arena_strdup(arena, cc && *cc ? cc : FTM_CC), *rest = text;
    for (char *word; (word = strtok_r(rest, " \t", &rest));)
        vec_push(arena, w, word);
}

/* A file of the runtime, which lies beside the compiler: bin/ftmc, lib/ftmc/libftmrt.a. NULL after
 * a report. */
static const char *runtime_file(const struct link_job *job, const char *folder, const char *name)
{
    char *dir = file_install_dir(job->arena);
    const char *path = arena_printf(job->arena, "%s/%s/ftmc/%s", dir ? dir : ".", folder, name);
    if (file_exists(path))
        return path;
    diag_report(job->diag, SPAN_NONE, DIAG_NO_RUNTIME, path);
    return NULL;
}

static bool add_archives(const struct link_job *job, words *w)
{
    for (size_t i = 0; i < sizeof archives / sizeof archives[0]; i++) {
        const char *path = runtime_file(job, "lib", archives[i]);
        if (!path)
            return false;
        vec_push(job->arena, w, path);
    }
    return true;
}

/* How the tables are compiled: position-independent as the other objects, optimised not at all, as
 * they are data. */
static bool add_tables_options(const struct link_job *job, words *w)
{
    const char *header = runtime_file(job, "include", "ftmrt.h");
    if (!header)
        return false;
    vec_push(job->arena, w, "-std=c17");
    vec_push(job->arena, w, "-fPIC");
    vec_push(job->arena, w, "-I");
    vec_push(job->arena, w, file_dir(job->arena, header));
    return true;
}

static bool make_command(const struct link_job *job, const char *output, words *w)
{
    add_compiler(job->arena, w);
    vec_push(job->arena, w, "-o");
    vec_push(job->arena, w, output);
    if (!add_tables_options(job, w))
        return false;
    for (uint32_t i = 0; i < job->objects->len; i++)
        vec_push(job->arena, w, job->objects->at[i]);
    if (job->relocatable) {
        vec_push(job->arena, w, "-r");
        vec_push(job->arena, w, "-nostdlib");
    } else {
        if (!add_archives(job, w))
            return false;
        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
            vec_push(job->arena, w, flags[i]);
    }
    vec_push(job->arena, w, NULL);
    return true;
}

static void show(const words *w)
{
    for (uint32_t i = 0; i + 1 < w->len; i++)
        printf("%s\"%s\"", i ? " " : "", w->at[i]);
    putchar('\n');
}

/* Starts the compiler with its messages in a pipe, whose end to read is *messages. An error of errno, or 0. */
static int start(const words *w, pid_t *pid, int *messages)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0)
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    const int error = posix_spawnp(pid, w->at[0], &actions, NULL, (char *const *)w->at, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *messages = ends[0];
    if (error)
        close(ends[0]);
    return error;
}

/* Passes the compiler's messages on and keeps them; closes the pipe. */
static const char *pass_messages(struct arena *arena, int messages)
{
    struct strbuf all;
    char some[4096];
    ssize_t n;
    strbuf_init(&all, arena);
    strbuf_add(&all, "");
    while ((n = read(messages, some, sizeof some)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0) {
            fwrite(some, 1, (size_t)n, stderr);
            strbuf_addn(&all, some, (size_t)n);
        }
    close(messages);
    return all.text;
}

static void note_packages(const struct link_job *job)
{
    diag_note(job->diag,
              "ftmc links programs with a C compiler, `cc` or the one that $CC names; on Debian: "
              "apt install %s",
              FTM_LINK_PACKAGES);
    diag_note(job->diag, "the Debian package of ftmc depends on them: behind a `dpkg -i` that left "
                         "them out, `apt-get install -f` brings them");
}

/* The compiler has failed, with these messages. */
static void note_failure(const struct link_job *job, const char *messages)
{
    if (strstr(messages, strerror(ENOSPC)))
        diag_note(job->diag,
                  "the disk of %s is full, or that of the folder for temporary files "
                  "(TMPDIR names another one)",
                  job->output);
    else
        diag_note(job->diag,
                  "its own messages are above; if they miss a library, on Debian: apt install %s",
                  FTM_LINK_PACKAGES);
}

static bool execute(const struct link_job *job, const words *w)
{
    pid_t pid;
    int messages = -1, status;
    const int error = start(w, &pid, &messages);
    if (error) {
        diag_system(job->diag, w->at[0], error);
        note_packages(job);
        return false;
    }
    const char *said = pass_messages(job->arena, messages);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            diag_system(job->diag, w->at[0], errno);
            return false;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    diag_report(job->diag, SPAN_NONE, DIAG_LINK, w->at[0],
                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    note_failure(job, said);
    return false;
}

bool link_run(const struct link_job *job)
{
    const char *output = job->show
                             ? job->output
                             : arena_printf(job->arena, "%s.tmp%ld", job->output, (long)getpid());
    words w = {0};
    if (!make_command(job, output, &w))
        return false;
    if (job->show) {
        show(&w);
        return true;
    }
    bool ok = execute(job, &w);
    if (ok && rename(output, job->output) != 0) {
        diag_system(job->diag, job->output, errno);
        ok = false;
    }
    if (!ok)
        unlink(output);
    return ok;
}

char *link_temp_dir(struct arena *arena, struct diag *diag)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = arena_printf(arena, "%s/ftmc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(dir))
        return dir;
    diag_system(diag, dir, errno);
    return NULL;
}

void link_remove_dir(struct arena *arena, const char *dir, const object_paths *files)
{
    for (uint32_t i = 0; i < files->len; i++)
        unlink(files->at[i]);
    unlink(arena_printf(arena, "%s/blob", dir));
    rmdir(dir);
}
