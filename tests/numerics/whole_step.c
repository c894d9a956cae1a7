/* link: ftm_support ftm_compiled ftm_codegen ftm_passes ftm_graph */
/* A step in parts: a network with every kernel that adds up over the batch, whose images two contexts share in two threads.
 * Their hooks merge, and loss, statistics and gradients are those of the one call; they drop what it drops. Besides: each reduction meets the hook
 * exactly once, in order, and no other kernel does; the clock hears of every kernel; tasks say which images a call has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "compiled_program.h"
#include "facts.h"
#include "net_builder.h"
#include "pass.h"
#include "random_values.h"

enum { BATCH = 8, FIRST = 5, IMAGE = 3 * 6 * 6, CLASSES = 7, MAX_CALLS = 256, MAX_VALUES = 8 };

/* OP_div: cross entropy with class weights and a label that is ignored. */
static const enum op losses[] = {OP_cross_entropy, OP_mse, OP_div};

enum { LOSSES = sizeof losses / sizeof *losses };

static const float class_weight[CLASSES] = {1, 2, 0.5F, 3, 1.5F, 0.25F, 1};

struct fixture {
    struct arena arena;
    struct diag diag;
    struct compiled_program c;
    const struct ftmrt_entry *train;
    float image[BATCH * IMAGE];
    int32_t label[BATCH];
};

/* ---- the network ---- */

static value_id layers(struct graph *g, value_id x)
{
    const struct net_conv dense = {.out = 16, .kernel = {3, 3}, .padding = {1, 1, 1, 1}},
                          depthwise = {.out = 16, .kernel = {3, 3}, .groups = 16},
                          grouped = {.out = 16, .kernel = {3, 3}, .groups = 4}, wide = {.out = 128};
    const struct attrs few = {.p = 0.2, .layer = 1}, half = {.p = 0.5, .layer = 2};
    x = net_conv2d(g, "dense", x, &dense, true);
    x = graph_op(g, OP_relu, NULL, net_batch_norm(g, "norm", x, 1e-3, true, true));
    x = net_conv2d(g, "depthwise", x, &depthwise, true);
    x = graph_op(g, OP_relu, NULL, net_batch_norm(g, "frozen", x, 1e-3, true, false));
    x = net_bias(g, "grouped", net_conv2d(g, "grouped", x, &grouped, true), true);
    x = graph_op(g, OP_relu, NULL, net_conv2d(g, "wide", x, &wide, true));
    x = net_conv2d(g, "inside", x, &wide, true);
    x = graph_op(g, OP_relu, NULL, net_batch_norm(g, "last", x, 1e-3, true, true));
    x = graph_op(g, OP_drop_path, &few, x);
    x = graph_op(g, OP_layer_norm, &(struct attrs){.eps = 1e-3}, x,
                 net_parameter(g, "layer.weight", shape_1d(128), true),
                 net_parameter(g, "layer.bias", shape_1d(128), true));
    x = graph_op(g, OP_flatten, NULL, graph_op(g, OP_global_avg_pool, NULL, x));
    x = graph_op(g, OP_dropout, &half, x);
    return net_linear(g, "fc", x, CLASSES, true);
}

static void build(struct fixture *f, enum op loss)
{
    *f = (struct fixture){0};
    arena_init(&f->arena, "whole step");
    diag_init(&f->diag, &f->arena);
    struct program *p = program_new(&f->arena, &f->diag, "step", BATCH);
    p->shards = 2;
    p->optimizer = (struct optimizer){.op = OP_sgd_plain};
    struct graph *g = program_add_function(p, "train", FTMRT_ENTRY_TRAIN);
    value_id logits = layers(g, net_image(g, 3, 6, 6));
    if (loss == OP_div)
        net_weighted_loss(g, logits, &(struct attrs){.label_smoothing = 0.1, .ignore_index = 4});
    else
        net_loss_of(g, loss, logits, 0.1);
    assert_true(passes_run(p, &(struct pass_options){.verify = true}));
    struct interp *states = interp_new(&f->arena, p);
    random_states(states, 5);
    compiled_program_new(&f->c, &f->arena, p, states, cpu_find("native"));
    f->train = ftmrt_find_entry(f->c.loaded, "train");
    for (int i = 0; i < BATCH * IMAGE; i++)
        f->image[i] = (float)sin(0.37 * i * i + 1) + 0.1F * (float)(i / IMAGE);
    for (int i = 0; i < BATCH; i++)
        f->label[i] = (3 * i + 1) % CLASSES;
}

