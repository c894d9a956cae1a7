/* link: ftm_support ftm_compiled ftm_codegen ftm_passes ftm_graph */
/* A program of two phases and two scopes, with its frozen prefixes cut off, compiled and run against the interpreter of
 * the program before any pass: a step of each phase moves what it trains and nothing else, the features follow what a
 * later phase has trained, the entry for a batch of 1 agrees with the batch's, and a group of parameters moves by its own
 * factors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiled_program.h"
#include "pass.h"
#include "random_values.h"
#include "text.h"

/* Two layers, of which the first trains in phase 1 only, and a teacher. Both scopes predict. */
#define FORWARD                                                                                    \
    "    %x = input {label = \"image\"} : f32[N, 3]\n"                                             \
    "    %a = state @a\n    %b = state @b\n    %c = state @c\n"                                    \
    "    %p = linear(%x, %a)\n    %q = relu(%p)\n    %r = linear(%q, %b)\n    %s = relu(%r)\n"     \
    "    %y = linear(%s, %c)\n"
#define STEP                                                                                       \
    FORWARD "    %l = input {label = \"label\"} : i32[N]\n"                                        \
            "    %lr = input {label = \"lr\"} : f32[]\n"                                           \
            "    %wd = input {label = \"weight_decay\"} : f32[]\n"                                 \
            "    %e = cross_entropy(%y, %l) {label_smoothing = 0}\n"                               \
            "    output \"loss\" = %e\n    output \"logits\" = %y\n  }\n"

static const char text[] =
    "program p batch 4 shards 2 {\n"
    "  state @a : f32[17, 3] parameter\n"
    "  state @b : f32[20, 17] parameter trainable phases [1]\n"
    "  state @c : f32[5, 20] parameter trainable group \"head\"\n"
    "  state @teacher/a : f32[5, 3] parameter\n"
    "  optimizer sgd\n"
    "    group \"head\" {lr = 3, weight_decay = 0}\n"
    "  func predict {\n" FORWARD "    output \"logits\" = %y\n  }\n"
    "  func predict.1 batch 1 {\n" FORWARD "    output \"logits\" = %y\n  }\n"
    "  func teacher scope \"teacher\" {\n    %x = input {label = \"image\"} : f32[N, 3]\n"
    "    %a = state @teacher/a\n    %y = linear(%x, %a)\n    output \"logits\" = %y\n  }\n"
    "  func train training {\n" STEP "  func train.1 training phase 1 {\n" STEP "}\n";

enum { MAX_BATCH = 4, CLASSES = 5, FEATURES = 20, MAX_VALUES = 8 };

struct fixture {
    struct arena arena;
    struct diag diag;
    struct interp *plain; /* of the program as written */
    struct interp *steps; /* of the program up to the backward pass */
    struct compiled_program c;
    float image[MAX_BATCH * 3], logits[MAX_BATCH * CLASSES], feature[2][MAX_BATCH * FEATURES], loss;
    int32_t label[MAX_BATCH];
    float lr, weight_decay;
};

static struct program *read_program(struct fixture *f)
{
    struct source *source = arena_new(&f->arena, struct source);
    *source = (struct source){.path = "p.ftg", .text = text, .size = strlen(text)};
    struct program *p = program_read(&f->arena, &f->diag, source);
    if (!p)
        diag_print(&f->diag, stderr);
    assert_non_null(p);
    return p;
}

static struct interp *interpreter(struct fixture *f, struct program *p)
{
    struct interp *in = interp_new(&f->arena, p);
    random_states(in, 3);
    return in;
}

static void build(struct fixture *f)
{
    *f = (struct fixture){.lr = 0.25F, .weight_decay = 0.01F};
    arena_init(&f->arena, "phases");
    diag_init(&f->diag, &f->arena);
    struct program *plain = read_program(f), *steps = read_program(f), *all = read_program(f);
    struct pass_options backward = {.stop_after = "backward", .verify = true},
                        whole = {.verify = true};
    all->cut_prefix = PREFIX_ALWAYS;
    assert_true(passes_run(steps, &backward) && passes_run(all, &whole));
    f->plain = interpreter(f, plain);
    f->steps = interpreter(f, steps);
    compiled_program_new(&f->c, &f->arena, all, interpreter(f, all), cpu_find("native"));
    for (int i = 0; i < MAX_BATCH * 3; i++)
        f->image[i] = (float)sin(1.7 * i);
    for (int i = 0; i < MAX_BATCH; i++)
        f->label[i] = (3 * i + 1) % CLASSES;
}

static void release(struct fixture *f)
{
    compiled_program_free(&f->c);
    arena_clear(&f->arena);
}

/* ---- running ---- */

/* The memory of a value, by its role and name. */
static void *memory(struct fixture *f, const struct ftmrt_value *v)
{
    switch ((enum ftmrt_role)v->role) {
    case FTMRT_ROLE_INPUT: return f->image;
    case FTMRT_ROLE_LABEL: return f->label;
    case FTMRT_ROLE_LOGITS: return f->logits;
    case FTMRT_ROLE_LOSS: return &f->loss;
    case FTMRT_ROLE_HYPER: return strcmp(v->name, "lr") == 0 ? &f->lr : &f->weight_decay;
    case FTMRT_ROLE_FEATURE: return f->feature[strcmp(v->name, "prefix.0") != 0];
    case FTMRT_ROLE_UNUSED:
    case FTMRT_ROLE_TEACHER:
    case FTMRT_ROLE_NONE:
    case FTMRT_ROLE_STEP:
    case FTMRT_ROLE_WEIGHT:
    case FTMRT_ROLE_CLASS_WEIGHT:
    case FTMRT_ROLE_COUNT: break;
    }
    fail_msg("a value %s of role %u", v->name, v->role);
    return NULL;
}

