#include "kernel_run.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "emit.h"
#include "facts.h"
#include "link_shared.h"
#include "query.h"

struct kernel_run {
    struct arena arena;
    struct diag diag;
    const struct cpu *cpu;
    struct program *program;
    struct kernel_case *first, **last;
    struct ir *ir;
    void *library;
    uint32_t count;
    uint64_t random;
};

#define FAIL(c, ...)                                                                               \
    (fprintf(stderr, "%s [%s]: ", (c)->label, (c)->run->cpu->name), fprintf(stderr, __VA_ARGS__),  \
     fputc('\n', stderr), exit(1))

/* ---- building the cases ---- */

struct kernel_run *kernel_run_new(const struct cpu *cpu, int64_t max_batch, int64_t shards)
{
    struct kernel_run *r = calloc(1, sizeof *r);
    arena_init(&r->arena, "kernel_run");
    diag_init(&r->diag, &r->arena);
    r->cpu = cpu;
    r->program = program_new(&r->arena, &r->diag, "test", max_batch);
    r->program->shards = shards;
    r->last = &r->first;
    r->ir = ir_new("kernels", cpu, IR_SPEED);
    r->random = 1;
    return r;
}

void kernel_run_free(struct kernel_run *r)
{
    for (struct kernel_case *c = r->first; c; c = c->next)
        for (uint32_t i = 0; i < KERNEL_RUN_OPERANDS + 2; i++)
            guarded_free(&c->memory[i]);
    if (r->library)
        dlclose(r->library);
    ir_free(r->ir);
    arena_clear(&r->arena);
    free(r);
}

struct kernel_case *kernel_case_new(struct kernel_run *r, const char *label)
{
    struct kernel_case *c = arena_new(&r->arena, struct kernel_case);
    c->run = r;
    c->label = arena_strdup(&r->arena, label);
    c->graph = program_add_function(r->program, arena_printf(&r->arena, "f%u", r->count++),
                                    FTMRT_ENTRY_TRAIN);
    c->classes = 2;
    *r->last = c;
    r->last = &c->next;
    return c;
}

value_id kernel_case_input_of(struct kernel_case *c, struct type type, enum ftmrt_layout layout)
{
    const char *name = arena_printf(&c->run->arena, "x%u", c->graph->nodes.len);
    value_id v = graph_input(c->graph, name, type);
    graph_node(c->graph, v)->form.layout = layout;
    return v;
}

value_id kernel_case_input(struct kernel_case *c, struct shape shape, enum ftmrt_layout layout)
{
    return kernel_case_input_of(c, (struct type){FTMRT_F32, shape}, layout);
}

value_id kernel_case_state(struct kernel_case *c, struct type type, enum ftmrt_layout layout)
{
    struct program *p = c->run->program;
    struct state s = {
        .name = arena_printf(p->arena, "s%u", p->states.len),
        .type = type,
        .file_shape = type.shape,
        .form = {.layout = layout},
        .trainable = true,
        .mutable = true,
        .source = -1,
    };
    value_id v = graph_state(c->graph, program_add_state(p, s));
    graph_node(c->graph, v)->form.layout = layout;
    return v;
}

void kernel_case_node(struct kernel_case *c, value_id node, enum ftmrt_layout layout)
{
    if (!value_valid(node)) {
        diag_print(&c->run->diag, stderr);
        FAIL(c, "the graph has a shape error");
    }
    c->node = node;
    graph_node(c->graph, node)->form.layout = layout;
}

void kernel_case_narrow(struct kernel_case *c, value_id v)
{
    graph_node(c->graph, v)->form.stored = FTMRT_BF16;
}

