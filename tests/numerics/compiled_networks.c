/* link: ftm_support ftm_compiled ftm_codegen ftm_passes ftm_graph */
/* The whole back end against the interpreter: random networks go through all passes, the schedule
 * and the target, are loaded, and run predict, eval and several training steps, with whole and
 * ragged batches.
 *
 * Compared are the outputs with the program before any pass, and what a step changes in the states
 * with the program up to the backward pass, both in double precision and from the same f32 states.
 * Besides: every bit is the same in a second run and with 2 and 3 threads; nothing outside the
 * workspace's own bytes and the outputs is touched (guard pages, margins); nothing is read that was
 * not written (arena and outputs are filled with NaNs before each call); states that no update
 * names keep their bits, and padding lanes stay zero; the constants in the blob are the interpreted
 * ones, packed. A network whose numbers leave what f32 can square, which the reference shows, is compared up to
 * there, and said to.
 *
 * Without arguments, some networks; `FROM TO [LEVEL]` runs the seeds FROM <= seed < TO, each in a
 * process of its own, and goes on after failures; `SEED` prints its program and schedule. */
#include "optimizer.h"
#include "random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiled_program.h"
#include "pass.h"
#include "random_values.h"
#include "text.h"

enum { NETWORKS = 20, STEPS = 3, MAX_VALUES = 16, NOISE_RUNS = 6 };

/* What rounding may change of a tensor, relative to its largest element. One step of these networks
 * in f32 moves results by about 1e-6. */
static const double tolerance = 1e-4;

/* Norms and losses square what they get: what is larger than this has no square in f32. */
static const double largest_square_root = 0x1p63;

struct network {
    uint64_t seed;
    enum op optimizer, loss; /* OP_input: sgd, cross_entropy */
    const struct cpu *cpu;
    struct arena arena;
    struct diag diag;
    struct interp *plain;     /* of the program before any pass */
    struct interp *reference; /* of the program up to the backward pass */
    struct compiled_program c;
    uint32_t compared, tolerated; /* tensors; those that only the simulated rounding explains */
    const char *left_range;       /* entry in which numbers got too large for f32, or NULL */
    char message[512];            /* of the first failure */
};

static bool wrong(struct network *w, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!w->message[0])
        snprintf(w->message, sizeof w->message, "seed %llu, %s: %s", (unsigned long long)w->seed,
                 w->cpu->name, text);
    return false;
}

/* ---- building ---- */

static struct program *make_program(struct network *w)
{
    return random_network_more(&w->arena, &w->diag, w->seed, w->optimizer, w->loss);
}

static struct interp *interpreter(struct network *w, struct program *p)
{
    struct interp *in = interp_new(&w->arena, p);
    random_states(in, w->seed);
    return in;
}

static bool build(struct network *w)
{
    arena_init(&w->arena, "network");
    diag_init(&w->diag, &w->arena);
    struct program *forward = make_program(w), *backward = make_program(w), *all = make_program(w);
    if (!passes_run(backward, &(struct pass_options){.stop_after = "backward", .verify = true}) ||
        !passes_run(all, &(struct pass_options){.verify = true}))
        return wrong(w, "the passes report errors");
    w->plain = interpreter(w, forward);
    w->reference = interpreter(w, backward);
    compiled_program_new(&w->c, &w->arena, all, interpreter(w, all), w->cpu);
    char text[300];
    return schedule_check(w->c.schedule, text, sizeof text) || wrong(w, "the schedule: %s", text);
}

static void release(struct network *w)
{
    compiled_program_free(&w->c);
    arena_clear(&w->arena);
}

/* ---- constants ---- */

/* Whether the blob holds an operand as the interpreter computes it. */
static bool check_constant(struct network *w, const struct node *n, const struct tensor *value,
                           const struct place *place)
{
    int64_t count = shape_elements(&value->shape, 1);
    int64_t packed = form_elements(n->form, &value->shape);
    float *plain = arena_array(&w->arena, float, count);
    float *want = arena_array(&w->arena, float, packed);
    for (int64_t i = 0; i < count; i++)
        plain[i] = (float)value->data[i];
    ftmrt_pack(n->form.layout, value->shape.rank, value->shape.dim, plain, want);
    const unsigned char *got = w->c.loaded->blob + w->c.descriptor->constants_at + place->offset;
    w->compared++;
    if (memcmp(got, want, (size_t)packed * sizeof(float)) != 0)
        return wrong(w, "constant of %s (%s) differs", n->name ? n->name : "?",
                     op_info(n->op)->name);
    return true;
}