static void run(struct fixture *f, const struct ftmrt_entry *e, int64_t n)
{
    const void *inputs[MAX_VALUES];
    void *outputs[MAX_VALUES];
    assert_non_null(e);
    for (uint32_t i = 0; i < e->input_count; i++)
        inputs[i] = memory(f, &e->inputs[i]);
    for (uint32_t i = 0; i < e->output_count; i++)
        outputs[i] = memory(f, &e->outputs[i]);
    struct ftmrt_context context = {.workspace = f->c.workspace.at, .threads = 2};
    assert_int_equal(e->run(&context, inputs, outputs, n), FTMRT_OK);
}

static void run_kind(struct fixture *f, enum ftmrt_entry_kind kind, const char *scope,
                     uint32_t phase, int64_t n)
{
    const struct ftmrt_entry *e = ftmrt_entry_for(f->c.loaded, kind, scope, phase, n);
    assert_non_null(e);
    if (ftmrt_find_value(e->inputs, e->input_count, FTMRT_ROLE_FEATURE, NULL))
        run(f, ftmrt_entry_for(f->c.loaded, FTMRT_ENTRY_PREFIX, scope, phase, n), n);
    run(f, e, n);
}

/* The same by the interpreter; its logits are compared. */
static void compare(struct fixture *f, struct interp *in, const char *function, int64_t n)
{
    const struct graph *g = program_find_function(in->program, function);
    struct tensor inputs[MAX_VALUES], outputs[MAX_VALUES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *node = &g->nodes.at[i];
        if (node->dead || node->op != OP_input)
            continue;
        struct ftmrt_value v = {.name = node->attrs->label,
                                .role = (uint32_t)graph_input_role(node)};
        struct shape shape = node->type.shape;
        if (shape_batched(&shape))
            shape.dim[0] = n;
        int64_t size = shape_elements(&shape, n);
        struct tensor *t = &inputs[count++];
        *t = (struct tensor){.shape = shape, .data = arena_array(&f->arena, double, size)};
        for (int64_t k = 0; k < size; k++)
            t->data[k] = v.role == FTMRT_ROLE_LABEL ? (double)((int32_t *)memory(f, &v))[k]
                                                    : (double)((float *)memory(f, &v))[k];
    }
    interp_run(in, &f->arena, g, n, inputs, outputs, NULL);
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (strcmp(g->outputs.at[i].name, "logits") == 0)
            for (int64_t k = 0; k < n * CLASSES; k++)
                assert_true(fabs(outputs[i].data[k] - (double)f->logits[k]) < 1e-5);
}

/* Largest difference of a state between compiled program and interpreter. */
static double difference(struct fixture *f, const struct interp *in, const char *name)
{
    struct interp *got = interp_new(&f->arena, f->c.program);
    compiled_program_states(&f->c, got);
    const struct tensor *a = &got->states[program_find_state(f->c.program, name)],
                        *b = &in->states[program_find_state(in->program, name)];
    double worst = 0;
    for (int64_t i = 0; i < shape_elements(&a->shape, 1); i++)
        worst = fmax(worst, fabs(a->data[i] - b->data[i]));
    return worst;
}

static void check_states(struct fixture *f, const struct interp *in)
{
    static const char *const names[] = {"a", "b", "c", "teacher/a"};
    for (int i = 0; i < 4; i++)
        assert_true(difference(f, in, names[i]) < 1e-6);
}

/* ---- tests ---- */

static void test_phases(void **unused)
{
    (void)unused;
    struct fixture f;
    build(&f);
    run_kind(&f, FTMRT_ENTRY_TRAIN, NULL, 0, MAX_BATCH);
    compare(&f, f.steps, "train", MAX_BATCH);
    check_states(&f, f.steps);
    assert_true(difference(&f, f.plain, "b") == 0); /* trained in phase 1 only */
    assert_true(difference(&f, f.plain, "c") > 1e-4);
    run_kind(&f, FTMRT_ENTRY_TRAIN, NULL, 1, MAX_BATCH - 1);
    compare(&f, f.steps, "train.1", MAX_BATCH - 1);
    check_states(&f, f.steps);
    assert_true(difference(&f, f.plain, "b") > 1e-4);
    run_kind(&f, FTMRT_ENTRY_TRAIN, NULL, 0, MAX_BATCH); /* its features are those of the new b */
    compare(&f, f.steps, "train", MAX_BATCH);
    check_states(&f, f.steps);
    assert_true(difference(&f, f.plain, "a") == 0);
    release(&f);
}

static void test_scopes_and_sizes(void **unused)
{
    (void)unused;
    struct fixture f;
    build(&f);
    run_kind(&f, FTMRT_ENTRY_PREDICT, NULL, 0, MAX_BATCH);
    compare(&f, f.plain, "predict", MAX_BATCH);
    run_kind(&f, FTMRT_ENTRY_PREDICT, "teacher", 0, MAX_BATCH);
    compare(&f, f.plain, "teacher", MAX_BATCH);
    const struct ftmrt_entry *one = ftmrt_entry_for(f.c.loaded, FTMRT_ENTRY_PREDICT, NULL, 0, 1);
    assert_string_equal(one->name, "predict.1");
    run_kind(&f, FTMRT_ENTRY_PREDICT, NULL, 0, 1);
    compare(&f, f.plain, "predict", 1);
    struct ftmrt_context context = {.workspace = f.c.workspace.at};
    assert_int_equal(one->run(&context, NULL, NULL, 2), FTMRT_ERROR_ARGUMENT);
    release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases),
        cmocka_unit_test(test_scopes_and_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
