/* link: ftm_support ftm_compiled ftm_codegen ftm_passes ftm_graph */
/* What random networks compute, to the bit: outputs of predict, eval and three training steps, and
 * every state behind these steps (parameters, statistics, and the momentum slots, which hold the
 * gradients), as a hash per instruction set level: sums go in an order that may follow the vectors'
 * width. Layouts, names of kernels and the calling convention do not matter.
 *
 * The stored ones, data/network_bits.txt, are of seeds 1 to 300 and of the compiler before its
 * tables were rebuilt: a change that is not meant to change results leaves them as they are.
 * Without arguments, some of them are checked; `FROM TO` checks the seeds FROM <= seed < TO on
 * every level that the machine runs (tools/same_bits.py does); `print FROM TO` writes the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiled_program.h"
#include "pass.h"
#include "random_graph.h"
#include "random_values.h"

enum { CHECKED = 24, STEPS = 3, MAX_VALUES = 8, LEVELS = 4 };

struct network {
    uint64_t seed;
    struct arena arena;
    struct diag diag;
    struct compiled_program c;
    uint64_t hash;
};

/* FNV-1a, 64 bits. */
static void hash_bytes(struct network *w, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        w->hash = (w->hash ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
}

static void build(struct network *w, const struct cpu *cpu)
{
    arena_init(&w->arena, "network");
    diag_init(&w->diag, &w->arena);
    struct program *p = random_network(&w->arena, &w->diag, w->seed);
    if (!passes_run(p, &(struct pass_options){0}))
        fail_msg("seed %" PRIu64 ": the passes report errors", w->seed);
    struct interp *states = interp_new(&w->arena, p);
    random_states(states, w->seed);
    compiled_program_new(&w->c, &w->arena, p, states, cpu);
    w->hash = UINT64_C(0xcbf29ce484222325);
}

static void release(struct network *w)
{
    compiled_program_free(&w->c);
    arena_clear(&w->arena);
}

/* Classes of the network: the last dimension of its logits. */
static int64_t class_count(const struct network *w)
{
    const struct ftmrt_entry *e = ftmrt_find_entry(w->c.loaded, "predict");
    return e->outputs[0].dim[e->outputs[0].rank - 1];
}

static double uniform(uint64_t seed, const char *name, size_t index)
{
    return ftmrt_uniform(seed, ftmrt_name_hash(name), index, 77);
}

static void fill_floats(float *data, size_t count, const char *name, uint64_t seed)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, "lr") == 0)
            data[i] = seed % 2 ? 0.05F : 0.5F;
        else if (strcmp(name, "momentum") == 0)
            data[i] = 0.9F;
        else if (strcmp(name, "weight_decay") == 0)
            data[i] = seed % 3 ? 0.01F : 0;
        else
            data[i] = (float)(4 * uniform(seed, name, i) - 2);
    }
}

static void *new_input(struct network *w, const struct ftmrt_value *v, int64_t n, uint64_t seed)
{
    size_t bytes = compiled_value_bytes(v, n), count = bytes / 4;
    void *data = arena_alloc(&w->arena, bytes);
    if (v->dtype == FTMRT_F32)
        fill_floats(data, count, v->name, seed);
    else
        for (size_t i = 0; i < count; i++)
            ((int32_t *)data)[i] = (int32_t)(uniform(seed, v->name, i) * (double)class_count(w));
    return data;
}

static void run_entry(struct network *w, const char *name, int64_t n, uint64_t seed)
{
    const struct ftmrt_entry *e = ftmrt_find_entry(w->c.loaded, name);
    const void *inputs[MAX_VALUES];
    void *outputs[MAX_VALUES];
    for (uint32_t i = 0; i < e->input_count; i++)
        inputs[i] = new_input(w, &e->inputs[i], n, seed);
    for (uint32_t i = 0; i < e->output_count; i++)
        outputs[i] = arena_alloc(&w->arena, compiled_value_bytes(&e->outputs[i], n));
    if (compiled_program_run(&w->c, e, inputs, outputs, n, 1) != FTMRT_OK)
        fail_msg("seed %" PRIu64 ": %s fails", w->seed, name);
    for (uint32_t i = 0; i < e->output_count; i++)
        hash_bytes(w, outputs[i], compiled_value_bytes(&e->outputs[i], n));
}

