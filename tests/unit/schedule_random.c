/* link: ftm_schedule ftm_passes ftm_graph ftm_base */
/* The schedule of random programs: no call overwrites what a later one reads, the plan is the same
 * every time, and the checker that says so finds planted faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pass.h"
#include "random_program.h"
#include "schedule.h"

enum { PROGRAMS = 120 };

static struct program *prepared(struct arena *a, struct diag *d, uint64_t seed)
{
    arena_init(a, "test");
    diag_init(d, a);
    struct program *p = random_program(a, d, seed, 14);
    assert_true(passes_run(p, &(struct pass_options){.verify = true}));
    return p;
}

static void no_overlap(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        struct arena a;
        struct diag d;
        struct schedule *s = schedule_build(&a, prepared(&a, &d, seed));
        char text[512];
        assert_non_null(s);
        if (!schedule_check(s, text, sizeof(text)))
            fail_msg("seed %llu: %s", (unsigned long long)seed, text);
        arena_clear(&a);
    }
}

static char *text_of(const struct schedule *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    schedule_print(s, out);
    fclose(out);
    return text;
}

static void same_every_time(void **state)
{
    (void)state;
    struct arena a, b;
    struct diag d, e;
    char *first = text_of(schedule_build(&a, prepared(&a, &d, 3)));
    char *second = text_of(schedule_build(&b, prepared(&b, &e, 3)));
    assert_string_equal(first, second);
    free(first);
    free(second);
    arena_clear(&a);
    arena_clear(&b);
}

/* Puts the result of a call where an operand of a later call lies; the checker must object for at
 * least one pair, and accept the plan again afterwards. */
static void faults_are_found(void **state)
{
    (void)state;
    struct arena a;
    struct diag d;
    struct schedule *s = schedule_build(&a, prepared(&a, &d, 5));
    struct schedule_function *f = &s->functions.at[2];
    char text[512];
    uint32_t found = 0, planted = 0;
    for (uint32_t c = 1; c + 1 < f->calls.len; c++) {
        struct place kept = f->calls.at[c].out;
        const struct place *live = &f->calls.at[c].in[0];
        bool elementwise =
            op_info(graph_node(f->graph, f->calls.at[c].node)->op)->cls == OP_CLASS_ELEMWISE;
        if (kept.kind != PLACE_WORKSPACE || live->kind != PLACE_WORKSPACE ||
            live->offset < s->states_size || elementwise)
            continue;
        f->calls.at[c].out.offset = live->offset;
        planted++;
        found += !schedule_check(s, text, sizeof(text));
        f->calls.at[c].out = kept;
    }
    assert_true(planted > 0);
    assert_int_equal(found, planted);
    assert_true(schedule_check(s, text, sizeof(text)));
    arena_clear(&a);
}

static void equal_layers_share_kernels(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct arena a;
        struct diag d;
        struct schedule *s = schedule_build(&a, prepared(&a, &d, seed));
        uint32_t calls = 0;
        for (uint32_t f = 0; f < s->functions.len; f++)
            calls += s->functions.at[f].calls.len;
        assert_true(s->kernels.len < calls); /* predict and eval at least are alike */
        for (uint32_t i = 0; i < s->kernels.len; i++)
            for (uint32_t j = 0; j < i; j++)
                assert_string_not_equal(s->kernels.at[i].name, s->kernels.at[j].name);
        arena_clear(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_overlap),
        cmocka_unit_test(same_every_time),
        cmocka_unit_test(faults_are_found),
        cmocka_unit_test(equal_layers_share_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
