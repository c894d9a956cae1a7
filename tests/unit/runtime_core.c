/* link: ftmrt */
/* The runtime's core: known answers of the random numbers, layouts against their formulas, the
 * parallel loop, initial values, the workspace. */
#include "../../runtime/core/core.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

static void test_tables(void **unused)
{
    (void)unused;
    enum ftmrt_status unknown_status; /* numbers that the tables do not have */
    enum ftmrt_dtype unknown_dtype;
    memset(&unknown_status, 0x7f, sizeof unknown_status);
    memset(&unknown_dtype, 0x7f, sizeof unknown_dtype);
    assert_string_equal(ftmrt_status_text(FTMRT_OK), "success");
    assert_string_equal(ftmrt_status_text(unknown_status), "unknown status");
    assert_int_equal(ftmrt_dtype_size(FTMRT_BF16), 2);
    assert_int_equal(ftmrt_dtype_size(unknown_dtype), 0);
    assert_string_equal(ftmrt_dtype_name(FTMRT_I64), "I64");
    assert_string_equal(ftmrt_layout_name(FTMRT_LAYOUT_CONV_T), "conv_t");
}

/* Known answers of the authors' distribution of Philox. */
static void test_philox(void **unused)
{
    (void)unused;
    static const uint32_t cases[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0U, ~0U, ~0U, ~0U, ~0U, ~0U, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
         0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (size_t i = 0; i < 3; i++) {
        uint32_t counter[4];
        memcpy(counter, cases[i], sizeof counter);
        ftmrt_philox(counter, cases[i] + 4);
        assert_memory_equal(counter, cases[i] + 6, sizeof counter);
    }
}

static void test_random(void **unused)
{
    (void)unused;
    assert_true(ftmrt_name_hash("") == UINT64_C(0xcbf29ce484222325));
    assert_true(ftmrt_name_hash("a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(ftmrt_name_hash("foobar") == UINT64_C(0x85944171f73967e8));
    double sum = 0, low = 1, high = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        const double u = ftmrt_uniform(7, 3, i, 0);
        sum += u;
        low = u < low ? u : low;
        high = u > high ? u : high;
    }
    assert_true(low >= 0 && low < 0.001 && high < 1 && high > 0.999);
    assert_true(fabs(sum / 10000 - 0.5) < 0.01);
    const uint64_t base = ftmrt_random(1, 2, 3, 4);
    assert_true(base == ftmrt_random(1, 2, 3, 4));
    assert_true(base != ftmrt_random(2, 2, 3, 4) && base != ftmrt_random(1, 3, 3, 4));
    assert_true(base != ftmrt_random(1, 2, 4, 4) && base != ftmrt_random(1, 2, 3, 5));
}

/* Packs 1, 2, 3, ... and checks each element against the layout's position, the padding, and the
 * way back. */
static void check_layout(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim,
                         int64_t stored)
{
    const int64_t count = ftmrt_elements(rank, dim);
    assert_int_equal(ftmrt_layout_elements(layout, rank, dim), stored);
    float *plain = calloc((size_t)count, sizeof *plain),
          *back = calloc((size_t)count, sizeof *back);
    float *packed = malloc((size_t)stored * sizeof *packed);
    for (int64_t i = 0; i < count; i++)
        plain[i] = (float)(i + 1);
    memset(packed, 0xff, (size_t)stored * sizeof *packed);
    ftmrt_pack(layout, rank, dim, plain, packed);
    double sum = 0;
    for (int64_t i = 0; i < stored; i++)
        sum += (double)packed[i];
    assert_true(sum == (double)count * (double)(count + 1) / 2); /* so every other lane is zero */
    for (int64_t i = 0; i < count; i++)
        assert_true(packed[ftmrt_layout_position(layout, rank, dim, i)] == plain[i]);
    ftmrt_unpack(layout, rank, dim, packed, back);
    assert_memory_equal(plain, back, (size_t)count * sizeof *plain);
    free(plain);
    free(back);
    free(packed);
}

static void test_layouts(void **unused)
{
    (void)unused;
    check_layout(FTMRT_LAYOUT_PLAIN, 4, (int64_t[]){2, 3, 4, 5}, 120);
    check_layout(FTMRT_LAYOUT_BLOCKED, 4, (int64_t[]){2, 17, 3, 5}, INT64_C(2) * 32 * 15);
    check_layout(FTMRT_LAYOUT_BLOCKED, 2, (int64_t[]){3, 10}, 48);
    check_layout(FTMRT_LAYOUT_VECTOR, 1, (int64_t[]){40}, 48);
    check_layout(FTMRT_LAYOUT_VECTOR, 2, (int64_t[]){2, 24}, 64);
    check_layout(FTMRT_LAYOUT_CONV, 4, (int64_t[]){24, 3, 3, 5}, INT64_C(32) * 16 * 15);
    check_layout(FTMRT_LAYOUT_CONV, 2, (int64_t[]){10, 20}, INT64_C(16) * 32);
    check_layout(FTMRT_LAYOUT_CONV_T, 4, (int64_t[]){24, 40, 1, 2}, INT64_C(32) * 48 * 2);
    check_layout(FTMRT_LAYOUT_DEPTHWISE, 4, (int64_t[]){40, 1, 3, 3}, INT64_C(48) * 9);
    check_layout(FTMRT_LAYOUT_PLAIN, 0, NULL, 1);
    check_layout(FTMRT_LAYOUT_VECTOR, 0, NULL, 1);
}

/* The formulas of layout.def, spelled out at one element each. */
static void test_positions(void **unused)
{
    (void)unused;
    const int64_t weight[] = {40, 24, 3, 5}, map[] = {2, 40, 6, 7};
    const int64_t o = 37, i = 21, y = 2, x = 4, plain = ((o * 24 + i) * 3 + y) * 5 + x;
    assert_int_equal(ftmrt_layout_position(FTMRT_LAYOUT_CONV, 4, weight, plain),
                     ((((INT64_C(2) * 2 + 1) * 3 + y) * 5 + x) * 16 + 5) * 16 + 5);
    const int64_t o2 = 35, plain2 = ((o2 * 24 + i) * 3 + y) * 5 + x;
    assert_int_equal(ftmrt_layout_position(FTMRT_LAYOUT_CONV_T, 4, weight, plain2),
                     ((((INT64_C(1) * 3 + 2) * 3 + y) * 5 + x) * 16 + 3) * 16 + 5);
    assert_int_equal(
        ftmrt_layout_position(FTMRT_LAYOUT_BLOCKED, 4, map, ((1 * 40 + 33) * 6 + 5) * 7 + 2),
        ((INT64_C(1) * 3 + 2) * 42 + INT64_C(5) * 7 + 2) * 16 + 1);
}

static void test_derive(void **unused)
{
    (void)unused;
    const double weight[] = {1, 2}, var[] = {3, 8}, x[] = {1, 2, 3, 4};
    double out[4];
    struct ftmrt_derive d = {.op = FTMRT_DERIVE_BN_SCALE, .eps = 1, .rank = 1, .dim = {2}};
    ftmrt_derive_eval(&d, (const double *const[]){weight, var}, out);
    assert_true(out[0] == 0.5 && out[1] == 2.0 / 3.0);
    d.op = FTMRT_DERIVE_BN_SHIFT;
    ftmrt_derive_eval(&d, (const double *const[]){x, weight, var}, out);
    assert_true(out[0] == -2 && out[1] == -14);
    d.op = FTMRT_DERIVE_BIAS_AFFINE;
    ftmrt_derive_eval(&d, (const double *const[]){x, weight, var}, out);
    assert_true(out[0] == 4 && out[1] == 12);
    d = (struct ftmrt_derive){.op = FTMRT_DERIVE_SCALE_WEIGHT, .rank = 4, .dim = {2, 2, 1, 1}};
    ftmrt_derive_eval(&d, (const double *const[]){x, var}, out);
    assert_true(out[0] == 3 && out[1] == 6 && out[2] == 24 && out[3] == 32);
    d.op = FTMRT_DERIVE_COPY;
    ftmrt_derive_eval(&d, (const double *const[]){x}, out);
    assert_memory_equal(x, out, sizeof x);
}

/* ---- parallel loop ---- */

static void count_units(const struct ftmrt_task *task)
{
    int *counts = task->buffers[0];
    const int64_t workers = ftmrt_threads(task->context);
    for (int64_t u = task->begin; u < task->end; u++)
        if (task->worker >= 0 && task->worker < workers)
            counts[u] += (int)task->n;
}

static void halve(const struct ftmrt_task *task)
{
    volatile float *values = task->buffers[0];
    for (int64_t u = task->begin; u < task->end; u++)
        values[u] *= 0.5F;
}

static void test_parallel(void **unused)
{
    (void)unused;
    for (int threads = 1; threads <= 4; threads++) {
        struct ftmrt_context context = {.threads = threads};
        assert_int_equal(ftmrt_threads(&context), threads);
        for (int64_t units = 0; units < 20; units++) {
            int counts[20] = {0};
            void *buffers[] = {counts};
            const struct ftmrt_task task = {.context = &context, .buffers = buffers, .n = 3};
            ftmrt_parallel(count_units, &task, units);
            assert_null(context.team);
            for (int64_t u = 0; u < 20; u++)
                assert_int_equal(counts[u], u < units ? 3 : 0);
        }
    }
    assert_true(ftmrt_threads(NULL) >= 1);
}

/* A loop of the caller's: one unit at a time, the last one first. */
static void backwards(void *user, ftmrt_kernel *kernel, const struct ftmrt_task *task,
                      int64_t units)
{
    int *calls = user;
    for (int64_t u = units; u-- > 0; ++*calls) {
        struct ftmrt_task one = *task;
        one.begin = u;
        one.end = u + 1;
        kernel(&one);
    }
}

static void run_twice(struct ftmrt_context *context, const void *const *inputs,
                      void *const *outputs, int64_t n)
{
    (void)inputs;
    const struct ftmrt_task task = {.context = context, .buffers = outputs, .n = n};
    ftmrt_parallel(count_units, &task, 7);
    ftmrt_parallel(count_units, &task, 1);
}

static void test_callers_loop(void **unused)
{
    (void)unused;
    int calls = 0, counts[7] = {0};
    void *outputs[] = {counts};
    struct ftmrt_context context = {.parallel = backwards, .parallel_user = &calls, .threads = 2};
    ftmrt_run(run_twice, &context, NULL, outputs, 5);
    assert_int_equal(calls, 8);
    context.parallel = NULL;
    ftmrt_run(run_twice, &context, NULL, outputs, 5);
    assert_int_equal(calls, 8);
    for (int u = 0; u < 7; u++)
        assert_int_equal(counts[u], u == 0 ? 20 : 10);
}

/* Two contexts at a time share nothing: each kernel sees its own. */
static void nested(const struct ftmrt_task *task)
{
    int counts[3] = {0};
    void *buffers[] = {counts};
    struct ftmrt_context context = {.threads = 1};
    const struct ftmrt_task inner = {.context = &context, .buffers = buffers, .n = 2};
    ftmrt_parallel(count_units, &inner, 3);
    int *ok = task->buffers[0];
    for (int64_t u = task->begin; u < task->end; u++)
        ok[u] = counts[0] == 2 && counts[1] == 2 && counts[2] == 2;
}

static void test_two_contexts(void **unused)
{
    (void)unused;
    int ok[9] = {0};
    void *buffers[] = {ok};
    struct ftmrt_context context = {.threads = 2};
    const struct ftmrt_task task = {.context = &context, .buffers = buffers, .n = 1};
    ftmrt_parallel(nested, &task, 9);
    for (int u = 0; u < 9; u++)
        assert_true(ok[u]);
}

static void test_workspace_bytes(void **unused)
{
    (void)unused;
    const struct ftmrt_program p = {.workspace_size = 640, .worker_size = 64};
    assert_int_equal(ftmrt_workspace_bytes(&p, 3), 640 + 3 * 64);
}

static void test_denormals(void **unused)
{
    (void)unused;
#ifdef __SSE__
    float values[4];
    void *buffers[] = {values};
    const unsigned before = _mm_getcsr() & 0x8040U;
    for (int threads = 1; threads <= 2; threads++) {
        struct ftmrt_context context = {.threads = threads};
        const struct ftmrt_task task = {.context = &context, .buffers = buffers, .n = 1};
        for (int i = 0; i < 4; i++)
            values[i] = 0x1p-126F;
        ftmrt_parallel(halve, &task, 4);
        for (int i = 0; i < 4; i++)
            assert_true(values[i] == 0);
        assert_int_equal(_mm_getcsr() & 0x8040U, before);
    }
    volatile float tiny = 0x1p-126F;
    assert_true(tiny * 0.5F != 0);
#endif
}

/* ---- initial values ---- */

static void test_initial_values(void **unused)
{
    (void)unused;
    static float values[10000];
    struct ftmrt_state s = {
        .name = "fc.weight", .dtype = FTMRT_F32, .rank = 2, .dim = {100, 100}, .fan_in = 100};
    ftmrt_initial_value(&s, 1, values);
    double sum = 0, square = 0, most = 0;
    for (int i = 0; i < 10000; i++) {
        sum += (double)values[i];
        square += (double)values[i] * (double)values[i];
        most = fmax(most, fabs((double)values[i]));
    }
    assert_true(most <= 0.1 && most > 0.0999 && fabs(sum / 10000) < 0.002);
    assert_true(fabs(square / 10000 - 0.01 / 3) < 1e-4);
    const float first = values[0];
    s.name = "other.weight";
    ftmrt_initial_value(&s, 1, values);
    assert_true(values[0] != first);
    s.init = FTMRT_INIT_KAIMING_NORMAL;
    ftmrt_initial_value(&s, 1, values);
    square = 0;
    for (int i = 0; i < 10000; i++)
        square += (double)values[i] * (double)values[i];
    assert_true(fabs(square / 10000 - 0.02) < 1e-3);
}

static void test_identity(void **unused)
{
    (void)unused;
    float values[3 * 3 * 9];
    struct ftmrt_state s = {
        .name = "c", .rank = 4, .dim = {3, 3, 3, 3}, .init = FTMRT_INIT_IDENTITY};
    ftmrt_initial_value(&s, 1, values);
    for (int i = 0; i < 81; i++)
        assert_true(values[i] == (i / 27 == i / 9 % 3 && i % 9 == 4 ? 1.0F : 0.0F));
    s = (struct ftmrt_state){
        .name = "d", .rank = 4, .dim = {3, 1, 3, 3}, .init = FTMRT_INIT_IDENTITY};
    ftmrt_initial_value(&s, 1, values);
    for (int i = 0; i < 27; i++)
        assert_true(values[i] == (i % 9 == 4 ? 1.0F : 0.0F));
    s = (struct ftmrt_state){.name = "b", .rank = 1, .dim = {3}, .init = FTMRT_INIT_IDENTITY};
    ftmrt_initial_value(&s, 1, values);
    assert_true(values[0] == 0 && values[1] == 0);
    s = (struct ftmrt_state){
        .name = "b", .rank = 1, .dim = {3}, .init = FTMRT_INIT_FULL, .init_arg = 1e-6};
    ftmrt_initial_value(&s, 1, values);
    assert_true(values[0] == 1e-6F && values[2] == 1e-6F);
}

/* ---- workspace ---- */

/* Bytes: f32 [2,3] at 0; f16 {1, -2, 2^-24} at 24; bf16 {1.5} at 32; i64 {7} at 40. */
static _Alignas(64) unsigned char blob[64];

static const struct ftmrt_tensor tensors[] = {
    {.name = "w", .dtype = FTMRT_F32, .rank = 2, .dim = {2, 3}, .offset = 0, .bytes = 24},
    {.name = "h", .dtype = FTMRT_F16, .rank = 1, .dim = {3}, .offset = 24, .bytes = 6},
    {.name = "b", .dtype = FTMRT_BF16, .rank = 1, .dim = {1}, .offset = 32, .bytes = 2},
    {.name = "n", .dtype = FTMRT_I64, .rank = 0, .offset = 40, .bytes = 8}};

static const struct ftmrt_state states[] = {
    {.name = "w",
     .flags = FTMRT_MUTABLE | FTMRT_TRAINABLE,
     .rank = 2,
     .dim = {2, 3},
     .layout = FTMRT_LAYOUT_CONV,
     .layout_rank = 4,
     .layout_dim = {2, 3, 1, 1},
     .offset = 0,
     .source = 0},
    {.name = "h",
     .flags = FTMRT_MUTABLE,
     .rank = 1,
     .dim = {3},
     .layout = FTMRT_LAYOUT_VECTOR,
     .layout_rank = 1,
     .layout_dim = {3},
     .offset = 1024,
     .source = 1},
    {.name = "b", .rank = 1, .dim = {1}, .layout_rank = 1, .layout_dim = {1}, .source = 2},
    {.name = "n",
     .kind = FTMRT_STATE_BUFFER,
     .dtype = FTMRT_I64,
     .flags = FTMRT_MUTABLE,
     .offset = 1088,
     .source = 3},
    {.name = "w.momentum",
     .kind = FTMRT_STATE_SLOT,
     .flags = FTMRT_MUTABLE,
     .rank = 1,
     .dim = {2},
     .layout_rank = 1,
     .layout_dim = {2},
     .offset = 1152,
     .source = -1,
     .init = FTMRT_INIT_ONES},
    {.name = "new",
     .flags = FTMRT_MUTABLE | FTMRT_NEW,
     .rank = 1,
     .dim = {5},
     .layout = FTMRT_LAYOUT_VECTOR,
     .layout_rank = 1,
     .layout_dim = {5},
     .offset = 1216,
     .source = -1,
     .fan_in = 4}};

static struct ftmrt_program test_program(void)
{
    static const float weight[] = {1, 2, 3, 4, 5, 6};
    static const unsigned char small[] = {0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0, 0, 0xc0, 0x3f};
    memcpy(blob, weight, sizeof weight);
    memcpy(blob + 24, small, sizeof small);
    memcpy(blob + 40, &(int64_t){7}, 8);
    return (struct ftmrt_program){.abi_version = FTMRT_ABI_VERSION,
                                  .workspace_size = 1280,
                                  .state_count = 6,
                                  .tensor_count = 4,
                                  .states = states,
                                  .tensors = tensors,
                                  .blob = blob,
                                  .blob_size = sizeof blob};
}

static void test_workspace(void **unused)
{
    (void)unused;
    struct ftmrt_program p = test_program();
    static _Alignas(64) unsigned char workspace[1280];
    memset(workspace, 0xee, sizeof workspace);
    assert_int_equal(ftmrt_init_workspace(&p, workspace + 4, 1), FTMRT_ERROR_ARGUMENT);
    assert_int_equal(ftmrt_init_workspace(&p, workspace, 1), FTMRT_OK);
    float f[6];
    assert_int_equal(ftmrt_get_state(&p, workspace, 0, f, 24), FTMRT_OK);
    assert_memory_equal(f, blob, 24);
    const void *start = workspace;
    const float *packed = start;
    assert_true(packed[16 + 1] == 5 && packed[2] == 0);
    assert_int_equal(ftmrt_get_state(&p, workspace, 1, f, 12), FTMRT_OK);
    assert_true(f[0] == 1 && f[1] == -2 && f[2] == 0x1p-24F);
    assert_int_equal(ftmrt_get_state(&p, workspace, 2, f, 4), FTMRT_OK);
    assert_true(f[0] == 1.5F);
    int64_t n = 0;
    assert_int_equal(ftmrt_get_state(&p, workspace, 3, &n, 8), FTMRT_OK);
    assert_int_equal(n, 7);
    assert_int_equal(ftmrt_get_state(&p, workspace, 4, f, 8), FTMRT_OK);
    assert_true(f[0] == 0 && f[1] == 0);
    float expected[5];
    ftmrt_initial_value(&states[5], 1, expected);
    assert_int_equal(ftmrt_get_state(&p, workspace, 5, f, 20), FTMRT_OK);
    assert_memory_equal(f, expected, 20);
}

static void test_set_state(void **unused)
{
    (void)unused;
    struct ftmrt_program p = test_program();
    static _Alignas(64) unsigned char workspace[1280];
    assert_int_equal(ftmrt_init_workspace(&p, workspace, 1), FTMRT_OK);
    const float in[] = {9, 8, 7, 6, 5, 4};
    float out[6];
    assert_int_equal(ftmrt_set_state(&p, workspace, 0, in, 24), FTMRT_OK);
    assert_int_equal(ftmrt_get_state(&p, workspace, 0, out, 24), FTMRT_OK);
    assert_memory_equal(in, out, 24);
    assert_int_equal(ftmrt_set_state(&p, workspace, 2, in, 4), FTMRT_ERROR_FROZEN);
    assert_int_equal(ftmrt_set_state(&p, workspace, 0, in, 20), FTMRT_ERROR_ARGUMENT);
    assert_int_equal(ftmrt_set_state(&p, workspace, 6, in, 24), FTMRT_ERROR_ARGUMENT);
    p.workspace_size = 1216 + 32; /* the last state no longer fits */
    assert_int_equal(ftmrt_init_workspace(&p, workspace, 1), FTMRT_ERROR_MISMATCH);
    p = test_program();
    p.blob_size = 40;
    assert_int_equal(ftmrt_init_workspace(&p, workspace, 1), FTMRT_ERROR_MISMATCH);
    p.abi_version++;
    assert_int_equal(ftmrt_init_workspace(&p, workspace, 1), FTMRT_ERROR_MISMATCH);
    assert_null(ftmrt_find_entry(&p, "predict"));
}

/* Ties go to the even one, carries into the exponent, what is too large to infinity, what is too small to 0; every f16 and bf16 comes
 * back as it was. */
static void check_small_floats(void)
{
    static const struct {
        float value;
        uint16_t half, brain;
    } rows[] = {
        {1.0F, 0x3c00, 0x3f80},        {-2.5F, 0xc100, 0xc020},
        {0x1.002p0F, 0x3c00, 0x3f80},  {0x1.006p0F, 0x3c02, 0x3f80},
        {0x1.01p0F, 0x3c04, 0x3f80},   {0x1.03p0F, 0x3c0c, 0x3f82},
        {0x1.ffep15F, 0x7c00, 0x4780}, {65504.0F, 0x7bff, 0x4780},
        {0x1p-24F, 0x0001, 0x3380},    {0x1p-25F, 0x0000, 0x3300},
        {0x1.8p-25F, 0x0001, 0x3340},  {0x1.fffffep127F, 0x7c00, 0x7f80},
        {-0.0F, 0x8000, 0x8000},       {0x1.ffcp-15F, 0x0400, 0x3880},
    };
    uint16_t got, again;
    float wide;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const unsigned char *from = (const unsigned char *)&rows[i].value;
        ftmrt_convert(FTMRT_F32, from, FTMRT_F16, (unsigned char *)&got, 1);
        assert_int_equal(got, rows[i].half);
        ftmrt_convert(FTMRT_F32, from, FTMRT_BF16, (unsigned char *)&got, 1);
        assert_int_equal(got, rows[i].brain);
    }
    static const enum ftmrt_dtype types[] = {FTMRT_F16, FTMRT_BF16};
    for (size_t k = 0; k < 2; k++)
        for (uint32_t bits = 0; bits < 65536; bits++) {
            got = (uint16_t)bits;
            ftmrt_convert(types[k], (unsigned char *)&got, FTMRT_F32, (unsigned char *)&wide, 1);
            ftmrt_convert(FTMRT_F32, (unsigned char *)&wide, types[k], (unsigned char *)&again, 1);
            assert_true(again == got || wide != wide);
        }
}

static void test_conversion(void **unused)
{
    (void)unused;
    const unsigned char half[] = {0xff, 0x7b, 0x00, 0x7c, 0x00, 0xfc, 0x01, 0x7c, 0x00, 0x80};
    float f[5];
    ftmrt_convert(FTMRT_F16, half, FTMRT_F32, (unsigned char *)f, 5);
    assert_true(f[0] == 65504.0F && f[1] == INFINITY && f[2] == -INFINITY && f[3] != f[3] &&
                f[4] == 0 && signbit(f[4]));
    const signed char bytes[] = {-3, 5};
    int64_t wide[2];
    ftmrt_convert(FTMRT_I8, (const unsigned char *)bytes, FTMRT_I64, (unsigned char *)wide, 2);
    assert_true(wide[0] == -3 && wide[1] == 5);
    const double d[] = {2.5, -1e300};
    ftmrt_convert(FTMRT_F64, (const unsigned char *)d, FTMRT_I64, (unsigned char *)wide, 2);
    check_small_floats();
    assert_true(wide[0] == 2 && wide[1] == INT64_MIN);
    assert_true(ftmrt_load_double(FTMRT_U8, (const unsigned char *)bytes, 0) == 253.0);
    assert_true(ftmrt_load_double(FTMRT_BOOL, (const unsigned char *)bytes, 1) == 1.0);
}

static void test_cpu(void **unused)
{
    (void)unused;
    assert_false(ftmrt_cpu_supported("pdp-11"));
#ifdef __x86_64__
    assert_true(ftmrt_cpu_supported("x86-64"));
    if (ftmrt_cpu_supported("x86-64-v4"))
        assert_true(ftmrt_cpu_supported("x86-64-v3") && ftmrt_cpu_supported("x86-64-v2"));
#endif
}

/* ---- entries by what they do ---- */

static const struct ftmrt_value values[] = {
    {.name = "image", .role = FTMRT_ROLE_INPUT, .rank = 3, .dim = {FTMRT_BATCH, 2, 3}},
    {.name = "mask", .role = FTMRT_ROLE_INPUT, .stored = FTMRT_U8, .rank = 1, .dim = {FTMRT_BATCH}},
    {.name = "lr", .role = FTMRT_ROLE_HYPER},
    {.name = "features",
     .role = FTMRT_ROLE_FEATURE,
     .layout = FTMRT_LAYOUT_BLOCKED,
     .rank = 4,
     .dim = {FTMRT_BATCH, 17, 2, 1}},
};

static void test_values(void **unused)
{
    (void)unused;
    assert_ptr_equal(ftmrt_find_value(values, 4, FTMRT_ROLE_INPUT, NULL), &values[0]);
    assert_ptr_equal(ftmrt_find_value(values, 4, FTMRT_ROLE_INPUT, "mask"), &values[1]);
    assert_null(ftmrt_find_value(values, 4, FTMRT_ROLE_HYPER, "mask"));
    assert_null(ftmrt_find_value(values, 2, FTMRT_ROLE_HYPER, NULL));
    assert_int_equal(ftmrt_value_bytes(&values[0], 5), 5 * 6 * 4);
    assert_int_equal(ftmrt_value_bytes(&values[1], 5), 5);
    assert_int_equal(ftmrt_value_bytes(&values[2], 5), 4);
    assert_int_equal(ftmrt_value_bytes(&values[3], 3), 3 * 32 * 2 * 4);
}

static void test_entries(void **unused)
{
    (void)unused;
    static const struct ftmrt_entry entries[] = {
        {.name = "a", .kind = FTMRT_ENTRY_PREDICT, .scope = "", .max_n = 8},
        {.name = "b", .kind = FTMRT_ENTRY_PREDICT, .scope = "", .max_n = 1},
        {.name = "c", .kind = FTMRT_ENTRY_PREDICT, .scope = "teacher", .max_n = 8},
        {.name = "d", .kind = FTMRT_ENTRY_TRAIN, .scope = "", .max_n = 8, .phase = 1},
    };
    const struct ftmrt_program p = {.entries = entries, .entry_count = 4};
    assert_string_equal(ftmrt_entry_for(&p, FTMRT_ENTRY_PREDICT, NULL, 0, 1)->name, "b");
    assert_string_equal(ftmrt_entry_for(&p, FTMRT_ENTRY_PREDICT, "", 0, 2)->name, "a");
    assert_string_equal(ftmrt_entry_for(&p, FTMRT_ENTRY_PREDICT, "teacher", 0, 1)->name, "c");
    assert_string_equal(ftmrt_entry_for(&p, FTMRT_ENTRY_TRAIN, NULL, 1, 8)->name, "d");
    assert_null(ftmrt_entry_for(&p, FTMRT_ENTRY_TRAIN, NULL, 0, 8));
    assert_null(ftmrt_entry_for(&p, FTMRT_ENTRY_PREDICT, NULL, 0, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),       cmocka_unit_test(test_callers_loop),
        cmocka_unit_test(test_two_contexts), cmocka_unit_test(test_workspace_bytes),
        cmocka_unit_test(test_values),       cmocka_unit_test(test_entries),
        cmocka_unit_test(test_philox),       cmocka_unit_test(test_random),
        cmocka_unit_test(test_layouts),      cmocka_unit_test(test_positions),
        cmocka_unit_test(test_derive),       cmocka_unit_test(test_parallel),
        cmocka_unit_test(test_denormals),    cmocka_unit_test(test_initial_values),
        cmocka_unit_test(test_identity),     cmocka_unit_test(test_workspace),
        cmocka_unit_test(test_set_state),    cmocka_unit_test(test_conversion),
        cmocka_unit_test(test_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
