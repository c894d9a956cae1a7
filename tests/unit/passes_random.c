/* link: ftm_passes ftm_graph ftm_base */
/* Every pass on random programs: the verifier holds after it, and interpret(before) equals
 * interpret(after), outputs and states. At the end the whole train function against finite
 * differences, and no frozen state has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "optimizer.h"
#include "pass.h"
#include "random_program.h"
#include "verify.h"

enum { PROGRAMS = 200, BATCH = 3, FUNCTIONS = 3, MAX_OUTPUTS = 4 };

static bool (*const passes[])(struct pass_context *c) = {
#define FTM_PASS(name, kind, needs, gives, meaning) pass_##name,
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

/* What differs between two results, or NULL. */
static const char *compare(struct arena *a, const struct program *p, const struct result *x,
                           const struct result *y, bool states)
{
    for (uint32_t f = 0; f < FUNCTIONS; f++) {
        const struct graph *g = p->functions.at[f];
        for (uint32_t o = 0; o < g->outputs.len; o++)
            if (!(difference(&x->outputs[f][o], &y->outputs[f][o]) < 1e-9))
                return arena_printf(a, "output %s of %s by %g", g->outputs.at[o].name, g->name,
                                    difference(&x->outputs[f][o], &y->outputs[f][o]));
        for (uint32_t s = 0; states && s < p->states.len; s++)
            if (!(difference(&x->after[f]->states[s], &y->after[f]->states[s]) < 1e-9))
                return arena_printf(a, "state %s after %s", p->states.at[s].name, g->name);
    }
    return NULL;
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
            /* these two add updates that the program meant but did not spell out */
            bool states = id != PASS_decompose && id != PASS_backward;
            const char *what = compare(&a, p, &before, &after, states);
            if (what)
                fail_msg("seed %llu: %s changes %s", (unsigned long long)seed, pass_name(id), what);
            before = after;
        }
        arena_clear(&a);
    }
}

/* ---- gradients ---- */

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
    double lr = 1, none = 0;
    random_states(in);
    random_inputs(a, g, BATCH, inputs);
    inputs[2].data = &lr;
    inputs[3].data = &none;
    inputs[4].data = &none;
    interp_run(in, a, g, BATCH, inputs, outputs, NULL);
    return in;
}

/* Two elements of a parameter's gradient against finite differences: what is wrong, or NULL. */
static const char *check_parameter(struct arena *a, const struct program *p,
                                   const struct interp *stepped, uint32_t s, uint64_t seed)
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
            return arena_printf(a, "gradient of %s[%lld] is %g, finite differences give %g",
                                p->states.at[s].name, (long long)e, taken, numeric);
    }
    return NULL;
}

/* All parameters' gradients, and that frozen states keep every bit. */
static const char *check_step(struct arena *a, const struct program *p, uint64_t seed)
{
    struct interp *stepped = one_step(a, p), *start = interp_new(a, p);
    const char *what = NULL;
    random_states(start);
    for (uint32_t s = 0; s < p->states.len && !what; s++) {
        size_t bytes = sizeof(double) * (size_t)shape_elements(&p->states.at[s].type.shape, 1);
        if (p->states.at[s].trainable)
            what = check_parameter(a, p, stepped, s, seed);
        else if (!p->states.at[s].mutable &&
                 memcmp(start->states[s].data, stepped->states[s].data, bytes) != 0)
            what = arena_printf(a, "frozen %s has changed", p->states.at[s].name);
    }
    return what;
}

static struct program *compiled(struct arena *a, struct diag *d, uint64_t seed)
{
    arena_init(a, "test");
    diag_init(d, a);
    struct program *p = random_program(a, d, seed, 8);
    for (enum pass_id id = 0; id < PASS_COUNT; id++)
        run_pass(p, id, seed);
    return p;
}

static void gradients_are_right(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 100 + PROGRAMS / 2; seed++) {
        struct arena a;
        struct diag d;
        const char *what = check_step(&a, compiled(&a, &d, seed), seed);
        if (what)
            fail_msg("seed %llu: %s", (unsigned long long)seed, what);
        arena_clear(&a);
    }
}

/* ---- planted faults ---- */

static value_id last_of(const struct graph *g, enum op op)
{
    for (uint32_t i = g->nodes.len; i-- > 0;)
        if (g->nodes.at[i].op == op && !g->nodes.at[i].dead)
            return (value_id){i};
    return VALUE_NONE;
}

/* A rule that says x + b = x: the comparison must see it. */
static void wrong_rewrite_is_caught(void **state)
{
    (void)state;
    uint32_t planted = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct arena a;
        struct diag d;
        arena_init(&a, "test");
        diag_init(&d, &a);
        struct program *p = random_program(&a, &d, seed, 4);
        struct graph *g = program_find_function(p, "predict");
        value_id v = last_of(g, OP_bias_add);
        struct result before, after;
        interpret_all(&a, p, &before);
        if (value_valid(v)) {
            graph_replace_uses(g, v, graph_node(g, v)->inputs[0], VALUE_NONE);
            interpret_all(&a, p, &after);
            assert_non_null(compare(&a, p, &before, &after, true));
            planted++;
        }
        arena_clear(&a);
    }
    assert_true(planted > 5);
}

/* A gradient rule that counts one use twice: finite differences must see it. */
static void wrong_gradient_is_caught(void **state)
{
    (void)state;
    uint32_t planted = 0, found = 0;
    for (uint64_t seed = 200; seed < 220; seed++) {
        struct arena a;
        struct diag d;
        struct program *p = compiled(&a, &d, seed);
        struct graph *g = program_find_function(p, "train");
        value_id v = last_of(g, optimizer_op(&p->optimizer));
        assert_null(check_step(&a, p, seed));
        value_id gradient = graph_node(g, v)->inputs[0];
        value_id twice = graph_op(g, OP_add, NULL, gradient, gradient);
        graph_set_input(g, v, 0, twice);
        graph_sort(g);
        planted++;
        found += check_step(&a, p, seed) != NULL;
        arena_clear(&a);
    }
    assert_true(found * 4 >= planted * 3); /* two elements are looked at; both may be zero */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_meaning),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(wrong_rewrite_is_caught),
        cmocka_unit_test(wrong_gradient_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