static bool check_constants(struct network *w)
{
    const struct schedule *s = w->c.schedule;
    bool ok = true;
    for (uint32_t f = 0; f < s->functions.len; f++) {
        const struct graph *g = s->functions.at[f].graph;
        struct tensor outputs[MAX_VALUES], *values = NULL;
        interp_run(interpreter(w, w->c.program), &w->arena, g, 1,
                   random_inputs(&w->arena, g, 1, w->seed), outputs, &values);
        for (uint32_t c = 0; c < s->functions.at[f].calls.len; c++) {
            const struct call *call = &s->functions.at[f].calls.at[c];
            const struct node *n = graph_node(g, call->node);
            for (uint32_t i = 0; i < n->input_count; i++)
                if (call->in[i].kind == PLACE_BLOB)
                    ok &= check_constant(w, graph_node(g, n->inputs[i]), &values[n->inputs[i].i],
                                         &call->in[i]);
        }
    }
    return ok;
}

/* ---- running an entry ---- */

/* One call: what goes in, and the reference values of it. */
struct trial {
    const struct ftmrt_entry *entry;
    int64_t n;
    struct tensor *inputs;               /* by input node of the interpreted programs */
    struct guarded data[MAX_VALUES];     /* the same by input of the entry */
    unsigned char *before;               /* the workspace's states */
    struct tensor *start;                /* the states by index, as the interpreter has them */
    struct tensor reference[MAX_VALUES]; /* outputs of the program up to the backward pass */
    double *response; /* to simulated rounding: by output, then by state; or NULL */
};

/* What a call leaves behind. */
struct outcome {
    struct guarded outputs[MAX_VALUES];
    unsigned char *workspace;
};

static void vary(const struct network *w, const struct trial *t, const struct graph *g,
                 uint64_t seed)
{
    static const double scales[] = {1, 1, 1, 4}, lr[] = {0.05, 0.5}, momentum[] = {0.9, 0.9, 0},
                        decay[] = {0.01, 0, 0.3};
    struct tensor *next = t->inputs;
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->dead || n->op != OP_input)
            continue;
        struct tensor *x = next++;
        int64_t size = shape_elements(&x->shape, 1);
        if (strcmp(n->attrs->label, "lr") == 0)
            x->data[0] = (double)(float)lr[random_pick(seed, 10, 2)];
        else if (strcmp(n->attrs->label, "momentum") == 0)
            x->data[0] = (double)(float)momentum[random_pick(seed, 11, 3)];
        else if (strcmp(n->attrs->label, "weight_decay") == 0)
            x->data[0] = (double)(float)decay[random_pick(seed, 12, 3)];
        else if (n->type.dtype == FTMRT_F32 && shape_batched(&n->type.shape))
            for (int64_t k = 0; k < size; k++)
                x->data[k] *= scales[random_pick(w->seed, 13, 4)];
    }
}

/* Inputs of an entry in its own types, each right before a guard page. */
static void narrow_inputs(struct trial *t, const struct graph *g)
{
    for (uint32_t i = 0; i < t->entry->input_count; i++) {
        const struct ftmrt_value *v = &t->entry->inputs[i];
        value_id node = graph_find_input(g, v->name);
        uint32_t index = 0;
        for (uint32_t k = 0; k < node.i; k++)
            index += g->nodes.at[k].op == OP_input && !g->nodes.at[k].dead;
        size_t bytes = compiled_value_bytes(v, t->n);
        t->data[i] = guarded_new(bytes);
        for (size_t k = 0; k < bytes / 4; k++) {
            if (v->dtype == FTMRT_F32)
                ((float *)t->data[i].at)[k] = (float)t->inputs[index].data[k];
            else
                ((int32_t *)t->data[i].at)[k] = (int32_t)t->inputs[index].data[k];
        }
    }
}

