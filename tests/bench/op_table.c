/* Every op, forward and in gradients, against what the machine can do: a row for each op, size and form.
 *
 *     op_table [-c LEVEL] [--op NAME]... [--below PERCENT] [--size NAME]
 *
 * A row has the time of one thread and the per cent of its roof, the longest of: the bytes that must move at the bandwidth that a
 * plain loop (read, write, copy or triad, whichever is nearest) reaches over as much memory; multiply-adds and other vector
 * instructions at the rate of independent multiply-adds; divisions and square roots at the rate of independent ones. These loops
 * run in turn with the kernel, and the per cent is the median over the turns: what slows the machine slows both. Time is CPU
 * time. Rows are sorted by per cent; --op is a part of names, --below leaves out what is above. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "op_work.h"

static const struct op_size sizes[] = {
    {"small", 4, 64, 16}, {"middle", 32, 40, 28}, {"large", 32, 64, 56}};
enum { SIZES = sizeof sizes / sizeof *sizes, MAX_ROWS = SIZES * OP_CASES_MAX, MAX_NAMES = 32 };

struct options {
    const struct cpu *cpu;
    const char *names[MAX_NAMES], *size;
    int name_count;
    double below;
};

struct row {
    char name[64];
    const char *size;
    bool gradient;
    char bound; /* what the roof is: see bounds */
    double seconds, percent;
    struct op_work work;
};

/* ---- one measurement ---- */

enum bound { BOUND_MEMORY, BOUND_FMA, BOUND_DIVIDE, BOUND_SQRT, BOUNDS };
static const char bound_letter[BOUNDS] = {'m', 'f', 'd', 's'};

enum { TURNS = 21, LINE = 12 * 1024 };
static const double least_sample = 150e-6; /* seconds */

/* A loop of the machine, and how long what the op needs takes in it. */
struct roof {
    enum machine_stream stream;
    struct guarded memory;
    size_t bytes;
    uint32_t lanes;
    double share[BOUNDS]; /* of one run of the loop that the op's work is */
};

enum { COMPUTE_TURNS = 4000 };

static enum machine_stream nearest_stream(const struct op_work *w)
{
    const double ratio = w->read / fmax(w->written, 1);
    return ratio < 0.5   ? MACHINE_WRITE
           : ratio < 1.5 ? MACHINE_COPY
           : ratio < 6   ? MACHINE_TRIAD
                         : MACHINE_READ;
}

static struct roof roof_new(const struct op_work *w, const struct cpu *cpu)
{
    const double bytes = w->read + w->written;
    const double chains = (double)COMPUTE_TURNS * MACHINE_CHAINS * cpu->lanes;
    struct roof r = {.stream = nearest_stream(w), .lanes = cpu->lanes};
    r.bytes = (size_t)fmax(1, round(bytes / LINE)) * LINE;
    r.memory = guarded_new(r.bytes);
    memset(r.memory.at, 0, r.bytes);
    r.share[BOUND_MEMORY] = bytes / (double)r.bytes;
    r.share[BOUND_FMA] = w->fmas / chains;
    r.share[BOUND_DIVIDE] = w->divisions / chains;
    r.share[BOUND_SQRT] = w->roots / chains;
    return r;
}

static void roof_run(struct roof *r, enum bound bound)
{
    static const enum machine_unit units[] = {
        [BOUND_FMA] = MACHINE_FMA, [BOUND_DIVIDE] = MACHINE_DIVIDE, [BOUND_SQRT] = MACHINE_SQRT};
    if (bound == BOUND_MEMORY)
        machine_stream(r->stream, r->lanes, r->memory.at, r->bytes);
    else
        machine_compute(units[bound], r->lanes, COMPUTE_TURNS);
}

/* Seconds that the op needs at least, by this turn's loops; *bound: what needs them. */
static double roof_seconds(struct roof *r, const int64_t repeats[BOUNDS], enum bound *bound)
{
    double most = 0;
    for (int b = 0; b < BOUNDS; b++) {
        if (r->share[b] == 0)
            continue;
        double start = machine_cpu_seconds();
        for (int64_t i = 0; i < repeats[b]; i++)
            roof_run(r, (enum bound)b);
        double seconds = (machine_cpu_seconds() - start) / (double)repeats[b] * r->share[b];
        if (seconds > most) {
            most = seconds;
            *bound = (enum bound)b;
        }
    }
    return most;
}

/* How often something is run for a sample that the clock can measure. */
static int64_t repeats_for(double seconds)
{
    return seconds > 0 && seconds < least_sample ? (int64_t)ceil(least_sample / seconds) : 1;
}