static void hash_states(struct network *w)
{
    for (uint32_t i = 0; i < w->c.loaded->state_count; i++) {
        const struct ftmrt_state *s = &w->c.loaded->states[i];
        size_t bytes = ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
        for (uint32_t k = 0; k < s->rank; k++)
            bytes *= (size_t)s->dim[k];
        void *data = arena_alloc(&w->arena, bytes);
        ftmrt_get_state(w->c.loaded, w->c.workspace.at, i, data, bytes);
        hash_bytes(w, s->name, strlen(s->name));
        hash_bytes(w, data, bytes);
    }
}

static uint64_t network_hash(uint64_t seed, const struct cpu *cpu)
{
    struct network w = {.seed = seed};
    build(&w, cpu);
    int64_t max = w.c.loaded->max_batch, some = 1 + (int64_t)random_pick(seed, 20, (uint64_t)max);
    const int64_t sizes[STEPS] = {max, some, 1};
    run_entry(&w, "predict", max, seed);
    run_entry(&w, "eval", some, seed + 1);
    for (uint64_t step = 0; step < STEPS; step++)
        run_entry(&w, "train", sizes[step], seed + 10 + step);
    run_entry(&w, "predict", some, seed + 2);
    hash_states(&w);
    release(&w);
    return w.hash;
}

/* ---- the stored hashes ---- */

/* The file: a line that names the levels, then a line per seed with a hash for each. */
struct table {
    FILE *in;
    const struct cpu *level[LEVELS];
    uint64_t seed, hash[LEVELS];
};

static void open_table(struct table *t)
{
    char name[32];
    t->in = fopen("numerics/data/network_bits.txt", "r");
    assert_non_null(t->in);
    assert_int_equal(fscanf(t->in, "%31s", name), 1);
    for (uint32_t i = 0; i < LEVELS; i++) {
        assert_int_equal(fscanf(t->in, "%31s", name), 1);
        t->level[i] = cpu_find(name);
        assert_non_null(t->level[i]);
    }
}

static bool read_row(struct table *t)
{
    bool ok = fscanf(t->in, "%" SCNu64, &t->seed) == 1;
    for (uint32_t i = 0; ok && i < LEVELS; i++)
        ok = fscanf(t->in, "%" SCNx64, &t->hash[i]) == 1;
    return ok;
}

/* 1 if the network has other bits on a level, and says so. */
static int check_hash(const struct table *t, uint32_t level)
{
    uint64_t got = network_hash(t->seed, t->level[level]);
    if (got == t->hash[level])
        return 0;
    printf("seed %" PRIu64 ", %s: %016" PRIx64 " instead of %016" PRIx64 "\n", t->seed,
           t->level[level]->name, got, t->hash[level]);
    return 1;
}

/* Checks the rows FROM <= seed < TO on every level, or each on one level, the levels in turn.
 * Returns the number of differences; counts the comparisons. */
static int check_rows(uint64_t from, uint64_t to, bool every_level, uint32_t *compared)
{
    struct table t;
    int different = 0;
    open_table(&t);
    while (read_row(&t))
        for (uint32_t i = 0; i < LEVELS; i++) {
            bool wanted = every_level || t.seed % LEVELS == i;
            if (t.seed < from || t.seed >= to || !wanted || !ftmrt_cpu_supported(t.level[i]->name))
                continue;
            different += check_hash(&t, i);
            ++*compared;
        }
    fclose(t.in);
    return different;
}

static void print_table(uint64_t from, uint64_t to)
{
    printf("seed");
    for (uint32_t i = 0; i < LEVELS; i++)
        printf(" %s", cpu_at(i)->name);
    for (uint64_t seed = from; seed < to; seed++) {
        printf("\n%" PRIu64, seed);
        for (uint32_t i = 0; i < LEVELS; i++)
            printf(" %016" PRIx64, network_hash(seed, cpu_at(i)));
    }
    printf("\n");
}

static void test_stored_hashes(void **state)
{
    (void)state;
    uint32_t compared = 0;
    assert_int_equal(check_rows(1, CHECKED + 1, false, &compared), 0);
    assert_true(compared > 0);
}

int main(int argc, char **argv)
{
    if (argc == 4) {
        print_table(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
        return 0;
    }
    if (argc == 3) {
        uint32_t compared = 0;
        int different =
            check_rows(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10), true, &compared);
        printf("%u comparisons, %d differences\n", compared, different);
        return different > 0 || compared == 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stored_hashes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
