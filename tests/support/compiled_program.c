#include "compiled_program.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link_shared.h"
#include "object.h"

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why ? why : "failed");
    exit(1);
}

/* ---- building ---- */

/* A state's value in its own type. */
static void *state_data(struct arena *arena, const struct state *s, const struct tensor *value)
{
    int64_t count = shape_elements(&s->type.shape, 1);
    void *data = arena_alloc(arena, (size_t)count * ftmrt_dtype_size(s->type.dtype));
    for (int64_t i = 0; i < count; i++) {
        if (s->type.dtype == FTMRT_F32)
            ((float *)data)[i] = (float)value->data[i];
        else
            ((int64_t *)data)[i] = (int64_t)value->data[i];
    }
    return data;
}

static struct descriptor_source *make_sources(struct arena *arena, struct program *p,
                                              const struct interp *states)
{
    struct descriptor_source *out = arena_array(arena, struct descriptor_source, p->states.len);
    for (uint32_t i = 0; i < p->states.len; i++) {
        struct state *s = &p->states.at[i];
        s->source = s->kind == FTMRT_STATE_SLOT ? -1 : (int32_t)i;
        out[i] = (struct descriptor_source){.name = s->name,
                                            .dtype = s->type.dtype,
                                            .rank = s->file_shape.rank,
                                            .data = state_data(arena, s, &states->states[i])};
        out[i].bytes =
            (uint64_t)shape_elements(&s->type.shape, 1) * (uint64_t)ftmrt_dtype_size(s->type.dtype);
        memcpy(out[i].dim, s->file_shape.dim, sizeof out[i].dim);
    }
    return out;
}

static void remove_file(const char *dir, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    unlink(path);
}

static void link_library(struct arena *arena, const char *dir, const object_paths *paths)
{
    const char *output = arena_printf(arena, "%s/p.so", dir);
    if (!link_shared(output, paths->at, paths->len))
        die("link", output);
    for (uint32_t i = 0; i < paths->len; i++)
        unlink(paths->at[i]);
    remove_file(dir, "blob");
}

static void load_library(struct compiled_program *c, struct arena *arena, const char *dir)
{
    c->library = dlopen(arena_printf(arena, "%s/p.so", dir), RTLD_NOW | RTLD_LOCAL);
    if (!c->library)
        die("dlopen", dlerror());
    c->loaded = dlsym(c->library, arena_printf(arena, "%s_program", c->descriptor->symbol));
    if (!c->loaded)
        die("dlsym", dlerror());
    remove_file(dir, "p.so");
    rmdir(dir);
}

void compiled_program_new(struct compiled_program *c, struct arena *arena, struct program *p,
                          const struct interp *states, const struct cpu *cpu)
{
    char dir[] = "/tmp/ftm-compiled-XXXXXX";
    *c = (struct compiled_program){.program = p};
    struct descriptor_source *sources = make_sources(arena, p, states);
    c->schedule = schedule_build(arena, p);
    struct descriptor_input in = {.schedule = c->schedule,
                                  .cpu = cpu,
                                  .sources = sources,
                                  .source_count = p->states.len,
                                  .compiler = "test",
                                  .resolved = ""};
    if (!c->schedule || !mkdtemp(dir))
        die("schedule", NULL);
    c->descriptor = descriptor_new(arena, &in);
    struct object_input object = {
        .schedule = c->schedule, .descriptor = c->descriptor, .cpu = cpu, .diag = p->diag};
    object_paths paths = {0};
    if (!c->descriptor || !object_write(arena, &object, dir, &paths)) {
        diag_print(p->diag, stderr);
        die("object files", NULL);
    }
    link_library(arena, dir, &paths);
    load_library(c, arena, dir);
    c->workspace = guarded_new(c->loaded->workspace_size);
    if (ftmrt_init_workspace(c->loaded, c->workspace.at, 1) != FTMRT_OK)
        die("ftmrt_init_workspace", NULL);
}

void compiled_program_free(struct compiled_program *c)
{
    guarded_free(&c->workspace);
    if (c->library)
        dlclose(c->library);
    c->library = NULL;
}

/* ---- running ---- */

void compiled_program_poison(struct compiled_program *c)
{
    uint64_t from = c->schedule->states_size;
    memset(c->workspace.at + from, 0xff, c->workspace.bytes - from);
}

int compiled_program_run(struct compiled_program *c, const struct ftmrt_entry *entry,
                         const void *const *inputs, void *const *outputs, int64_t n, int threads)
{
    return entry->run(&(struct ftmrt_context){.workspace = c->workspace.at, .threads = threads},
                      inputs, outputs, n);
}

void compiled_program_states(const struct compiled_program *c, struct interp *in)
{
    for (uint32_t i = 0; i < in->program->states.len; i++) {
        const struct ftmrt_state *s = &c->loaded->states[i];
        int64_t count = shape_elements(&in->states[i].shape, 1);
        size_t bytes = (size_t)count * ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
        void *data = malloc(bytes);
        if (!data || ftmrt_get_state(c->loaded, c->workspace.at, i, data, bytes) != FTMRT_OK)
            die("ftmrt_get_state", s->name);
        interp_set_state(in, i, data);
        free(data);
    }
}

size_t compiled_value_bytes(const struct ftmrt_value *v, int64_t n)
{
    size_t bytes = ftmrt_dtype_size((enum ftmrt_dtype)v->dtype);
    for (uint32_t i = 0; i < v->rank; i++)
        bytes *= (size_t)(v->dim[i] < 0 ? n : v->dim[i]);
    return bytes;
}