static struct trial trial_new(struct network *w, const char *name, int64_t n, uint64_t seed)
{
    struct trial t = {.entry = ftmrt_find_entry(w->c.loaded, name), .n = n};
    const struct graph *g = program_find_function(w->plain->program, name);
    t.inputs = random_inputs(&w->arena, g, n, seed);
    vary(w, &t, g, seed);
    narrow_inputs(&t, g);
    t.before = arena_alloc(&w->arena, w->c.schedule->states_size);
    memcpy(t.before, w->c.workspace.at, w->c.schedule->states_size);
    struct interp *all = interp_new(&w->arena, w->c.program);
    compiled_program_states(&w->c, all);
    t.start = all->states;
    return t;
}

static void trial_free(struct trial *t)
{
    for (uint32_t i = 0; i < t->entry->input_count; i++)
        guarded_free(&t->data[i]);
}

/* Calls the entry from the states before it, over poisoned memory. */
static bool run_entry(struct network *w, const struct trial *t, int threads, struct outcome *out)
{
    const void *inputs[MAX_VALUES];
    void *outputs[MAX_VALUES];
    struct guarded *space = &w->c.workspace;
    for (uint32_t i = 0; i < t->entry->input_count; i++)
        inputs[i] = t->data[i].at;
    for (uint32_t i = 0; i < t->entry->output_count; i++) {
        out->outputs[i] = guarded_new(compiled_value_bytes(&t->entry->outputs[i], t->n));
        memset(out->outputs[i].at, 0xff, out->outputs[i].bytes);
        outputs[i] = out->outputs[i].at;
    }
    memcpy(space->at, t->before, w->c.schedule->states_size);
    compiled_program_poison(&w->c);
    if (compiled_program_run(&w->c, t->entry, inputs, outputs, t->n, threads) != FTMRT_OK)
        return wrong(w, "%s, n = %d: the entry fails", t->entry->name, (int)t->n);
    bool intact = guarded_intact(space);
    for (uint32_t i = 0; i < t->entry->output_count; i++)
        intact &= guarded_intact(&out->outputs[i]);
    if (!intact)
        return wrong(w, "%s, n = %d: writes before a buffer", t->entry->name, (int)t->n);
    out->workspace = malloc(space->bytes);
    memcpy(out->workspace, space->at, space->bytes);
    return true;
}

static void outcome_free(struct outcome *o)
{
    for (uint32_t i = 0; i < MAX_VALUES; i++)
        guarded_free(&o->outputs[i]);
    free(o->workspace);
}

static bool check_same(struct network *w, const struct trial *t, const struct outcome *a,
                       const struct outcome *b, int threads)
{
    bool same = memcmp(a->workspace, b->workspace, w->c.workspace.bytes) == 0;
    for (uint32_t i = 0; i < t->entry->output_count; i++)
        same &= memcmp(a->outputs[i].at, b->outputs[i].at, a->outputs[i].bytes) == 0;
    return same ||
           wrong(w, "%s, n = %d: other bits with %d threads", t->entry->name, (int)t->n, threads);
}

/* ---- comparing ---- */

/* The interpreter with values disturbed as f32 arithmetic would. */
struct noise {
    uint64_t run, counter;
};

/* What f32 may lose of a value however small it is: below 2^-126 it is flushed to zero, and the gradient of cross_entropy is
 * a difference of numbers up to 1, which leaves nothing of a probability that is nearer to 1 than that. */
static double absolute_noise(enum op op)
{
    return op == OP_cross_entropy_grad ? 0x1p-24 : 0x1p-126;
}

static void disturb(void *context, const struct node *n, struct tensor *value)
{
    static const enum op exact[] = {OP_relu,          OP_relu6,     OP_max_pool, OP_flatten,
                                    OP_reshape,       OP_split,     OP_part,     OP_relu_grad,
                                    OP_max_pool_grad, OP_relu6_grad};
    struct noise *noise = context;
    int64_t size = shape_elements(&value->shape, 1);
    double most = 0;
    const double least = absolute_noise(n->op);
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (n->op == exact[i])
            return;
    for (int64_t i = 0; i < size; i++)
        most = fmax(most, fabs(value->data[i]));
    for (int64_t i = 0; i < size; i++) {
        double u = 2 * ftmrt_uniform(noise->run, 5, noise->counter++, 2) - 1;
        if (value->data[i] != 0)
            value->data[i] += u * (2e-6 * (fabs(value->data[i]) + 0.1 * most) + least);
    }
}