void kernel_case_step(struct kernel_case *c, enum op op, const struct attrs *attrs,
                      const value_id *extra, uint32_t extra_count)
{
    struct node n = *graph_node(c->graph, c->node);
    value_id *inputs = arena_array(&c->run->arena, value_id, n.input_count + extra_count);
    struct step *steps = arena_array(&c->run->arena, struct step, n.step_count + 1);
    memcpy(inputs, n.inputs, n.input_count * sizeof *inputs);
    for (uint32_t i = 0; i < extra_count; i++)
        inputs[n.input_count + i] = extra[i];
    for (uint32_t i = 0; i < n.step_count; i++)
        steps[i] = n.steps[i];
    steps[n.step_count++] = (struct step){.op = op, .extra = extra_count, .attrs = attrs};
    n.input_count += extra_count;
    n.inputs = inputs;
    n.steps = steps;
    graph_set_node(c->graph, c->node, &n);
}

/* ---- compiling ---- */

/* CPU time in seconds. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why ? why : "failed");
    exit(1);
}

/* Compiled programs hide their kernels; here they are looked up by name. */
static void make_visible(struct ir *ir)
{
    for (LLVMValueRef f = LLVMGetFirstFunction(ir->module); f; f = LLVMGetNextFunction(f))
        if (!LLVMIsDeclaration(f))
            LLVMSetVisibility(f, LLVMDefaultVisibility);
}

static void load_library(struct kernel_run *r, const char *folder)
{
    char object[256], path[256];
    snprintf(object, sizeof object, "%s/k.o", folder);
    snprintf(path, sizeof path, "%s/k.so", folder);
    if (!link_shared(path, (const char *const[]){object}, 1))
        die(path, "linking failed");
    r->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!r->library)
        die(path, dlerror());
    unlink(path);
    unlink(object);
    rmdir(folder);
}

static ftmrt_kernel *find_function(const struct kernel_case *c, const char *name)
{
    ftmrt_kernel *found;
    *(void **)&found = dlsym(c->run->library, name);
    if (!found)
        FAIL(c, "no symbol %s", name);
    return found;
}

static void find_phases(struct kernel_case *c)
{
    const struct node *n = graph_node(c->graph, c->node);
    const struct kernel_family *family = kernel_family(c->graph, n);
    uint32_t phases = family->phases(c->graph, n, c->run->cpu);
    char name[64];
    for (uint32_t p = 0; p < phases; p++) {
        snprintf(name, sizeof name, p ? "%s.%u" : "%s", c->graph->name, p);
        c->phase[p] = find_function(c, name);
    }
    snprintf(name, sizeof name, "%s.finish", c->graph->name);
    c->finish = family->finish ? find_function(c, name) : NULL;
}

void kernel_run_build(struct kernel_run *r, double *emit_seconds, double *codegen_seconds)
{
    char folder[] = "/tmp/ftm-kernels-XXXXXX", path[64], *error = NULL;
    if (!mkdtemp(folder))
        die("mkdtemp", NULL);
    double start = now();
    for (struct kernel_case *c = r->first; c; c = c->next)
        kernel_emit(r->ir, c->graph, c->node, c->graph->name, &r->arena, &c->asked);
    make_visible(r->ir);
    if (!ir_optimize(r->ir, &error))
        die("optimise", error);
    double middle = now();
    const char *listing = getenv("FTM_KERNEL_ASM"); /* a file to write the assembly to */
    if (listing && !ir_write_assembly(r->ir, listing, &error))
        die("write assembly", error);
    snprintf(path, sizeof path, "%s/k.o", folder);
    if (!ir_write_object(r->ir, path, &error))
        die("write object", error);
    double end = now();
    if (emit_seconds)
        *emit_seconds += middle - start;
    if (codegen_seconds)
        *codegen_seconds += end - middle;
    load_library(r, folder);
    for (struct kernel_case *c = r->first; c; c = c->next)
        find_phases(c);
}

/* ---- data ---- */

static double uniform(struct kernel_run *r)
{
    r->random = r->random * 6364136223846793005U + 1442695040888963407U;
    return (double)(r->random >> 11) * 0x1p-52 - 1.0;
}

static struct shape actual(struct shape s, int64_t n)
{
    if (shape_batched(&s))
        s.dim[0] = n;
    return s;
}

static struct tensor tensor_new(struct arena *a, struct shape s, int64_t n)
{
    struct tensor t = {.shape = actual(s, n)};
    t.data = arena_array(a, double, shape_elements(&t.shape, n));
    return t;
}

