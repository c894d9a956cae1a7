/* link: ftm_passes ftm_graph ftm_base */
/* Every pass on random programs: the verifier holds after it, and interpret(before) equals
 * interpret(after), outputs and states. At the end the whole train function against finite
 * differences, and no frozen state has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "pass.h"
#include "random_program.h"
#include "verify.h"

enum { PROGRAMS = 200, BATCH = 3, FUNCTIONS = 3, MAX_OUTPUTS = 4 };

static bool (*const passes[])(struct pass_context *c) = {
#define FTM_PASS(name, meaning) pass_##name,
#include "passes.def"
#undef FTM_PASS
};

struct result {
    struct tensor outputs[FUNCTIONS][MAX_OUTPUTS];
    struct interp *after[FUNCTIONS]; /* states after each function */
};

static void interpret_all(struct arena *a, const struct program *p, struct result *r)
{
    for (uint32_t f = 0; f < FUNCTIONS; f++) {
        r->after[f] = interp_new(a, p);
        random_states(r->after[f]);
        random_run(r->after[f], a, p->functions.at[f], BATCH, r->outputs[f]);
    }
}

static double difference(const struct tensor *a, const struct tensor *b)
{
    double worst = 0;
    int64_t count = shape_elements(&a->shape, BATCH);
    assert_int_equal(count, shape_elements(&b->shape, BATCH));
    for (int64_t i = 0; i < count; i++) {
        double d = fabs(a->data[i] - b->data[i]) / (1 + fabs(a->data[i]));
        worst = d > worst || isnan(d) ? d : worst;
    }
    return worst;
}

static void compare(const struct program *p, const struct result *a, const struct result *b,
                    bool states, uint64_t seed, enum pass_id pass)
{
    for (uint32_t f = 0; f < FUNCTIONS; f++) {
        for (uint32_t o = 0; o < p->functions.at[f]->outputs.len; o++)
            if (!(difference(&a->outputs[f][o], &b->outputs[f][o]) < 1e-9))
                fail_msg("seed %llu: pass %s changes output %u of function %u by %g",
                         (unsigned long long)seed, pass_name(pass), o, f,
                         difference(&a->outputs[f][o], &b->outputs[f][o]));
        for (uint32_t s = 0; states && s < p->states.len; s++)
            if (!(difference(&a->after[f]->states[s], &b->after[f]->states[s]) < 1e-9))
                fail_msg("seed %llu: pass %s changes state %s", (unsigned long long)seed,
                         pass_name(pass), p->states.at[s].name);
    }
}

static void run_pass(struct program *p, enum pass_id id, uint64_t seed)
{
    struct arena scratch;
    arena_init(&scratch, "scratch");
    struct pass_context c = {.program = p, .scratch = &scratch};
    char text[1024];
    assert_true(passes[id](&c));
    arena_clear(&scratch);
    if (!program_verify(p, text, sizeof(text)))
        fail_msg("seed %llu after %s: %s", (unsigned long long)seed, pass_name(id), text);
}

static void keeps_meaning(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        struct arena a;
        struct diag d;
        arena_init(&a, "test");
        diag_init(&d, &a);
        struct program *p = random_program(&a, &d, seed, 2 + (int64_t)(seed % 15));
        struct result before, after;
        interpret_all(&a, p, &before);
        for (enum pass_id id = 0; id < PASS_COUNT; id++) {
            run_pass(p, id, seed);
            interpret_all(&a, p, &after);
            /* decompose and backward add updates that the program meant but did not spell out */
            compare(p, &before, &after, id != PASS_decompose && id != PASS_backward, seed, id);
            before = after;
        }
        arena_clear(&a);
    }
}

/* ---- gradients ------------------------------------------------------------------------ */

static double loss_of(struct arena *a, const struct program *p, uint32_t state, int64_t element,
                      double shift)
{
    struct graph *g = program_find_function(p, "train");
    struct interp *in = interp_new(a, p);
    struct tensor outputs[MAX_OUTPUTS];
    random_states(in);
    in->states[state].data[element] += shift;
    random_run(in, a, g, BATCH, outputs);
    return outputs[0].data[0];
}

/* The gradient as the step took it: lr 1, no decay, momentum 0. */
static struct interp *one_step(struct arena *a, const struct program *p)
{
    struct graph *g = program_find_function(p, "train");
    struct interp *in = interp_new(a, p);
    struct tensor inputs[8], outputs[MAX_OUTPUTS];
    random_states(in);
    random_inputs(a, g, BATCH, inputs);
    inputs[2].data[0] = 1;
    inputs[3].data[0] = 0;
    inputs[4].data[0] = 0;
    interp_run(in, a, g, BATCH, inputs, outputs, NULL);
    return in;
}

static void check_parameter(struct arena *a, const struct program *p, const struct interp *stepped,
                            uint32_t s, uint64_t seed)
{
    struct interp *start = interp_new(a, p);
    random_states(start);
    struct random_source r = {seed + s};
    int64_t count = shape_elements(&p->states.at[s].type.shape, 1);
    for (int k = 0; k < 2; k++) {
        int64_t e = random_below(&r, count);
        const double h = 1e-6;
        double numeric = (loss_of(a, p, s, e, h) - loss_of(a, p, s, e, -h)) / (2 * h);
        double taken = start->states[s].data[e] - stepped->states[s].data[e];
        if (!(fabs(numeric - taken) < 1e-5 * (1 + fabs(numeric))))
            fail_msg("seed %llu: gradient of %s[%lld] is %g, finite differences give %g",
                     (unsigned long long)seed, p->states.at[s].name, (long long)e, taken, numeric);
    }
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 100 + PROGRAMS / 2; seed++) {
        struct arena a;
        struct diag d;
        arena_init(&a, "test");
        diag_init(&d, &a);
        struct program *p = random_program(&a, &d, seed, 8);
        uint32_t states = p->states.len;
        for (enum pass_id id = 0; id < PASS_COUNT; id++)
            run_pass(p, id, seed);
        struct interp *stepped = one_step(&a, p), *start = interp_new(&a, p);
        random_states(start);
        for (uint32_t s = 0; s < states; s++) {
            if (p->states.at[s].trainable)
                check_parameter(&a, p, stepped, s, seed);
            else if (!p->states.at[s].mutable)
                assert_memory_equal(start->states[s].data, stepped->states[s].data,
                                    sizeof(double) *
                                        (size_t)shape_elements(&p->states.at[s].type.shape, 1));
        }
        arena_clear(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_meaning),
        cmocka_unit_test(gradients_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