static void set_states(struct interp *in, const struct tensor *from)
{
    for (uint32_t i = 0; i < in->program->states.len; i++)
        for (int64_t k = 0; k < shape_elements(&in->states[i].shape, 1); k++)
            in->states[i].data[k] = from[i].data[k];
}

static double difference(const struct tensor *a, const struct tensor *b)
{
    double most = 0;
    for (int64_t i = 0; i < shape_elements(&a->shape, 1); i++) {
        double x = a->data[i], y = b->data[i];
        if (isnan(x) || isnan(y))
            most = isnan(x) && isnan(y) ? most : (double)INFINITY;
        else if (x != y && !(isinf(x) && x == (double)(float)y)) /* what f32 makes infinite, too */
            most = fmax(most, fabs(x - y));
    }
    return most;
}

/* How far rounding may move outputs and states: the largest response in some disturbed runs. */
static void measure_response(struct network *w, struct trial *t)
{
    const struct graph *g = program_find_function(w->reference->program, t->entry->name);
    uint32_t count = g->outputs.len, states = w->reference->program->states.len;
    t->response = arena_array(&w->arena, double, count + states);
    for (uint64_t run = 1; run <= NOISE_RUNS; run++) {
        struct noise noise = {.run = run};
        struct interp *in = interp_new(&w->arena, w->reference->program);
        struct tensor got[MAX_VALUES];
        set_states(in, t->start);
        in->computed = disturb;
        in->context = &noise;
        interp_run(in, &w->arena, g, t->n, t->inputs, got, NULL);
        for (uint32_t i = 0; i < count; i++)
            t->response[i] = fmax(t->response[i], difference(&got[i], &t->reference[i]));
        for (uint32_t i = 0; i < states; i++)
            t->response[count + i] =
                fmax(t->response[count + i], difference(&in->states[i], &w->reference->states[i]));
    }
}

static double largest(const struct tensor *t)
{
    double most = 0;
    for (int64_t i = 0; i < shape_elements(&t->shape, 1); i++)
        most = fmax(most, fabs(t->data[i]));
    return most;
}

/* An f32 result as a tensor of the shape of what it should be. */
static struct tensor widened(struct network *w, const void *data, const struct tensor *like)
{
    int64_t size = shape_elements(&like->shape, 1);
    struct tensor t = {like->shape, arena_array(&w->arena, double, size)};
    for (int64_t i = 0; i < size; i++)
        t.data[i] = (double)((const float *)data)[i];
    return t;
}

/* A result and what it should be. */
struct pair {
    const char *name;
    uint32_t index; /* of the response */
    const struct tensor *got, *want;
    const struct tensor *base; /* what the change is counted from, or NULL */
};

/* What the arithmetic at the very end may do however large the change is: adding it to a state, or
 * the loss, which is a difference of numbers as large as logits. */
static double last_rounding(const struct trial *t, const struct pair *p)
{
    if (p->base)
        return 0x1p-22 * fmax(largest(p->base), largest(p->want));
    return p->want->shape.rank == 0 ? 0x1p-21 * (1 + largest(&t->reference[1])) : 0;
}

static bool check_close(struct network *w, struct trial *t, const struct pair *p)
{
    double off = difference(p->got, p->want);
    double rounding = last_rounding(t, p) + 0x1p-126; /* what is smaller is flushed to zero */
    double change = p->base ? difference(p->want, p->base) : largest(p->want);
    w->compared++;
    if (off <= tolerance * change + rounding)
        return true;
    if (!t->response)
        measure_response(w, t);
    w->tolerated++;
    if (off <= 4 * t->response[p->index] + rounding)
        return true;
    return wrong(w, "%s, n = %d: %s is off by %.3g of %.3g (rounding: %.3g)", t->entry->name,
                 (int)t->n, p->name, off, change, t->response[p->index]);
}