static bool is_integer(const struct node *v) { return v->type.dtype != FTMRT_F32; }

/* The nearest bf16, of two the even one; of a denormal 0: in f32, whose lower half is 0. */
static float rounded(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    if (!isnormal(v))
        return isfinite(v) ? copysignf(0, v) : v;
    const uint32_t below = bits & 0xffff0000U, above = below + 0x10000U, half = bits - below;
    const bool up = half > 0x8000U || (half == 0x8000U && (below >> 16 & 1U));
    float near;
    memcpy(&near, up ? &above : &below, sizeof near);
    return near;
}

static bool is_narrow(const struct node *v) { return v->form.stored == FTMRT_BF16; }

/* A number as the f32 or bf16 that holds a value's elements. */
static float stored(const struct node *v, double number)
{
    return is_narrow(v) ? rounded((float)number) : (float)number;
}

static struct tensor operand_tensor(struct kernel_case *c, struct arena *a, uint32_t i, int64_t n)
{
    const struct node *v = graph_node(c->graph, graph_node(c->graph, c->node)->inputs[i]);
    struct tensor t = tensor_new(a, v->type.shape, n);
    int64_t count = shape_elements(&t.shape, n);
    for (int64_t k = 0; k < count; k++) {
        double u = uniform(c->run);
        t.data[k] = is_integer(v) ? floor((u + 1) / 2 * (double)c->classes) : (double)(float)u;
        if (v->op == OP_constant)
            t.data[k] = v->attrs->value;
    }
    if (c->fill)
        c->fill(c, i, &t);
    for (int64_t k = 0; k < count; k++)
        t.data[k] = is_integer(v) ? t.data[k] : (double)stored(v, t.data[k]);
    return t;
}

/* Elements of a value at the maximum batch and at n in its layout, in bytes. */
static size_t value_bytes(const struct kernel_case *c, const struct node *v, int64_t n)
{
    struct shape s = actual(v->type.shape, n);
    if (node_parts(c->graph, v)) /* of the function's greatest batch */
        return form_value_bytes(c->graph, v);
    return form_bytes(v->form, &s);
}

static void *aligned(size_t bytes)
{
    size_t size = (bytes + 127) / 64 * 64;
    void *p = aligned_alloc(64, size);
    if (!p)
        die("memory", NULL);
    memset(p, 0xff, size); /* NaN */
    return p;
}

/* A buffer of a case, all NaNs, between a margin and a guard page. */
static void new_buffer(struct kernel_case *c, uint32_t i, size_t bytes)
{
    guarded_free(&c->memory[i]);
    c->memory[i] = guarded_new(bytes);
    c->buffers[i] = memset(c->memory[i].at, 0xff, bytes);
}

static void pack_integers(const struct node *v, const struct tensor *t, void *dst)
{
    int64_t count = shape_elements(&t->shape, 1);
    for (int64_t i = 0; i < count; i++) {
        if (v->type.dtype == FTMRT_I64)
            ((int64_t *)dst)[i] = (int64_t)t->data[i];
        else
            ((int32_t *)dst)[i] = (int32_t)t->data[i];
    }
}

/* Elements of a value in memory, between what they are stored as and f32. */
static void widen(const struct node *v, const void *memory, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = is_narrow(v) ? (uint32_t)((const uint16_t *)memory)[i] << 16
                                           : ((const uint32_t *)memory)[i];
        memcpy(&out[i], &bits, sizeof bits);
    }
}

static void narrow(const struct node *v, const float *in, size_t count, void *memory)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &in[i], sizeof bits);
        if (is_narrow(v))
            ((uint16_t *)memory)[i] = (uint16_t)(bits >> 16);
        else
            ((uint32_t *)memory)[i] = bits;
    }
}

