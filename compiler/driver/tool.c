#include "tool.h"

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

#ifndef FTM_CC
#define FTM_CC "cc"
#endif

void tool_add_program(struct arena *arena, const struct cpu_target *target, const char *variable,
                      const char *name, tool_words *w)
{
    if (!target_is_host(target)) {
        vec_push(arena, w, arena_printf(arena, "%s%s", target->tools, name));
        return;
    }
    const char *value = getenv(variable);
    char *rest = arena_strdup(arena, value && *value ? value : name);
    for (char *word; (word = strtok_r(rest, " \t", &rest));)
        vec_push(arena, w, word);
}

void tool_add_compiler(struct arena *arena, const struct cpu_target *target, tool_words *w)
{
    tool_add_program(arena, target, "CC", target_is_host(target) ? FTM_CC : "gcc", w);
}

static bool is_in_path(struct arena *arena, const char *program)
{
    const char *path = getenv("PATH");
    char *rest = arena_strdup(arena, path ? path : "/usr/bin:/bin");
    for (char *folder; (folder = strtok_r(rest, ":", &rest));)
        if (access(arena_printf(arena, "%s/%s", folder, program), X_OK) == 0)
            return true;
    return false;
}

bool tool_check_target(struct arena *arena, struct diag *diag, const struct cpu_target *target)
{
    static const char *const programs[] = {"gcc", "objcopy", "ar"};
    for (size_t i = 0; !target_is_host(target) && i < sizeof programs / sizeof programs[0]; i++) {
        const char *program = arena_printf(arena, "%s%s", target->tools, programs[i]);
        if (is_in_path(arena, program))
            continue;
        diag_report(diag, SPAN_NONE, DIAG_NO_CROSS_TOOL, target->name, program);
        diag_note(diag, "on Debian: apt install %s", target->packages);
        return false;
    }
    return true;
}

const char *tool_runtime_file(struct arena *arena, struct diag *diag, const char *folder,
                              const char *name)
{
    char *dir = file_install_dir(arena);
    const char *path = arena_printf(arena, "%s/%s/ftmc/%s", dir ? dir : ".", folder, name);
    if (file_exists(path))
        return path;
    diag_report(diag, SPAN_NONE, DIAG_NO_RUNTIME, path);
    return NULL;
}

/* Position-independent as the other objects, optimised not at all, as they are data. */
bool tool_add_tables_options(struct arena *arena, struct diag *diag, tool_words *w)
{
    const char *header = tool_runtime_file(arena, diag, "include", "ftmrt.h");
    if (!header)
        return false;
    vec_push(arena, w, "-std=c17");
    vec_push(arena, w, "-fPIC");
    vec_push(arena, w, "-I");
    vec_push(arena, w, file_dir(arena, header));
    return true;
}

void tool_show(const tool_words *w)
{
    for (uint32_t i = 0; i + 1 < w->len; i++)
        printf("%s\"%s\"", i ? " " : "", w->at[i]);
    putchar('\n');
}

/* Starts a command with its messages in a pipe, whose end to read is *messages. An error of errno, or 0. */
static int start(const tool_words *w, pid_t *pid, int *messages)
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

/* Passes the command's messages on and keeps them; closes the pipe. */
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

static void note_packages(struct diag *diag)
{
    diag_note(diag,
              "ftmc links programs with a C compiler, `cc` or the one that $CC names; on Debian: "
              "apt install %s",
              FTM_LINK_PACKAGES);
    diag_note(diag, "the Debian package of ftmc depends on them: behind a `dpkg -i` that left "
                    "them out, `apt-get install -f` brings them");
}

/* Of Debian, with what a tool needs. */
static const char *packages_of(const char *tool)
{
    for (uint32_t i = 0; i < target_count(); i++) {
        const struct cpu_target *t = target_at(i);
        if (!target_is_host(t) && strncmp(tool, t->tools, strlen(t->tools)) == 0)
            return t->packages;
    }
    return FTM_LINK_PACKAGES;
}

/* The tool has failed, with these messages. */
static void note_failure(struct diag *diag, const char *tool, const char *output,
                         const char *messages)
{
    if (strstr(messages, strerror(ENOSPC)))
        diag_note(diag,
                  "the disk of %s is full, or that of the folder for temporary files "
                  "(TMPDIR names another one)",
                  output);
    else
        diag_note(diag,
                  "its own messages are above; if they miss a library, on Debian: apt install %s",
                  packages_of(tool));
}

bool tool_run(struct arena *arena, struct diag *diag, const tool_words *w, const char *output)
{
    pid_t pid;
    int messages = -1, status;
    const int error = start(w, &pid, &messages);
    if (error) {
        diag_system(diag, w->at[0], error);
        note_packages(diag);
        return false;
    }
    const char *said = pass_messages(arena, messages);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            diag_system(diag, w->at[0], errno);
            return false;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    diag_report(diag, SPAN_NONE, DIAG_LINK, w->at[0],
                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    note_failure(diag, w->at[0], output, said);
    return false;
}
