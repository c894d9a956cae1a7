/* link: ftm_support ftm_target ftm_passes ftm_graph */
/* Whole compiled programs against the interpreter: random networks go through all passes, the
 * schedule and the back end, are loaded, and run predict, eval and several training steps with
 * whole and ragged batches at every level of the host. Outputs and states must agree; for 1, 2 and
 * 3 threads every bit of both must be the same. */
#include "random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object.h"
#include "pass.h"
#include "random_values.h"

enum { GRAPHS = 8, STEPS = 3, MAX_VALUES = 8 };

/* One step in f32 moves results of these networks by about 1e-6 of their size; a rectifier or a
 * maximum that falls on the other side of a tie moves more. Values below 0.1 count as 0.1: the
 * gradient of a bias before a batch norm is zero but for rounding. */
static const double tolerance = 1e-4;

struct compiled {
    struct arena arena;
    struct diag diag;
    struct program *program;
    struct interp *interp;
    struct schedule *schedule;
    void *library;
    const struct ftmrt_program *loaded;
    unsigned char *workspace;
};

static void *aligned(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    assert_non_null(p);
    return p;
}

/* ---- building
 * --------------------------------------------------------------------------------------------------
 */

/* Every state's value as a tensor of a weight file. */
static struct descriptor_source *sources(struct compiled *c)
{
    struct program *p = c->program;
    struct descriptor_source *out = arena_array(&c->arena, struct descriptor_source, p->states.len);
    for (uint32_t i = 0; i < p->states.len; i++) {
        struct state *s = &p->states.at[i];
        int64_t count = shape_elements(&s->type.shape, 1);
        uint64_t bytes = (uint64_t)count * ftmrt_dtype_size(s->type.dtype);
        void *data = arena_alloc(&c->arena, bytes);
        for (int64_t k = 0; k < count; k++) {
            if (s->type.dtype == FTMRT_F32)
                ((float *)data)[k] = (float)c->interp->states[i].data[k];
            else
                ((int64_t *)data)[k] = (int64_t)c->interp->states[i].data[k];
        }
        out[i] = (struct descriptor_source){.name = s->name,
                                            .dtype = s->type.dtype,
                                            .rank = s->file_shape.rank,
                                            .data = data,
                                            .bytes = bytes};
        memcpy(out[i].dim, s->file_shape.dim, sizeof out[i].dim);
        s->source = s->kind == FTMRT_STATE_SLOT ? -1 : (int32_t)i;
    }
    return out;
}

static void link_library(const char *dir, const char *library, const object_paths *paths)
{
    char command[4096];
    int length = snprintf(command, sizeof command, "cc -shared -o %s", library);
    for (uint32_t i = 0; i < paths->len; i++)
        length += snprintf(command + length, sizeof command - (size_t)length, " %s", paths->at[i]);
    /* NOLINTNEXTLINE(cert-env33-c,bugprone-command-processor): our own words */
    assert_int_equal(system(command), 0);
    for (uint32_t i = 0; i < paths->len; i++)
        unlink(paths->at[i]);
    snprintf(command, sizeof command, "%s/blob", dir);
    unlink(command);
}

static void load(struct compiled *c, const struct cpu *cpu)
{
    struct descriptor_input in = {.schedule = c->schedule,
                                  .cpu = cpu,
                                  .sources = sources(c),
                                  .source_count = c->program->states.len,
                                  .compiler = "test",
                                  .recipe = "{}",
                                  .resolved = ""};
    struct descriptor *d = descriptor_new(&c->arena, &in);
    char dir[] = "/tmp/ftm-compiled-XXXXXX", library[64];
    assert_non_null(mkdtemp(dir));
    snprintf(library, sizeof library, "%s/p.so", dir);
    struct object_input object = {
        .schedule = c->schedule, .descriptor = d, .cpu = cpu, .diag = &c->diag};
    object_paths paths = {0};
    assert_true(object_write(&c->arena, &object, dir, &paths));
    link_library(dir, library, &paths);
    c->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!c->library)
        fail_msg("%s", dlerror());
    c->loaded = dlsym(c->library, arena_printf(&c->arena, "%s_program", d->symbol));
    assert_non_null(c->loaded);
    unlink(library);
    rmdir(dir);
}

static void build(struct compiled *c, uint64_t seed, const struct cpu *cpu)
{
    struct random_graph_options options = random_graph_small();
    arena_init(&c->arena, "test");
    diag_init(&c->diag, &c->arena);
    c->program = random_graph(&c->arena, &c->diag, seed, &options);
    struct pass_options passes = {.verify = true};
    assert_true(passes_run(c->program, &passes));
    c->interp = interp_new(&c->arena, c->program);
    random_states(c->interp, seed);
    c->schedule = schedule_build(&c->arena, c->program);
    assert_non_null(c->schedule);
    load(c, cpu);
    c->workspace = aligned(c->loaded->workspace_size);
}

static void release(struct compiled *c)
{
    free(c->workspace);
    dlclose(c->library);
    arena_clear(&c->arena);
}

/* ---- running
 * ---------------------------------------------------------------------------------------------------
 */

static size_t value_bytes(const struct ftmrt_value *v, int64_t n)
{
    size_t bytes = ftmrt_dtype_size((enum ftmrt_dtype)v->dtype);
    for (uint32_t i = 0; i < v->rank; i++)
        bytes *= (size_t)(v->dim[i] < 0 ? n : v->dim[i]);
    return bytes;
}

/* The tensor in the value's own type. */
static void *narrow(const struct ftmrt_value *v, const struct tensor *t, int64_t n)
{
    size_t bytes = value_bytes(v, n);
    void *data = aligned(bytes);
    for (size_t i = 0; i < bytes / 4; i++) {
        if (v->dtype == FTMRT_F32)
            ((float *)data)[i] = (float)t->data[i];
        else
            ((int32_t *)data)[i] = (int32_t)t->data[i];
    }
    return data;
}

