/* link: ftm_schedule ftm_passes ftm_support ftm_graph ftm_ops ftm_base */
/* Large programs: residual networks of 10,000 and 20,000 nodes through all passes and the schedule: the
 * smaller in half a second, the larger in at most 2.3 times that. Memory is printed.
 *
 * What is compared is the CPU time of this thread, over several runs of each size in turn. Work beside it adds, by caches and a
 * lower clock: to some runs, which the smallest of each size leave out, or to all for a while, which the median of the quotients
 * of neighbours does. Runs are added until the bounds hold by one of the two, and only what is too slow by both fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "net_builder.h"
#include "pass.h"
#include "schedule.h"
#include "verify.h"

#ifdef NDEBUG
enum { SIZE = 10000, LEAST_RUNS = 5, MOST_RUNS = 40 };
#else
enum { SIZE = 1000, LEAST_RUNS = 1, MOST_RUNS = 1 }; /* the schedule's own check is quadratic */
#endif

/* CPU time of this thread in seconds. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the network ---- */

static value_id conv_norm(struct graph *g, const char *name, value_id x, int64_t out,
                          int64_t kernel, bool trainable)
{
    int64_t pad = kernel / 2;
    struct net_conv c = {.out = out, .kernel = {kernel, kernel}, .padding = {pad, pad, pad, pad}};
    x = net_conv2d(g, arena_printf(g->program->arena, "%s.conv", name), x, &c, trainable);
    return net_batch_norm(g, arena_printf(g->program->arena, "%s.bn", name), x, 1e-5, trainable,
                          trainable);
}

/* Four blocks, then another number of channels: of each width come kernels of their own. */
static value_id block(struct graph *g, uint32_t number, value_id x, bool trainable)
{
    const char *name = arena_printf(g->program->arena, "block%u", number);
    int64_t channels = graph_shape(g, x)->dim[1];
    if (number % 4 == 3)
        return graph_op(g, OP_relu, NULL, conv_norm(g, name, x, 16 + number / 4, 1, trainable));
    const char *second = arena_printf(g->program->arena, "%s.second", name);
    value_id y = graph_op(g, OP_relu, NULL, conv_norm(g, name, x, channels, 3, trainable));
    y = graph_op(g, OP_add, NULL, conv_norm(g, second, y, channels, 3, trainable), x);
    return graph_op(g, OP_relu, NULL, y);
}

static void network(struct program *p, const char *name, uint32_t blocks, uint32_t frozen)
{
    struct graph *g = program_add_function(
        p, name, strcmp(name, "train") == 0 ? FTMRT_ENTRY_TRAIN : FTMRT_ENTRY_PREDICT);
    value_id x = net_image(g, 3, 8, 8);
    x = conv_norm(g, "stem", x, 16, 3, frozen == 0);
    for (uint32_t i = 0; i < blocks; i++)
        x = block(g, i, x, i >= frozen);
    x = graph_op(g, OP_global_avg_pool, NULL, x);
    net_loss(g, net_linear(g, "fc", graph_op(g, OP_flatten, NULL, x), 10, true), 0.1);
}

static uint32_t count_nodes(const struct program *p)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->functions.len; i++)
        count += p->functions.at[i]->nodes.len;
    return count;
}

static struct program *build(struct arena *a, struct diag *d, uint32_t blocks, uint32_t frozen)
{
    struct program *p = program_new(a, d, "deep", 4);
    p->optimizer = (struct optimizer){.op = OP_sgd, .values = {0.1, 0.9}};
    network(p, "eval", blocks, frozen);
    network(p, "train", blocks, frozen);
    return p;
}

/* The program with about so many nodes, of whose blocks all train or the upper half. */
static struct program *build_nodes(struct arena *a, struct diag *d, uint32_t nodes, bool all_train)
{
    uint32_t few = count_nodes(build(a, d, 40, 0)), more = count_nodes(build(a, d, 80, 0));
    uint32_t blocks = (uint32_t)((uint64_t)nodes * 40 / (more - few));
    return build(a, d, blocks, all_train ? 0 : blocks / 2);
}

/* ---- one measurement ---- */

struct measured {
    double passes, schedule, verify; /* CPU seconds */
    uint32_t nodes, last_nodes, calls, kernels;
    size_t bytes;
};

static struct measured measure(uint32_t nodes, bool all_train)
{
    struct arena a;
    struct diag d;
    struct measured m = {0};
    char text[256];
    arena_init(&a, "large");
    diag_init(&d, &a);
    struct program *p = build_nodes(&a, &d, nodes, all_train);
    m.nodes = count_nodes(p);
    size_t before = a.reserved;
    double start = now();
    assert_true(passes_run(p, &(struct pass_options){0}));
    double passed = now();
    const struct schedule *s = schedule_build(&a, p);
    double scheduled = now();
    assert_non_null(s);
    assert_true(program_verify(p, text, sizeof text));
    m.passes = passed - start;
    m.schedule = scheduled - passed;
    m.verify = now() - scheduled;
    m.last_nodes = count_nodes(p);
    m.kernels = s->kernels.len;
    for (uint32_t i = 0; i < s->functions.len; i++)
        m.calls += s->functions.at[i].calls.len;
    m.bytes = a.reserved - before;
    arena_clear(&a);
    return m;
}

static double seconds(const struct measured *m) { return m->passes + m->schedule; }

static void keep_least(struct measured *least, struct measured m)
{
    if (least->nodes == 0 || seconds(&m) < seconds(least))
        *least = m;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *ratios, int count)
{
    double sorted[MOST_RUNS];
    memcpy(sorted, ratios, (size_t)count * sizeof *ratios);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    return sorted[count / 2];
}

static bool within_bounds(const struct measured *one, double ratio)
{
    return seconds(one) < 0.5 && ratio <= 2.3;
}

static void print(const struct measured *m)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%u nodes: passes %.3f s, schedule %.3f s (%u nodes, %u calls, %u kernels), verifier "
           "%.3f s, %.1f MB, peak %.1f MB\n",
           m->nodes, m->passes, m->schedule, m->last_nodes, m->calls, m->kernels, m->verify,
           1e-6 * (double)m->bytes, 1e-3 * (double)usage.ru_maxrss);
}

static void time_grows_with_size(bool all_train)
{
    struct measured one = {0}, two = {0};
    double ratios[MOST_RUNS], ratio = 0;
    int runs = 0;
    while (runs < LEAST_RUNS || (runs < MOST_RUNS && !within_bounds(&one, ratio))) {
        const struct measured small = measure(SIZE, all_train),
                              large = measure(2 * SIZE, all_train);
        keep_least(&one, small);
        keep_least(&two, large);
        ratios[runs++] = seconds(&large) / seconds(&small);
        ratio = fmin(median(ratios, runs), seconds(&two) / seconds(&one));
    }
    print(&one);
    print(&two);
    printf("%.2f times the time for %.2f times the nodes, %d runs\n", ratio,
           (double)two.nodes / (double)one.nodes, runs);
    assert_in_range(one.nodes, SIZE * 8 / 10, SIZE * 11 / 10);
    assert_in_range(two.nodes, SIZE * 16 / 10, SIZE * 22 / 10);
#ifdef NDEBUG
    assert_true(within_bounds(&one, ratio));
#endif
}

static void all_train(void **state)
{
    (void)state;
    time_grows_with_size(true);
}

static void upper_half_trains(void **state)
{
    (void)state;
    time_grows_with_size(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_train),
                                       cmocka_unit_test(upper_half_trains)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