static void release(struct fixture *f)
{
    compiled_program_free(&f->c);
    arena_clear(&f->arena);
}

/* ---- running ---- */

/* A context with a workspace of its own, for the images from `first` on. */
struct part {
    const struct fixture *f;
    struct guarded workspace;
    struct ftmrt_context context;
    int64_t first, n;
    float loss, weight;
};

static void part_new(struct part *p, const struct fixture *f, int64_t first, int64_t n)
{
    const struct ftmrt_program *program = f->c.loaded;
    *p = (struct part){.f = f, .first = first, .n = n};
    p->workspace = guarded_new(ftmrt_workspace_bytes(program, 1));
    assert_int_equal(ftmrt_init_workspace(program, p->workspace.at, 1), FTMRT_OK);
    p->context = (struct ftmrt_context){.workspace = p->workspace.at,
                                        .threads = 1,
                                        .step_images = BATCH,
                                        .first_image = first,
                                        .seed = 8,
                                        .step = 3};
}

/* With a learning rate of 1 the change of a parameter is its gradient. */
static void part_run(struct part *p)
{
    static const float one = 1, zero = 0;
    const struct ftmrt_entry *e = p->f->train;
    float logits[BATCH * CLASSES];
    const void *inputs[MAX_VALUES];
    void *outputs[MAX_VALUES];
    for (uint32_t i = 0; i < e->input_count; i++) {
        const struct ftmrt_value *v = &e->inputs[i];
        const void *scalar = strcmp(v->name, "lr") == 0 ? &one : &zero;
        inputs[i] = v->role == FTMRT_ROLE_INPUT          ? p->f->image + p->first * IMAGE
                    : v->role == FTMRT_ROLE_LABEL        ? (const void *)(p->f->label + p->first)
                    : v->role == FTMRT_ROLE_CLASS_WEIGHT ? class_weight
                                                         : scalar;
    }
    for (uint32_t i = 0; i < e->output_count; i++)
        outputs[i] = e->outputs[i].role == FTMRT_ROLE_LOSS     ? &p->loss
                     : e->outputs[i].role == FTMRT_ROLE_WEIGHT ? &p->weight
                                                               : logits;
    if (e->run(&p->context, inputs, outputs, p->n) != FTMRT_OK)
        abort();
}

static void *run_thread(void *part)
{
    part_run(part);
    return NULL;
}

/* ---- merging ---- */

/* Where the two hooks meet: the second to come merges for both, part 0's with part 1's. */
struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t done;
    const struct ftmrt_partial *partial[2];
    uint32_t came, round;
};

struct guest {
    struct meeting *meeting;
    int side;
};

static void merge_both(enum ftmrt_merge_kind kind, const struct ftmrt_partial *const both[2])
{
    const size_t bytes = (size_t)both[0]->count * sizeof(float);
    struct ftmrt_partial merged = *both[0];
    ftmrt_merge_partial(kind, &merged, both[1]);
    if (both[0]->count != both[1]->count || merged.size != merged.step_size)
        abort(); /* not on the test's own thread */
    memcpy(both[1]->values, merged.values, bytes);
}