/* What a run of an entry leaves behind. */
struct outcome {
    void *outputs[MAX_VALUES];
    size_t bytes[MAX_VALUES];
};

static void run_entry(struct compiled *c, const struct ftmrt_entry *e, const struct tensor *inputs,
                      int64_t n, struct outcome *out)
{
    void *in[MAX_VALUES];
    assert_true(e->input_count <= MAX_VALUES && e->output_count <= MAX_VALUES);
    for (uint32_t i = 0; i < e->input_count; i++)
        in[i] = narrow(&e->inputs[i], &inputs[i], n);
    for (uint32_t i = 0; i < e->output_count; i++) {
        out->bytes[i] = value_bytes(&e->outputs[i], n);
        out->outputs[i] = aligned(out->bytes[i]);
        memset(out->outputs[i], 0xff, out->bytes[i]);
    }
    assert_int_equal(e->run(c->workspace, (const void *const *)in, out->outputs, n), FTMRT_OK);
    for (uint32_t i = 0; i < e->input_count; i++)
        free(in[i]);
}

static double compare(const struct tensor *want, const float *got)
{
    int64_t count = shape_elements(&want->shape, 1);
    double *data = malloc((size_t)count * sizeof *data);
    for (int64_t i = 0; i < count; i++)
        data[i] = (double)got[i];
    struct tensor t = {.shape = want->shape, .data = data};
    double d = tensor_distance(&t, want, 0.1);
    free(data);
    return d;
}

static void compare_states(struct compiled *c, uint64_t seed)
{
    for (uint32_t i = 0; i < c->loaded->state_count; i++) {
        const struct ftmrt_state *s = &c->loaded->states[i];
        const struct tensor *want = &c->interp->states[i];
        int64_t count = shape_elements(&want->shape, 1);
        size_t bytes = (size_t)count * ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
        void *got = aligned(bytes);
        assert_int_equal(ftmrt_get_state(c->loaded, c->workspace, i, got, bytes), FTMRT_OK);
        if (s->dtype == FTMRT_I64)
            assert_true((double)*(int64_t *)got == want->data[0]);
        else if (compare(want, got) > tolerance)
            fail_msg("seed %llu: state %s is off by %g", (unsigned long long)seed, s->name,
                     compare(want, got));
        free(got);
    }
}

static void free_outcome(struct outcome *o, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(o->outputs[i]);
}

/* Runs an entry with 1, 2 and 3 threads from the same workspace, then compares with the
 * interpreter. */
static void check_entry(struct compiled *c, const char *name, int64_t n, uint64_t seed)
{
    const struct graph *g = program_find_function(c->program, name);
    const struct ftmrt_entry *e = ftmrt_find_entry(c->loaded, name);
    const struct tensor *inputs = random_inputs(&c->arena, g, n, seed);
    struct tensor want[MAX_VALUES];
    struct outcome first, other;
    size_t size = c->loaded->workspace_size;
    unsigned char *before = aligned(size), *after = aligned(size);
    memcpy(before, c->workspace, size);
    ftmrt_set_threads(1);
    run_entry(c, e, inputs, n, &first);
    memcpy(after, c->workspace, size);
    for (int threads = 2; threads <= 3; threads++) {
        memcpy(c->workspace, before, size);
        ftmrt_set_threads(threads);
        run_entry(c, e, inputs, n, &other);
        assert_memory_equal(after, c->workspace, size);
        for (uint32_t i = 0; i < e->output_count; i++)
            assert_memory_equal(first.outputs[i], other.outputs[i], first.bytes[i]);
        free_outcome(&other, e->output_count);
    }
    interp_run(c->interp, &c->arena, g, n, inputs, want, NULL);
    for (uint32_t i = 0; i < e->output_count; i++)
        if (compare(&want[i], first.outputs[i]) > tolerance)
            fail_msg("seed %llu, %s, n = %lld, %s: output %s is off by %g",
                     (unsigned long long)seed, name, (long long)n, c->loaded->cpu,
                     e->outputs[i].name, compare(&want[i], first.outputs[i]));
    free_outcome(&first, e->output_count);
    free(before);
    free(after);
    compare_states(c, seed);
}

static void check_graph(uint64_t seed, const struct cpu *cpu)
{
    struct compiled c;
    build(&c, seed, cpu);
    int64_t max = c.loaded->max_batch;
    assert_int_equal(ftmrt_init_workspace(c.loaded, c.workspace, 1), FTMRT_OK);
    compare_states(&c, seed);
    check_entry(&c, "predict", max, seed);
    check_entry(&c, "eval", 1, seed + 1);
    for (int step = 0; step < STEPS; step++)
        check_entry(&c, "train", step == 1 && max > 2 ? max - 1 : max, seed + 10 + (uint64_t)step);
    check_entry(&c, "eval", max, seed + 2);
    const struct ftmrt_entry *e = ftmrt_find_entry(c.loaded, "predict");
    assert_int_equal(e->run(c.workspace, NULL, NULL, 0), FTMRT_ERROR_ARGUMENT);
    assert_int_equal(e->run(c.workspace, NULL, NULL, max + 1), FTMRT_ERROR_ARGUMENT);
    release(&c);
}

static void test_compiled_equals_interpreted(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < cpu_count(); i++)
        for (uint64_t seed = 1; ftmrt_cpu_supported(cpu_at(i)->name) && seed <= GRAPHS; seed++)
            check_graph(seed + (uint64_t)100 * i, cpu_at(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_compiled_equals_interpreted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