/* Called for each value of the reference. Infinities of an op's own, as log(0) has, are compared like any value. */
static void watch_range(void *context, const struct node *n, struct tensor *value)
{
    (void)n;
    bool *left = context;
    const double most = largest(value);
    *left |= isfinite(most) && most > largest_square_root;
}

static void interpret(struct network *w, struct trial *t, struct tensor *outputs)
{
    const struct graph *g = program_find_function(w->plain->program, t->entry->name);
    const struct graph *after = program_find_function(w->reference->program, t->entry->name);
    bool left = false;
    set_states(w->plain, t->start);
    interp_run(w->plain, &w->arena, g, t->n, t->inputs, outputs, NULL);
    set_states(w->reference, t->start);
    w->reference->computed = watch_range;
    w->reference->context = &left;
    interp_run(w->reference, &w->arena, after, t->n, t->inputs, t->reference, NULL);
    if (left)
        w->left_range = t->entry->name;
}

static bool check_outputs(struct network *w, struct trial *t, const struct outcome *o,
                          const struct tensor *want)
{
    const struct graph *g = program_find_function(w->plain->program, t->entry->name);
    bool ok = true;
    for (uint32_t i = 0; i < t->entry->output_count; i++) {
        if (!o->outputs[i].at)
            return wrong(w, "%s: no outputs", t->entry->name);
        struct tensor got = widened(w, o->outputs[i].at, &want[i]);
        struct pair pair = {t->entry->outputs[i].name, i, &got, &want[i], NULL};
        if (strcmp(pair.name, g->outputs.at[i].name) != 0)
            return wrong(w, "%s: outputs in another order", t->entry->name);
        ok &= check_close(w, t, &pair);
    }
    return ok;
}

static bool check_state(struct network *w, struct trial *t, uint32_t i)
{
    const struct ftmrt_state *s = &w->c.loaded->states[i];
    const struct tensor *want = &w->reference->states[i];
    size_t bytes =
        (size_t)shape_elements(&want->shape, 1) * ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
    void *data = arena_alloc(&w->arena, bytes);
    ftmrt_get_state(w->c.loaded, w->c.workspace.at, i, data, bytes);
    if (s->dtype != FTMRT_F32)
        return (double)*(int64_t *)data == want->data[0] || wrong(w, "%s is wrong", s->name);
    struct tensor got = widened(w, data, want);
    struct pair pair = {s->name, t->entry->output_count + i, &got, want, &t->start[i]};
    return check_close(w, t, &pair);
}

static bool check_results(struct network *w, struct trial *t, const struct outcome *o)
{
    struct tensor want[MAX_VALUES];
    interpret(w, t, want);
    if (w->left_range)
        return true;
    bool ok = check_outputs(w, t, o, want);
    for (uint32_t i = 0; i < w->reference->program->states.len; i++)
        ok &= check_state(w, t, i);
    return ok;
}

/* States that no effect of the function names. */
static bool check_untouched(struct network *w, const struct trial *t)
{
    const struct graph *g = program_find_function(w->reference->program, t->entry->name);
    bool *written = arena_array(&w->arena, bool, w->reference->program->states.len);
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        for (uint32_t k = 0; !n->dead && k < n->input_count; k++)
            if (op_info(n->op)->cls == OP_CLASS_EFFECT &&
                graph_node(g, n->inputs[k])->op == OP_state)
                written[graph_node(g, n->inputs[k])->attrs->state] = true;
    }
    for (uint32_t i = 0; i < w->c.loaded->state_count; i++) {
        const struct ftmrt_state *s = &w->c.loaded->states[i];
        size_t bytes = (size_t)ftmrt_layout_elements((enum ftmrt_layout)s->layout, s->layout_rank,
                                                     s->layout_dim) *
                       ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
        if (written[i] || !(s->flags & FTMRT_MUTABLE))
            continue;
        if (memcmp(t->before + s->offset, w->c.workspace.at + s->offset, bytes) != 0)
            return wrong(w, "%s changes %s", t->entry->name, s->name);
    }
    return true;
}

