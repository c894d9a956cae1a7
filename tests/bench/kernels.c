/* Speed of single kernels against the machine's peak of multiply-adds.
 *
 *     kernels [-t THREADS] [-c LEVEL] [-b BATCH] [NAME...]
 *
 * Prints, for each convolution whose label contains one of the names (all, without names): GFLOP/s
 * of the nominal operations, the percentage of the measured peak (taps in the padding count, so
 * more than 100 % is possible), and milliseconds of CPU time to optimise it and to make its code.
 * The peak is a loop of independent multiply-adds on as many threads. With one thread the clock is
 * the CPU time, so that other work on the machine matters less. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel_run.h"
#include "machine.h"

struct layer {
    const char *name;
    int64_t in, out, size, kernel, stride, pad;
    bool depthwise, plain;
};

static const struct layer layers[] = {
    {"64@56", 64, 64, 56, 3, 1, 1, false, false},
    {"128@28", 128, 128, 28, 3, 1, 1, false, false},
    {"256@14", 256, 256, 14, 3, 1, 1, false, false},
    {"512@7", 512, 512, 7, 3, 1, 1, false, false},
    {"128@56s2", 64, 128, 56, 3, 2, 1, false, false},
    {"stem3@224s2", 3, 64, 224, 7, 2, 3, false, true},
    {"stem3@64s2", 3, 32, 64, 3, 2, 1, false, true},
    {"1x1:64-256@56", 64, 256, 56, 1, 1, 0, false, false},
    {"1x1:384-1536@14", 384, 1536, 14, 1, 1, 0, false, false},
    {"1x1:1536-384@14", 1536, 384, 14, 1, 1, 0, false, false},
    {"1x1:768-3072@7", 768, 3072, 7, 1, 1, 0, false, false},
    {"1x1:3072-768@7", 3072, 768, 7, 1, 1, 0, false, false},
    {"1x1:24-144@16", 24, 144, 16, 1, 1, 0, false, false},
    {"1x1:240-40@8", 240, 40, 8, 1, 1, 0, false, false},
    {"1x1:480-112@4", 480, 112, 4, 1, 1, 0, false, false},
    {"1x1:1152-192@2", 1152, 192, 2, 1, 1, 0, false, false},
    {"linear1280-1000", 1280, 1000, 1, 1, 1, 0, false, false},
    {"dw3:144@56", 144, 144, 56, 3, 1, 1, true, false},
    {"dw3:96@112s2", 96, 96, 112, 3, 2, 1, true, false},
    {"dw5:240@28", 240, 240, 28, 5, 1, 2, true, false},
    {"dw5:672@14", 672, 672, 14, 5, 1, 2, true, false},
    {"dw5:1152@7", 1152, 1152, 7, 5, 1, 2, true, false},
    {"dw3:96@32s2", 96, 96, 32, 3, 2, 1, true, false},
    {"dw5:672@4", 672, 672, 4, 5, 1, 2, true, false},
};
enum { LAYERS = sizeof layers / sizeof layers[0] };

enum direction { FORWARD, GRAD_INPUT, GRAD_WEIGHT, DIRECTIONS };
static const char *const direction_name[] = {"forward", "grad_input", "grad_weight"};

static struct ftmrt_context context; /* its threads: the option -t */