static void pack(const struct node *v, const struct tensor *t, void *dst)
{
    if (is_integer(v)) {
        pack_integers(v, t, dst);
        return;
    }
    int64_t count = shape_elements(&t->shape, 1), packed = form_elements(v->form, &t->shape);
    float *rows = malloc((size_t)(count + packed) * sizeof *rows);
    for (int64_t i = 0; i < count; i++)
        rows[i] = (float)t->data[i];
    ftmrt_pack(v->form.layout, t->shape.rank, t->shape.dim, rows, rows + count);
    narrow(v, rows + count, (size_t)packed, dst);
    free(rows);
}

static void prepare(struct kernel_case *c, struct arena *a, int64_t n, struct tensor *in)
{
    const struct node *node = graph_node(c->graph, c->node);
    int64_t max = c->run->program->max_batch;
    for (uint32_t i = 0; i < node->input_count; i++) {
        const struct node *v = graph_node(c->graph, node->inputs[i]);
        in[i] = operand_tensor(c, a, i, n);
        new_buffer(c, i, value_bytes(c, v, max));
        pack(v, &in[i], c->buffers[i]);
    }
    uint64_t scratch = kernel_scratch_bytes(c->graph, node);
    uint32_t result = node->input_count;
    new_buffer(c, result, value_bytes(c, node, max));
    guarded_free(&c->memory[result + 1]);
    c->buffers[result + 1] = NULL;
    if (scratch)
        new_buffer(c, result + 1, (size_t)scratch);
}

/* ---- the reference ---- */

/* Of kernels that draw random numbers: some that need all their bits. */
static const struct draw_keys draw_keys = {
    .seed = UINT64_C(0xfedcba9876543210), .step = INT64_C(0x123456789), .first_image = 5};

static void reference_op(struct kernel_case *c, enum op op, const struct attrs *attrs,
                         const struct tensor *in, struct tensor *out, struct tensor **state,
                         int64_t n)
{
    struct eval e = {.graph = c->graph,
                     .attrs = attrs,
                     .in = in,
                     .out = *out,
                     .state = state,
                     .n = n,
                     .keys = draw_keys};
    op_info(op)->eval(&e);
}

/* Evaluates the node and its steps; in[] of states are overwritten with their new values. */
static struct tensor reference(struct kernel_case *c, struct arena *a, int64_t n, struct tensor *in)
{
    const struct node *node = graph_node(c->graph, c->node);
    uint32_t own = node->input_count;
    for (uint32_t s = 0; s < node->step_count; s++)
        own -= node->steps[s].extra;
    struct tensor out = tensor_new(a, node->type.shape, n);
    struct tensor written[KERNEL_RUN_OPERANDS], *state[KERNEL_RUN_OPERANDS] = {0};
    for (uint32_t i = 0; i < own; i++) {
        written[i] = in[i];
        if (!in[i].data || graph_node(c->graph, node->inputs[i])->op != OP_state)
            continue;
        size_t bytes = (size_t)shape_elements(&in[i].shape, n) * sizeof(double);
        written[i].data = memcpy(arena_alloc(a, bytes), in[i].data, bytes);
        state[i] = &written[i];
    }
    reference_op(c, node->op, node->attrs, in, &out, state, n);
    for (uint32_t s = 0, extra = own; s < node->step_count; extra += node->steps[s].extra, s++) {
        struct tensor operands[KERNEL_RUN_OPERANDS] = {out};
        for (uint32_t i = 0; i < node->steps[s].extra; i++)
            operands[1 + i] = in[extra + i];
        out = tensor_new(a, node->type.shape, n);
        reference_op(c, node->steps[s].op, node->steps[s].attrs, operands, &out, NULL, n);
    }
    for (uint32_t i = 0; i < own; i++)
        if (state[i])
            in[i] = written[i];
    return out;
}

/* ---- checks ---- */

