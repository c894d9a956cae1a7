/* For the host the runtime is there as archives. For another target it is compiled where a library is made, from the source that comes
 * with ftmc: whoever has the target's C compiler needs nothing else. */
#include "library_runtime.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

/* In the order in which one calls the next; the last is libftmrt.a or the one without threads. */
static const char *const archives[] = {"libftmrt_embed.a", "libftmrt_files.a", "libftmrt_network.a",
                                       "libftmrt_transform.a", "libftmrt_recipe_terse.a"};

/* The folders of the same code; of `files` the other sources want libraries, and no library calls them. */
static const char *const folders[] = {"embed", "network", "transform", "recipe", "core"};
static const char *const single[] = {"files/fingerprint.c"};

/* How the archives are compiled; a char has a sign as on the host. */
static const char *const options[] = {"-O2",
                                      "-ffunction-sections",
                                      "-fdata-sections",
                                      "-fno-asynchronous-unwind-tables",
                                      "-ffp-contract=off",
                                      "-fno-math-errno",
                                      "-fsigned-char",
                                      "-DFTMRT_RECIPE_TERSE",
                                      "-D_POSIX_C_SOURCE=200809L",
                                      "-D_DEFAULT_SOURCE"};

static bool add_archives(struct arena *arena, struct diag *diag, bool threads, tool_words *w)
{
    enum { COUNT = sizeof archives / sizeof archives[0] };
    for (size_t i = 0; i <= COUNT; i++) {
        const char *last = threads ? "libftmrt.a" : "libftmrt_serial.a";
        const char *path = tool_runtime_file(arena, diag, "lib", i < COUNT ? archives[i] : last);
        if (!path)
            return false;
        vec_push(arena, w, path);
    }
    return true;
}

static int is_source(const struct dirent *entry) { return str_ends_with(entry->d_name, ".c"); }

/* The sources of a folder, by name: the same library wherever the folder lies. */
static bool add_folder(struct arena *arena, struct diag *diag, const char *folder, tool_words *w)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_source, alphasort);
    if (count < 0) {
        diag_system(diag, folder, errno);
        return false;
    }
    for (int i = 0; i < count; i++) {
        vec_push(arena, w, arena_printf(arena, "%s/%s", folder, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    return true;
}

static bool add_sources(struct arena *arena, struct diag *diag, const struct cpu_target *target,
                        bool threads, tool_words *w)
{
    const char *runtime = tool_runtime_file(arena, diag, "share", "runtime");
    const char *header = tool_runtime_file(arena, diag, "share", "embed/ftmx.h");
    if (!runtime || !header)
        return false;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        vec_push(arena, w, options[i]);
    for (const char *rest = target->options; *rest; rest += strspn(rest, " ")) {
        const size_t n = strcspn(rest, " ");
        vec_push(arena, w, arena_printf(arena, "%.*s", (int)n, rest));
        rest += n;
    }
    if (threads) /* to the compiler alone: where one object is linked, -fopenmp puts OpenMP's archive into it */
        vec_push(arena, w, "-Wp,-fopenmp");
    vec_push(arena, w, arena_printf(arena, "-I%.*s", (int)(strrchr(header, '/') - header), header));
    vec_push(arena, w, arena_printf(arena, "-I%s", runtime));
    vec_push(arena, w, arena_printf(arena, "-I%s/files", runtime));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *folder = arena_printf(arena, "%s/%s", runtime, folders[i]);
        vec_push(arena, w, arena_printf(arena, "-I%s", folder));
        if (!add_folder(arena, diag, folder, w))
            return false;
    }
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        vec_push(arena, w, arena_printf(arena, "%s/%s", runtime, single[i]));
    return true;
}

bool library_runtime_add(struct arena *arena, struct diag *diag, const struct cpu_target *target,
                         bool threads, tool_words *w)
{
    return target_is_host(target) ? add_archives(arena, diag, threads, w)
                                  : add_sources(arena, diag, target, threads, w);
}