static double now(void)
{
    struct timespec t;
    clock_gettime(ftmrt_threads(&context) == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- peak ---- */

enum { PEAK_TURNS = 2000000 };

static void peak_unit(const struct ftmrt_task *task)
{
    for (int64_t u = task->begin; u < task->end; u++)
        machine_compute(MACHINE_FMA, (uint32_t)task->n, PEAK_TURNS);
}

/* FLOP/s of the level on the current threads: best of three. */
static double measure_peak(const struct cpu *cpu)
{
    double best = 0;
    for (int i = 0; i < 3; i++) {
        double start = now();
        const struct ftmrt_task task = {.context = &context, .n = cpu->lanes};
        ftmrt_parallel(peak_unit, &task, ftmrt_threads(&context));
        int64_t flops =
            (int64_t)ftmrt_threads(&context) * PEAK_TURNS * MACHINE_CHAINS * cpu->lanes * 2;
        double rate = (double)flops / (now() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

/* ---- one kernel ---- */

static int64_t out_size(const struct layer *l)
{
    return (l->size + 2 * l->pad - l->kernel) / l->stride + 1;
}

static struct kernel_case *make_case(struct kernel_run *r, const struct layer *l, enum direction d)
{
    struct kernel_case *c = kernel_case_new(r, l->name);
    struct attrs a = {.stride = {l->stride, l->stride},
                      .padding = {l->pad, l->pad, l->pad, l->pad},
                      .dilation = {1, 1},
                      .groups = l->depthwise ? l->in : 1,
                      .in_size = {l->size, l->size},
                      .kernel = {l->kernel, l->kernel}};
    struct shape w = shape_4d(l->out, l->depthwise ? 1 : l->in, l->kernel, l->kernel);
    struct shape x = shape_4d(DIM_BATCH, l->in, l->size, l->size);
    struct shape y = shape_4d(DIM_BATCH, l->out, out_size(l), out_size(l));
    enum ftmrt_layout blocked = FTMRT_LAYOUT_BLOCKED, depthwise = FTMRT_LAYOUT_DEPTHWISE;
    enum ftmrt_layout weights = l->depthwise      ? depthwise
                                : d == GRAD_INPUT ? FTMRT_LAYOUT_CONV_T
                                                  : FTMRT_LAYOUT_CONV;
    value_id in, second, node;
    if (d == GRAD_WEIGHT) {
        in = kernel_case_input(c, x, l->plain ? FTMRT_LAYOUT_PLAIN : blocked);
        second = kernel_case_input(c, y, blocked);
        node = graph_op(c->graph, OP_conv2d_grad_weight, &a, in, second);
        kernel_case_node(c, node, weights);
        return c;
    }
    in = kernel_case_input(c, d == FORWARD ? x : y,
                           d == FORWARD && l->plain ? FTMRT_LAYOUT_PLAIN : blocked);
    second = kernel_case_input(c, w, weights);
    node = d == FORWARD ? graph_op(c->graph, OP_conv2d, &a, in, second)
                        : graph_op(c->graph, OP_conv2d_grad_input, &a, in, second);
    kernel_case_node(c, node, blocked);
    return c;
}

static double flops_of(const struct layer *l, int64_t n)
{
    double out = (double)(out_size(l) * out_size(l) * l->out * n),
           per_group = l->depthwise ? 1 : (double)l->in;
    return 2 * out * per_group * (double)(l->kernel * l->kernel);
}

/* Median of the times of repeated runs, about a quarter of a second in all. */
static double time_case(struct kernel_case *c, int64_t n)
{
    enum { MOST = 200 };
    double times[MOST], all = 0;
    int count = 0;
    c->threads = context.threads;
    kernel_case_execute(c, n);
    while (count < MOST && (all < 0.25 || count < 3)) {
        double start = now();
        kernel_case_execute(c, n);
        times[count] = now() - start;
        all += times[count++];
    }
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && times[j] < times[j - 1]; j--) {
            double t = times[j];
            times[j] = times[j - 1];
            times[j - 1] = t;
        }
    return times[count / 2];
}

static void bench(const struct cpu *cpu, const struct layer *l, enum direction d, int64_t batch,
                  double peak)
{
    double emit = 0, codegen = 0;
    struct kernel_run *r = kernel_run_new(cpu, batch, 4);
    struct kernel_case *c = make_case(r, l, d);
    kernel_run_build(r, &emit, &codegen);
    kernel_case_prepare(c, batch);
    double seconds = time_case(c, batch), rate = flops_of(l, batch) / seconds;
    printf("%-18s %-12s %10.3f ms %8.1f GFLOP/s %6.1f %%   compile %4.0f + %.0f ms\n", l->name,
           direction_name[d], seconds * 1e3, rate * 1e-9, 100 * rate / peak, 1e3 * emit,
           1e3 * codegen);
    fflush(stdout);
    kernel_run_free(r);
}

static bool wanted(const struct layer *l, enum direction d, char **names, int count)
{
    char label[64];
    snprintf(label, sizeof label, "%s/%s", l->name, direction_name[d]);
    for (int i = 0; i < count; i++)
        if (strstr(label, names[i]))
            return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    const char *level = "native";
    int64_t batch = 8;
    for (int option; (option = getopt(argc, argv, "t:c:b:")) != -1;) {
        if (option == 't')
            context.threads = (int)strtol(optarg, NULL, 10);
        else if (option == 'c')
            level = optarg;
        else if (option == 'b')
            batch = strtoll(optarg, NULL, 10);
        else
            return 2;
    }
    const struct cpu *cpu = cpu_find(level);
    if (!cpu) {
        fprintf(stderr, "unknown level %s\n", level);
        return 2;
    }
    double peak = measure_peak(cpu);
    printf("%s, %d threads, batch %lld: peak %.1f GFLOP/s\n", cpu->name, ftmrt_threads(&context),
           (long long)batch, peak * 1e-9);
    for (int i = 0; i < LAYERS; i++)
        for (int d = 0; d < DIRECTIONS; d++)
            if (wanted(&layers[i], (enum direction)d, argv + optind, argc - optind))
                bench(cpu, &layers[i], (enum direction)d, batch, peak);
    return 0;
}