void kernel_case_execute(struct kernel_case *c, int64_t n)
{
    const struct node *node = graph_node(c->graph, c->node);
    const struct kernel_family *family = kernel_family(c->graph, node);
    uint32_t phases = family->phases(c->graph, node, c->run->cpu);
    struct ftmrt_context context = {
        .threads = c->threads, .seed = draw_keys.seed, .step = draw_keys.step};
    kernel_numbers numbers = kernel_call_numbers(&c->run->arena, c->graph, node, &c->asked);
    c->buffers[node->input_count + 2] = numbers.at;
    const struct ftmrt_task task = {.context = &context,
                                    .buffers = c->buffers,
                                    .n = n,
                                    .step_images = n,
                                    .first_image = draw_keys.first_image};
    for (uint32_t p = 0; p < phases; p++) {
        struct kernel_units u = family->units(c->graph, node, c->run->cpu, p);
        int64_t units = u.fixed + (u.per_group ? u.per_group * ((n + u.images - 1) / u.images) : 0);
        ftmrt_parallel(c->phase[p], &task, units);
    }
    if (c->finish)
        ftmrt_parallel(c->finish, &task, 1);
}

void kernel_case_prepare(struct kernel_case *c, int64_t n)
{
    struct arena a;
    struct tensor in[KERNEL_RUN_OPERANDS];
    arena_init(&a, "prepare");
    prepare(c, &a, n, in);
    arena_clear(&a);
}

/* Compares a value in memory with its reference; checks padding and the part past image n. */
static double compare(struct kernel_case *c, const struct node *v, const void *memory,
                      const struct tensor *want, int64_t n)
{
    int64_t count = shape_elements(&want->shape, n);
    if (is_integer(v)) {
        for (int64_t i = 0; i < count; i++) {
            double got = v->type.dtype == FTMRT_I64 ? (double)((const int64_t *)memory)[i]
                                                    : (double)((const int32_t *)memory)[i];
            if (got != want->data[i])
                FAIL(c, "element %lld is %g, not %g", (long long)i, got, want->data[i]);
        }
        return 0;
    }
    const size_t packed = (size_t)form_elements(v->form, &want->shape);
    float *rows = malloc((size_t)count * sizeof *rows), *got = malloc(2 * packed * sizeof *got),
          *again = got + packed;
    widen(v, memory, packed, got);
    ftmrt_unpack(v->form.layout, want->shape.rank, want->shape.dim, got, rows);
    double error = 0, size = 0;
    for (int64_t i = 0; i < count; i++) {
        const double expected = is_narrow(v) ? (double)stored(v, want->data[i]) : want->data[i];
        double d = fabs((double)rows[i] - expected);
        if (isfinite(expected))
            size = fmax(size, fabs(expected));
        const bool equal = (double)rows[i] == expected;
        const bool beyond = isinf(rows[i]) && rows[i] == (float)expected;
        if (equal || beyond || (isnan(rows[i]) && isnan(expected)))
            continue; /* infinities, what f32 makes infinite, and NaN, too */
        if (!(d <= 1e30))
            FAIL(c, "element %lld is %g, not %g (n = %lld)", (long long)i, (double)rows[i],
                 expected, (long long)n);
        error = d > error ? d : error;
    }
    size_t used = value_bytes(c, v, n), all = value_bytes(c, v, c->run->program->max_batch);
    ftmrt_pack(v->form.layout, want->shape.rank, want->shape.dim, rows, again);
    for (size_t i = 0; i < packed; i++)
        if (!(got[i] == again[i] || isnan(again[i])))
            FAIL(c, "padding lane %zu of the result is %g (n = %lld)", i, (double)got[i],
                 (long long)n);
    for (size_t i = used; i < all; i++)
        if (((const unsigned char *)memory)[i] != 0xff)
            FAIL(c, "byte %zu past image %lld was written", i, (long long)n);
    free(got);
    free(rows);
    return size > 0 ? error / size : error;
}

/* The same for each of several results, which are packed image by image in their reference. */
static double compare_parts(struct kernel_case *c, const struct node *v, const void *memory,
                            const struct tensor *want, int64_t n)
{
    uint32_t parts = node_parts(c->graph, v);
    double worst = 0;
    for (uint32_t i = 0; i < parts; i++) {
        struct type type = node_part(c->graph, v, i);
        struct node part = {.op = OP_part, .type = type, .form = v->form};
        struct attrs index = {.index = i};
        struct tensor out = tensor_new(&c->run->arena, type.shape, n);
        struct eval e = {
            .graph = c->graph, .attrs = &index, .inputs = &c->node, .in = want, .out = out, .n = n};
        op_info(OP_part)->eval(&e);
        const char *at = (const char *)memory + form_part_offset(c->graph, v, i);
        worst = fmax(worst, compare(c, &part, at, &out, n));
    }
    return worst;
}