/* Unpacking and packing a state gives the same bytes: the padding lanes are zero. */
static bool check_padding(struct network *w, const struct trial *t)
{
    for (uint32_t i = 0; i < w->c.loaded->state_count; i++) {
        const struct ftmrt_state *s = &w->c.loaded->states[i];
        int64_t count = shape_elements(&t->start[i].shape, 1);
        int64_t packed =
            ftmrt_layout_elements((enum ftmrt_layout)s->layout, s->layout_rank, s->layout_dim);
        if (s->dtype != FTMRT_F32 || !(s->flags & FTMRT_MUTABLE))
            continue;
        const void *at = w->c.workspace.at + s->offset;
        const float *data = at;
        float *plain = arena_array(&w->arena, float, count);
        float *again = arena_array(&w->arena, float, packed);
        ftmrt_unpack((enum ftmrt_layout)s->layout, s->layout_rank, s->layout_dim, data, plain);
        ftmrt_pack((enum ftmrt_layout)s->layout, s->layout_rank, s->layout_dim, plain, again);
        for (int64_t k = 0; k < packed; k++)
            if (data[k] != again[k] && !isnan(again[k]))
                return wrong(w, "%s, n = %d: padding of %s is %g", t->entry->name, (int)t->n,
                             s->name, (double)data[k]);
    }
    return true;
}

/* Two runs with 1 thread, one with 2 and with 3, and the comparison; the states stay changed. Behind a run whose numbers left
 * the range there is nothing to compare. */
static bool check_entry(struct network *w, const char *name, int64_t n, uint64_t seed)
{
    static const int threads[] = {3, 2, 1};
    if (w->left_range)
        return true;
    struct trial t = trial_new(w, name, n, seed);
    struct outcome first = {0};
    bool ok = run_entry(w, &t, 1, &first);
    for (int i = 0; ok && i < 3; i++) {
        struct outcome other = {0};
        ok = run_entry(w, &t, threads[i], &other) && check_same(w, &t, &first, &other, threads[i]);
        outcome_free(&other);
    }
    ok = ok && check_results(w, &t, &first) && check_untouched(w, &t) &&
         (w->left_range || check_padding(w, &t));
    outcome_free(&first);
    trial_free(&t);
    return ok;
}

static bool check_sizes_refused(struct network *w)
{
    const struct ftmrt_entry *e = ftmrt_find_entry(w->c.loaded, "predict");
    int64_t max = w->c.loaded->max_batch;
    struct ftmrt_context context = {.workspace = w->c.workspace.at};
    return (e->run(&context, NULL, NULL, 0) == FTMRT_ERROR_ARGUMENT &&
            e->run(&context, NULL, NULL, max + 1) == FTMRT_ERROR_ARGUMENT) ||
           wrong(w, "a batch of a wrong size is not refused");
}

static bool check_network(struct network *w)
{
    if (!build(w))
        return false;
    int64_t max = w->c.loaded->max_batch,
            some = 1 + (int64_t)random_pick(w->seed, 20, (uint64_t)max);
    bool ok = check_constants(w) && check_sizes_refused(w) &&
              check_entry(w, "predict", max, w->seed) && check_entry(w, "eval", some, w->seed + 1);
    for (int step = 0; ok && step < STEPS; step++)
        ok = check_entry(w, "train",
                         step == 0   ? max
                         : step == 1 ? some
                                     : 1,
                         w->seed + 10 + (uint64_t)step);
    return ok && check_entry(w, "eval", max, w->seed + 2) &&
           check_entry(w, "predict", some, w->seed + 3);
}

/* ---- the tests ---- */

static void test_networks(void **state)
{
    (void)state;
    uint32_t compared = 0, tolerated = 0, left = 0;
    for (uint64_t seed = 1; seed <= NETWORKS; seed++) {
        struct network w = {.seed = seed, .cpu = cpu_at((uint32_t)(seed % cpu_count()))};
        if (!ftmrt_cpu_supported(w.cpu->name))
            w.cpu = cpu_find("native");
        bool ok = check_network(&w);
        release(&w);
        if (!ok)
            fail_msg("%s", w.message);
        compared += w.compared;
        tolerated += w.tolerated;
        left += w.left_range != NULL;
    }
    assert_true(tolerated <= compared / 10);
    assert_true(left <= NETWORKS / 10);
}

