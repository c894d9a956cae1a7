/* The LLVM C API has no linker; the system's C compiler knows how to call one, and compiles the
 * program's tables on the way. */
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "fingerprint.h"
#include "tool.h"

/* What every program is linked with, behind our archives. FTM_SANITIZE: the runtime was built with
 * sanitizers. */
static const char *const flags[] = {
    "-Wl,--gc-sections",         "-fopenmp", "-lpng", "-ljpeg", "-lwebp", "-lz", "-ljansson", "-lm",
#ifdef FTM_SANITIZE
    ("-fsanitize=" FTM_SANITIZE)
#endif
};

static const char *const archives[] = {
    "libftmrt_app.a",     "libftmrt_page.a",         "libftmrt_listing.a",
    "libftmrt_files.a",   "libftmrt_picture.a",      "libftmrt_transform.a",
    "libftmrt_network.a", "libftmrt_recipe_terse.a", "libftmrt.a"};

static bool add_archives(const struct link_job *job, tool_words *w)
{
    for (size_t i = 0; i < sizeof archives / sizeof archives[0]; i++) {
        const char *path = tool_runtime_file(job->arena, job->diag, "lib", archives[i]);
        if (!path)
            return false;
        vec_push(job->arena, w, path);
    }
    return true;
}

static bool make_command(const struct link_job *job, const char *output, tool_words *w)
{
    tool_add_compiler(job->arena, job->target, w);
    vec_push(job->arena, w, "-o");
    vec_push(job->arena, w, output);
    if (!tool_add_tables_options(job->arena, job->diag, w))
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

bool link_run(const struct link_job *job)
{
    const char *output = job->show
                             ? job->output
                             : arena_printf(job->arena, "%s.tmp%ld", job->output, (long)getpid());
    tool_words w = {0};
    if (!make_command(job, output, &w))
        return false;
    if (job->show) {
        tool_show(&w);
        return true;
    }
    bool ok = tool_run(job->arena, job->diag, &w, job->output);
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

static uint64_t add_file(uint64_t hash, const char *path)
{
    struct file_map m;
    if (!file_map_open(&m, path))
        return hash;
    hash = fingerprint_bytes(m.data, m.size, hash);
    file_map_close(&m);
    return hash;
}

uint64_t link_compiler_hash(struct arena *arena)
{
    const char *dir = file_install_dir(arena);
    uint64_t hash = add_file(0, "/proc/self/exe");
    for (size_t i = 0; dir && i < sizeof archives / sizeof archives[0]; i++)
        hash = add_file(hash, arena_printf(arena, "%s/lib/ftmc/%s", dir, archives[i]));
    return hash;
}