static void meet(void *user, enum ftmrt_merge_kind kind, const struct ftmrt_partial *partial)
{
    const struct guest *guest = user;
    struct meeting *m = guest->meeting;
    pthread_mutex_lock(&m->lock);
    const uint32_t round = m->round;
    m->partial[guest->side] = partial;
    if (++m->came == 2) {
        merge_both(kind, m->partial);
        m->came = 0;
        m->round++;
        pthread_cond_broadcast(&m->done);
    }
    while (m->round == round)
        pthread_cond_wait(&m->done, &m->lock);
    pthread_mutex_unlock(&m->lock);
}

static void run_together(struct part parts[2])
{
    struct meeting m = {.lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    struct guest guests[2] = {{&m, 0}, {&m, 1}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        parts[i].context.merge = meet;
        parts[i].context.merge_user = &guests[i];
        assert_int_equal(pthread_create(&threads[i], NULL, run_thread, &parts[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* ---- comparing ---- */

static float *state_of(const struct part *p, uint32_t i, size_t *count)
{
    const struct ftmrt_state *s = &p->f->c.loaded->states[i];
    *count = (size_t)ftmrt_elements(s->rank, s->dim);
    size_t bytes = *count * ftmrt_dtype_size((enum ftmrt_dtype)s->dtype);
    float *data = malloc(bytes);
    assert_int_equal(ftmrt_get_state(p->f->c.loaded, p->workspace.at, i, data, bytes), FTMRT_OK);
    return data;
}

/* max|a - b| / max|what the step changed|, of a state of floats. */
static double distance(const struct part *a, const struct part *b, const struct part *before,
                       uint32_t state)
{
    size_t count;
    float *x = state_of(a, state, &count), *y = state_of(b, state, &count),
          *start = state_of(before, state, &count);
    double error = 0, change = 0;
    for (size_t i = 0; i < count; i++) {
        error = fmax(error, fabs((double)x[i] - (double)y[i]));
        change = fmax(change, fabs((double)y[i] - (double)start[i]));
    }
    free(x);
    free(y);
    free(start);
    return change > 0 ? error / change : error;
}

static void test_parts_give_the_whole(void **unused)
{
    (void)unused;
    for (int l = 0; l < LOSSES; l++) {
        struct fixture f;
        struct part before, whole, parts[2];
        build(&f, losses[l]);
        part_new(&before, &f, 0, BATCH);
        part_new(&whole, &f, 0, BATCH);
        part_new(&parts[0], &f, 0, FIRST);
        part_new(&parts[1], &f, FIRST, BATCH - FIRST);
        part_run(&whole);
        run_together(parts);
        assert_true(fabs((double)(parts[0].loss - whole.loss)) < 2e-6 * (double)whole.loss);
        assert_true(fabs((double)(parts[0].weight - whole.weight)) <= 1e-6 * (double)whole.weight);
        assert_memory_equal(&parts[0].loss, &parts[1].loss, sizeof(float));
        assert_memory_equal(parts[0].workspace.at, parts[1].workspace.at,
                            f.c.schedule->states_size);
        for (uint32_t i = 0; i < f.c.loaded->state_count; i++) {
            const struct ftmrt_state *s = &f.c.loaded->states[i];
            if (s->dtype != FTMRT_F32)
                continue;
            double error = distance(&parts[0], &whole, &before, i);
            if (!(error < 1e-4))
                fail_msg("%s: %g of its change", s->name, error);
            if (!(s->flags & FTMRT_MUTABLE))
                continue;
            error = distance(&before, &whole, &before, i);
            if (!(error > 0.9)) /* it did change */
                fail_msg("%s is as it was", s->name);
        }
        struct part *all[] = {&before, &whole, &parts[0], &parts[1]};
        for (int i = 0; i < 4; i++)
            guarded_free(&all[i]->workspace);
        release(&f);
    }
}

/* ---- who meets the hook ---- */

struct record {
    uint32_t count, begun, ended, tasks;
    enum ftmrt_merge_kind kinds[MAX_CALLS];
    int64_t values[MAX_CALLS], sizes[MAX_CALLS];
    const char *kernels[MAX_CALLS];
};

static void note_merge(void *user, enum ftmrt_merge_kind kind, const struct ftmrt_partial *partial)
{
    struct record *r = user;
    if (r->count >= MAX_CALLS)
        abort();
    r->kinds[r->count] = kind;
    r->values[r->count] = partial->count;
    r->sizes[r->count++] = partial->size;
    assert_int_equal(partial->step_size * FIRST, partial->size * BATCH);
}

static void note_kernel(void *user, const char *kernel, int end)
{
    struct record *r = user;
    if (r->begun >= MAX_CALLS || r->ended >= MAX_CALLS)
        abort();
    if (end)
        assert_string_equal(kernel, r->kernels[r->ended++]);
    else
        r->kernels[r->begun++] = kernel;
    assert_int_equal(r->begun - r->ended, !end);
}

static void note_task(void *user, ftmrt_kernel *kernel, const struct ftmrt_task *task,
                      int64_t units)
{
    struct record *r = user;
    struct ftmrt_task all = *task;
    all.begin = 0;
    all.end = units;
    all.worker = 0;
    kernel(&all);
    assert_int_equal(task->n, FIRST);
    assert_int_equal(task->step_images, BATCH);
    assert_int_equal(task->first_image, 3);
    assert_int_equal(task->first_shard, 1);
    r->tasks++;
}

static void run_recorded(const struct fixture *f, struct record *r)
{
    struct part p;
    part_new(&p, f, 3, FIRST);
    p.context.first_shard = 1;
    p.context.merge = note_merge;
    p.context.clock = note_kernel;
    p.context.parallel = note_task;
    p.context.merge_user = p.context.clock_user = p.context.parallel_user = r;
    part_run(&p);
    guarded_free(&p.workspace);
}

/* The calls of the entry against what was recorded; marks the kernels that add up over the batch. */
static void check_record(const struct fixture *f, const struct record *r, bool *seen)
{
    const struct schedule_function *s = &f->c.schedule->functions.at[0];
    uint32_t merged = 0;
    assert_int_equal(r->ended, s->calls.len);
    assert_true(r->tasks >= s->calls.len);
    for (uint32_t i = 0; i < s->calls.len; i++) {
        const struct node *n = graph_node(s->graph, s->calls.at[i].node);
        assert_string_equal(r->kernels[i], f->c.schedule->kernels.at[s->calls.at[i].kernel].name);
        if (!kernel_reduces(s->graph, n) || op_info(n->op)->cls == OP_CLASS_EFFECT)
            continue;
        const struct shape *x = graph_shape(s->graph, n->inputs[0]);
        assert_true(merged < r->count);
        assert_int_equal(r->kinds[merged], kernel_merges(s->graph, n));
        assert_true(r->values[merged] >= shape_elements(&n->type.shape, 1));
        assert_int_equal(r->sizes[merged], FIRST * (x->rank == 4 ? x->dim[2] * x->dim[3] : 1));
        seen[kernel_of(s->graph, n)] = true;
        merged++;
    }
    assert_int_equal(merged, r->count);
}

static void test_every_reduction_meets_the_hook(void **unused)
{
    (void)unused;
    bool seen[KERNEL_COUNT] = {false};
    for (int l = 0; l < LOSSES; l++) {
        struct fixture f;
        struct record r = {0};
        build(&f, losses[l]);
        run_recorded(&f, &r);
        check_record(&f, &r, seen);
        release(&f);
    }
    for (int id = 0; id < KERNEL_COUNT; id++)
        if (seen[id] != (kernel_facts((enum kernel_id)id)->merges != FTMRT_MERGE_NONE))
            fail_msg("kernel %d of kernel.def: its facts and what was compiled here disagree", id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_give_the_whole),
        cmocka_unit_test(test_every_reduction_meets_the_hook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
