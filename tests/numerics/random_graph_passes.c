/* link: ftm_support ftm_passes ftm_graph */
/* For every pass: interpret(before) equals interpret(after), on random networks.
 *
 * Each network goes through all passes in order; around each one its three functions run on the
 * same inputs in double precision. Outputs must agree, and so must the states afterwards, except
 * across the passes that add the nodes which write states (decompose: running statistics, backward:
 * updates). `FROM TO` checks the networks of these seeds alone, FROM <= seed < TO. */
#include "optimizer.h"
#include "random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "net_builder.h"
#include "pass.h"
#include "random_values.h"
#include "verify.h"

enum { GRAPHS = 800, BATCH = 3, MAX_FUNCTIONS = 3, MAX_OUTPUTS = 4 };

static uint64_t first_seed = 1, end_seed = GRAPHS + 1;

/* Operations met in any network before or after any pass. */
static bool seen[OP_COUNT];

static void note_ops(const struct program *p)
{
    for (uint32_t f = 0; f < p->functions.len; f++) {
        const struct graph *g = p->functions.at[f];
        for (uint32_t i = 0; i < g->nodes.len; i++) {
            const struct node *n = &g->nodes.at[i];
            seen[n->op] |= !n->dead;
            for (uint32_t s = 0; !n->dead && s < n->step_count; s++)
                seen[n->steps[s].op] = true;
        }
    }
}

/* What a program computes: outputs and final states of each function. */
struct result {
    struct tensor outputs[MAX_FUNCTIONS][MAX_OUTPUTS];
    struct interp *in[MAX_FUNCTIONS];
};

static void interpret(struct arena *arena, const struct program *p, uint64_t seed, struct result *r)
{
    for (uint32_t f = 0; f < p->functions.len; f++) {
        const struct graph *g = p->functions.at[f];
        assert_true(f < MAX_FUNCTIONS && g->outputs.len <= MAX_OUTPUTS);
        r->in[f] = interp_new(arena, p);
        random_states(r->in[f], seed);
        interp_run(r->in[f], arena, g, BATCH, random_inputs(arena, g, BATCH, seed), r->outputs[f],
                   NULL);
    }
}

/* The largest distance between two results; the states of the first one's program are compared by
 * index. */
static double distance(const struct program *p, uint32_t states, const struct result *a,
                       const struct result *b)
{
    double most = 0;
    for (uint32_t f = 0; f < p->functions.len; f++) {
        for (uint32_t o = 0; o < p->functions.at[f]->outputs.len; o++)
            most = fmax(most, tensor_distance(&a->outputs[f][o], &b->outputs[f][o], 1));
        for (uint32_t s = 0; s < states; s++)
            most = fmax(most, tensor_distance(&a->in[f]->states[s], &b->in[f]->states[s], 1));
    }
    return most;
}

static void check_pass(struct arena *arena, struct program *p, enum pass_id pass, uint64_t seed)
{
    struct result before, after;
    uint32_t states = pass == PASS_decompose || pass == PASS_backward ? 0 : p->states.len;
    interpret(arena, p, seed, &before);
    struct pass_options options = {.only = pass_name(pass), .verify = true};
    if (!passes_run(p, &options))
        fail_msg("seed %llu: pass %s reports errors", (unsigned long long)seed, pass_name(pass));
    note_ops(p);
    interpret(arena, p, seed, &after);
    double d = distance(p, states, &before, &after);
    if (d > 1e-12)
        fail_msg("seed %llu: pass %s changes results by %.3g", (unsigned long long)seed,
                 pass_name(pass), d);
}

/* optimizer, loss: OP_input for the usual ones. */
static void check_graph(uint64_t seed, enum op optimizer, enum op loss)
{
    struct arena arena;
    struct diag diag;
    char text[512];
    struct random_graph_options options = random_graph_small();
    options.more = true;
    options.optimizer = optimizer;
    options.loss = loss;
    arena_init(&arena, "test");
    diag_init(&diag, &arena);
    struct program *p = random_graph(&arena, &diag, seed, &options);
    if (!program_verify(p, text, sizeof text))
        fail_msg("seed %llu: %s", (unsigned long long)seed, text);
    note_ops(p);
    for (int pass = 0; pass < PASS_COUNT; pass++)
        check_pass(&arena, p, (enum pass_id)pass, seed);
    arena_clear(&arena);
}

static enum op first_unseen(void)
{
    for (int op = 0; op < OP_COUNT; op++)
        if (!seen[op])
            return (enum op)op;
    return OP_COUNT;
}

static void test_passes_keep_results(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed; seed < end_seed; seed++)
        check_graph(seed, OP_input, OP_input);
}

static void test_every_loss_and_optimizer(void **state)
{
    (void)state;
    for (int op = 0; op < OP_COUNT; op++)
        for (uint64_t seed = 1; seed <= 5; seed++)
            if (optimizer_rule((enum op)op))
                check_graph(seed, (enum op)op, OP_input);
            else if (op_info((enum op)op)->cls == OP_CLASS_LOSS)
                check_graph(seed, OP_input, (enum op)op);
}

/* Runs after the networks: an op that none of them has would not have been checked. The rarest ops take some more. */
static void test_networks_have_every_op(void **state)
{
    (void)state;
    for (uint64_t seed = GRAPHS + 1; seed <= 4 * GRAPHS && first_unseen() != OP_COUNT; seed++)
        check_graph(seed, OP_input, OP_input);
    if (first_unseen() != OP_COUNT)
        fail_msg("no network has %s", op_info(first_unseen())->name);
}

/* The comparison itself: one changed node is seen. */
static void test_a_wrong_pass_is_caught(void **state)
{
    (void)state;
    struct arena arena;
    struct diag diag;
    struct result before, after;
    arena_init(&arena, "test");
    diag_init(&diag, &arena);
    struct program *p = program_new(&arena, &diag, "small", BATCH);
    struct graph *g = program_add_function(p, "predict", FTMRT_ENTRY_PREDICT);
    struct net_conv conv = {.out = 3, .kernel = {3, 3}, .padding = {1, 1, 1, 1}};
    value_id y =
        graph_op(g, OP_relu, NULL, net_conv2d(g, "conv", net_image(g, 2, 5, 5), &conv, false));
    graph_output(g, "logits", y);
    interpret(&arena, p, 1, &before);
    graph_node(g, y)->op = OP_relu6;
    interpret(&arena, p, 1, &after);
    assert_true(distance(p, p->states.len, &before, &after) == 0); /* no value is above 6 */
    value_id x = graph_node(g, y)->inputs[0];
    struct attrs moved = *graph_node(g, x)->attrs;
    moved.padding[0] = 0;
    moved.padding[2] = 2;
    graph_set_attrs(g, x, &moved);
    interpret(&arena, p, 1, &after);
    assert_true(distance(p, p->states.len, &before, &after) > 1e-3);
    arena_clear(&arena);
}

static int run_seeds(const char *from, const char *end)
{
    const struct CMUnitTest test[] = {cmocka_unit_test(test_passes_keep_results)};
    first_seed = strtoull(from, NULL, 10);
    end_seed = strtoull(end, NULL, 10);
    return cmocka_run_group_tests(test, NULL, NULL);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return run_seeds(argv[1], argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes_keep_results),
        cmocka_unit_test(test_every_loss_and_optimizer),
        cmocka_unit_test(test_networks_have_every_op),
        cmocka_unit_test(test_a_wrong_pass_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