static void measure(struct row *row, struct kernel_case *k, int64_t n, const struct cpu *cpu)
{
    struct roof roof = roof_new(&row->work, cpu);
    double seconds[TURNS], percent[TURNS];
    int64_t repeats[BOUNDS] = {1, 1, 1, 1}, runs = 1;
    enum bound bound = BOUND_MEMORY;
    k->threads = 1;
    for (int turn = -1; turn < TURNS; turn++) {
        double start = machine_cpu_seconds();
        for (int64_t i = 0; i < runs; i++)
            kernel_case_execute(k, n);
        double own = (machine_cpu_seconds() - start) / (double)runs;
        double least = roof_seconds(&roof, repeats, &bound);
        if (turn < 0) { /* the first one warms up and says how often */
            runs = repeats_for(own);
            for (int b = 0; b < BOUNDS; b++)
                repeats[b] = repeats_for(least / fmax(roof.share[b], 1e-9));
            continue;
        }
        seconds[turn] = own;
        percent[turn] = 100 * least / own;
    }
    row->seconds = machine_median(seconds, TURNS);
    row->percent = machine_median(percent, TURNS);
    row->bound = bound_letter[bound];
    guarded_free(&roof.memory);
}

static struct row measure_case(const struct op_case *c, const struct op_size *s,
                               const struct cpu *cpu)
{
    enum { SHARDS = 4 };
    const int64_t n = op_case_images(c, s);
    struct row row = {.size = s->name, .gradient = c->gradient};
    struct kernel_run *r = kernel_run_new(cpu, n, SHARDS);
    struct kernel_case *k = op_case_new(r, c, s);
    snprintf(row.name, sizeof row.name, "%s", c->name);
    row.work = op_work(c, k, cpu, n);
    kernel_run_build(r, NULL, NULL);
    kernel_case_prepare(k, n);
    measure(&row, k, n, cpu);
    kernel_run_free(r);
    return row;
}

/* ---- the table ---- */

static bool wanted(const struct options *o, const char *name)
{
    for (int i = 0; i < o->name_count; i++)
        if (strstr(name, o->names[i]))
            return true;
    return o->name_count == 0;
}

static int by_percent(const void *a, const void *b)
{
    const double x = ((const struct row *)a)->percent, y = ((const struct row *)b)->percent;
    return (x > y) - (x < y);
}

static void print_row(const struct row *r)
{
    const double bytes = r->work.read + r->work.written;
    printf("| %-36s | %-8s | %-6s | %10.4f | %8.2f | %9.2f | %c | %5.0f |\n", r->name,
           r->gradient ? "gradient" : "forward", r->size, r->seconds * 1e3, bytes * 1e-6,
           r->work.fmas * 1e-6, r->bound, r->percent);
}

static uint32_t measure_all(const struct options *o, struct row rows[MAX_ROWS])
{
    static struct op_case cases[OP_CASES_MAX];
    const uint32_t count = op_cases(cases);
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        for (size_t s = 0; s < SIZES; s++) {
            if (!wanted(o, cases[i].name) || (o->size && strcmp(o->size, sizes[s].name) != 0))
                continue;
            rows[found++] = measure_case(&cases[i], &sizes[s], o->cpu);
        }
    return found;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {{"op", required_argument, NULL, 'o'},
                                          {"below", required_argument, NULL, 'b'},
                                          {"size", required_argument, NULL, 's'},
                                          {0}};
    const char *level = "native";
    for (int option; (option = getopt_long(argc, argv, "c:", known, NULL)) != -1;) {
        if (option == 'o' && o->name_count < MAX_NAMES)
            o->names[o->name_count++] = optarg;
        else if (option == 'b')
            o->below = strtod(optarg, NULL);
        else if (option == 's')
            o->size = optarg;
        else if (option == 'c')
            level = optarg;
        else
            return false;
    }
    o->cpu = cpu_find(level);
    return o->cpu && optind == argc;
}

int main(int argc, char **argv)
{
    static struct row rows[MAX_ROWS];
    struct options o = {.below = INFINITY};
    if (!read_options(&o, argc, argv)) {
        fprintf(stderr,
                "usage: op_table [-c LEVEL] [--op NAME]... [--below PERCENT] [--size NAME]\n");
        return 2;
    }
    const uint32_t count = measure_all(&o, rows);
    qsort(rows, count, sizeof *rows, by_percent);
    printf("| op | direction | size | ms | MB | million FMA | roof | %% "
           "|\n|---|---|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < count && rows[i].percent < o.below; i++)
        print_row(&rows[i]);
    return 0;
}