/* Results of a node: the value itself, or the states that an EFFECT writes. */
static bool is_result(const struct kernel_case *c, uint32_t buffer)
{
    const struct node *node = graph_node(c->graph, c->node);
    bool effect = op_info(node->op)->cls == OP_CLASS_EFFECT;
    if (buffer == node->input_count)
        return !effect;
    return effect && graph_node(c->graph, node->inputs[buffer])->op == OP_state;
}

static const struct node *buffer_value(const struct kernel_case *c, uint32_t buffer)
{
    const struct node *node = graph_node(c->graph, c->node);
    return buffer < node->input_count ? graph_node(c->graph, node->inputs[buffer]) : node;
}

static void *copy_of_buffer(const struct kernel_case *c, uint32_t i)
{
    size_t bytes = value_bytes(c, buffer_value(c, i), c->run->program->max_batch);
    if (!c->buffers[i])
        die("buffer", NULL);
    return memcpy(aligned(bytes), c->buffers[i], bytes);
}

/* Runs from the same operands with 1, 2 and 3 threads; the results stay those of the last run. */
static void run_threads(struct kernel_case *c, int64_t n)
{
    const uint32_t count = graph_node(c->graph, c->node)->input_count + 1;
    const int64_t max = c->run->program->max_batch;
    void *original[KERNEL_RUN_OPERANDS + 1], *first[KERNEL_RUN_OPERANDS + 1];
    for (uint32_t i = 0; i < count; i++)
        original[i] = copy_of_buffer(c, i);
    for (int threads = 1; threads <= 3; threads++) {
        c->threads = threads;
        for (uint32_t i = 0; i < count; i++)
            memcpy(c->buffers[i], original[i], value_bytes(c, buffer_value(c, i), max));
        kernel_case_execute(c, n);
        for (uint32_t i = 0; threads == 1 && i < count; i++)
            first[i] = copy_of_buffer(c, i);
        for (uint32_t i = 0; i <= count; i++)
            if (!guarded_intact(&c->memory[i]))
                FAIL(c, "something was written before buffer %u (n = %lld)", i, (long long)n);
        for (uint32_t i = 0; i < count; i++) {
            size_t bytes = value_bytes(c, buffer_value(c, i), max);
            if (memcmp(first[i], c->buffers[i], bytes) != 0)
                FAIL(c, "%d threads give other bits than one in buffer %u (n = %lld)", threads, i,
                     (long long)n);
            if (!is_result(c, i) && memcmp(original[i], c->buffers[i], bytes) != 0)
                FAIL(c, "operand %u was overwritten (n = %lld)", i, (long long)n);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        free(original[i]);
        free(first[i]);
    }
}

double kernel_case_check(struct kernel_case *c, int64_t n)
{
    struct arena a;
    struct tensor in[KERNEL_RUN_OPERANDS] = {0};
    arena_init(&a, "check");
    prepare(c, &a, n, in);
    run_threads(c, n);
    struct tensor out = reference(c, &a, n, in);
    const struct node *node = graph_node(c->graph, c->node);
    double worst = 0;
    for (uint32_t i = 0; i <= node->input_count; i++) {
        if (!is_result(c, i))
            continue;
        const struct node *v = buffer_value(c, i);
        const struct tensor *want = i < node->input_count ? &in[i] : &out;
        bool packed = node_parts(c->graph, v) && shape_batched(&v->type.shape);
        double error = packed ? compare_parts(c, v, c->buffers[i], want, n)
                              : compare(c, v, c->buffers[i], want, n);
        worst = error > worst ? error : worst;
    }
    arena_clear(&a);
    return worst;
}