/* Networks that train with an optimizer or a loss of their own. */
static void check_with(enum op optimizer, enum op loss)
{
    enum op op = optimizer ? optimizer : loss;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct network w = {
            .seed = 1000 + seed, .optimizer = optimizer, .loss = loss, .cpu = cpu_find("native")};
        bool ok = check_network(&w);
        release(&w);
        if (!ok)
            fail_msg("%s: %s", op_info(op)->name, w.message);
    }
}

/* The networks above train with sgd, with momentum and without. */
static void test_optimizers(void **state)
{
    (void)state;
    for (int op = 0; op < OP_COUNT; op++)
        if (optimizer_rule((enum op)op) && op != OP_sgd && op != OP_sgd_plain)
            check_with((enum op)op, OP_input);
}

/* And with cross entropy. */
static void test_losses(void **state)
{
    (void)state;
    for (int op = 0; op < OP_COUNT; op++)
        if (op_info((enum op)op)->cls == OP_CLASS_LOSS)
            check_with(OP_input, (enum op)op);
}

/* The first number of the head's bias, where it is trained: every output has it. NULL: there is none. */
static float *head_bias(const struct network *w, const struct trial *t)
{
    for (uint32_t i = 0; i < w->c.loaded->state_count; i++) {
        const struct ftmrt_state *s = &w->c.loaded->states[i];
        void *at = t->before + s->offset;
        if ((s->flags & FTMRT_TRAINABLE) && strcmp(s->name, "head.bias") == 0)
            return at;
    }
    return NULL;
}

/* Whether the network has such a bias; then a change of it that the interpreter does not know of has to be seen. */
static bool check_wrong_bias(uint64_t seed)
{
    struct network w = {.seed = seed, .cpu = cpu_find("native")};
    assert_true(build(&w));
    struct trial t = trial_new(&w, "train", 1, 1);
    float *bias = head_bias(&w, &t);
    const bool found = bias != NULL;
    if (found) {
        struct outcome o = {0};
        *bias += 0.01F;
        assert_true(run_entry(&w, &t, 1, &o));
        assert_false(check_results(&w, &t, &o));
        outcome_free(&o);
    }
    trial_free(&t);
    release(&w);
    return found;
}

/* The comparison itself. */
static void test_a_wrong_program_is_caught(void **state)
{
    (void)state;
    uint64_t seed = 3;
    while (!check_wrong_bias(seed))
        seed++;
}

/* In a process of its own: a crash is a result like any other. */
static bool run_seed(uint64_t seed, const struct cpu *cpu)
{
    pid_t child = fork();
    if (child == 0) {
        struct network w = {.seed = seed, .cpu = cpu};
        bool ok = check_network(&w);
        if (ok)
            printf("seed %llu, %s: %u tensors, %u tolerated%s%s\n", (unsigned long long)seed,
                   cpu->name, w.compared, w.tolerated,
                   w.left_range ? ", numbers too large for f32 from here: " : "",
                   w.left_range ? w.left_range : "");
        else
            printf("FAILED %s\n", w.message);
        fflush(stdout);
        release(&w);
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!ok)
        printf("FAILED seed %llu, %s: status 0x%x\n", (unsigned long long)seed, cpu->name,
               (unsigned)status);
    fflush(stdout);
    return ok;
}

static int run_seeds(uint64_t from, uint64_t to, const char *level)
{
    int failures = 0;
    for (uint64_t seed = from; seed < to; seed++)
        for (uint32_t i = 0; i < cpu_count(); i++) {
            const struct cpu *cpu = cpu_at(i);
            if (ftmrt_cpu_supported(cpu->name) && (!level || strcmp(level, cpu->name) == 0))
                failures += !run_seed(seed, cpu);
        }
    printf("%d failures\n", failures);
    return failures > 0;
}

static void print_seed(uint64_t seed)
{
    struct network w = {.seed = seed, .cpu = cpu_find("native")};
    if (build(&w)) {
        program_print(w.c.program, stdout);
        schedule_print(w.c.schedule, stdout);
    }
    release(&w);
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        print_seed(strtoull(argv[1], NULL, 10));
        return 0;
    }
    if (argc >= 3)
        return run_seeds(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10),
                         argc > 3 ? argv[3] : NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_optimizers),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_a_wrong_program_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
