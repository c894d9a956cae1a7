/* link: ftmrt_app */
/* Kept features: of what follows from them nothing changes, however much is kept, and where all of it fits each sample is read and
 * its features are computed once. */
#include "evaluate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGS(...)                                                                                  \
    (const struct ftmrt_arg[]) { __VA_ARGS__ }
#define NONE       {.kind = FTMRT_ARG_NONE}
#define INTEGER(v) {.kind = FTMRT_ARG_INTEGER, .integer = (v)}
#define WORD(v)    {.kind = FTMRT_ARG_TEXT, .text = (v)}
#define CALL(id, args)                                                                             \
    {                                                                                              \
        .kind = FTMRT_ARG_CALLS, .count = 1, .calls = &(const struct ftmrt_call) { id, args }      \
    }
/* A setting by its parameter: the order of the rows is theirs. */
#define AT(param) [FTMRT_PARAM_finetune_##param - FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT]

enum { COUNT = 30, BATCH = 4, PIXELS = 6, EPOCHS = 3, SECONDS = 60 };

static _Atomic int reads;
static int computed;

/* ---- a program: features are sums and the last pixel, of which the logits are made */

static enum ftmrt_status run_prefix(struct ftmrt_context *context, const void *const *inputs,
                                    void *const *outputs, int64_t n)
{
    (void)context;
    const float *x = inputs[0];
    float *sum = outputs[0], *last = outputs[1];
    for (int64_t i = 0; i < n; i++, x += PIXELS) {
        sum[2 * i] = x[0] + x[1];
        sum[2 * i + 1] = x[2] * x[3];
        last[i] = x[PIXELS - 1];
    }
    computed += (int)n;
    return FTMRT_OK;
}

static enum ftmrt_status run_predict(struct ftmrt_context *context, const void *const *inputs,
                                     void *const *outputs, int64_t n)
{
    (void)context;
    const float *last = inputs[0], *sum = inputs[1];
    float *y = outputs[0];
    for (int64_t i = 0; i < 2 * n; i++)
        y[i] = sum[i] + 100 * last[i / 2];
    return FTMRT_OK;
}

static const struct ftmrt_value
    image = {.name = "image", .role = FTMRT_ROLE_INPUT, .rank = 4, .dim = {FTMRT_BATCH, 1, 2, 3}},
    logits = {.name = "y", .role = FTMRT_ROLE_LOGITS, .rank = 2, .dim = {FTMRT_BATCH, 2}};
#define SUM {.name = "sum", .role = FTMRT_ROLE_FEATURE, .rank = 2, .dim = {FTMRT_BATCH, 2}}
#define LAST                                                                                       \
    {                                                                                              \
        .name = "last", .role = FTMRT_ROLE_FEATURE, .rank = 1, .dim = { FTMRT_BATCH }              \
    }
static const struct ftmrt_value made[] = {SUM, LAST}, taken[] = {LAST, SUM};

static const struct ftmrt_entry entries[] = {
    {.name = "predict",
     .kind = FTMRT_ENTRY_PREDICT,
     .scope = "",
     .max_n = BATCH,
     .run = run_predict,
     .inputs = taken,
     .input_count = 2,
     .outputs = &logits,
     .output_count = 1},
    {.name = "prefix",
     .kind = FTMRT_ENTRY_PREFIX,
     .scope = "",
     .max_n = BATCH,
     .run = run_prefix,
     .inputs = &image,
     .input_count = 1,
     .outputs = made,
     .output_count = 2},
};

static const struct ftmrt_call flip = {FTMRT_CALL_random_horizontal_flip,
                                       ARGS({.kind = FTMRT_ARG_NUMBER, .number = 0.5})};

/* ---- its data */

static float images[COUNT][PIXELS];

static bool read_image(const struct source *s, int64_t i, enum field_role field,
                       struct buffer *buffer, union field_value *out)
{
    (void)s, (void)field, (void)buffer;
    out->tensor = images[i];
    reads++;
    return true;
}

static const struct source source = {
    .name = (char *)(uintptr_t)"images",
    .count = COUNT,
    .fields = {{"image", FIELD_TENSOR}, {"", FIELD_NONE}},
    .read = read_image,
};

struct run {
    int64_t budget; /* bytes */
    int threads, workers;
    float out[EPOCHS][COUNT][2];
};

/* Goes through the samples in another order each time. */
static void predict_all(struct run *r, bool random)
{
    const struct ftmrt_arg
        settings[FTMRT_PARAM_finetune_phases - FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT + 1] = {
            AT(labels) = {.kind = FTMRT_ARG_TEXTS},
            AT(data) = CALL(FTMRT_CALL_data,
                            ARGS(CALL(FTMRT_CALL_npy, ARGS(NONE, NONE, INTEGER(FTMRT_LABEL_INDEX))),
                                 NONE, NONE, WORD("exact"), NONE, NONE, NONE, WORD("stop"),
                                 WORD("natural"), WORD("auto"), WORD("drop"), WORD("apply"),
                                 WORD("exact"), CALL(FTMRT_CALL_off, NULL), INTEGER(0), NONE)),
            AT(transform) = CALL(FTMRT_CALL_transform,
                                 ARGS({.kind = FTMRT_ARG_CALLS, .count = random, .calls = &flip},
                                      {.kind = FTMRT_ARG_CALLS, .count = random, .calls = &flip})),
            AT(loss) = CALL(FTMRT_CALL_cross_entropy, ARGS(NONE, NONE, NONE)),
            AT(epochs) = INTEGER(EPOCHS),
            AT(batch) = INTEGER(BATCH),
            AT(seed) = INTEGER(0),
            AT(shuffle) = INTEGER(0),
            AT(save) = WORD("whole"),
            AT(best) = WORD("auto"),
            AT(thresholds) = WORD("half"),
        };
    const struct ftmrt_recipe recipe = {
        .name = "net", .base = "/data", .finetune = {FTMRT_CALL_finetune, settings}};
    const struct ftmrt_program p = {.abi_version = FTMRT_ABI_VERSION,
                                    .max_batch = BATCH,
                                    .workspace_size = 64,
                                    .recipe = &recipe,
                                    .entries = entries,
                                    .entry_count = 2};
    struct session s;
    float out[COUNT][2];
    assert_true(session_open(&s, &p, r->threads, NULL));
    s.workers = r->workers;
    s.config.cache = (struct cache_choice){FTMRT_CALL_memory, r->budget, 0};
    session_keep(&s, NULL);
    reads = computed = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        int64_t order[COUNT];
        for (int k = 0; k < COUNT; k++)
            order[k] = (k * 7 + epoch * 11) % COUNT;
        assert_true(evaluate(&s, &(struct subset){&source, order, COUNT, 0}, NULL, out[0]));
        for (int k = 0; k < COUNT; k++)
            memcpy(r->out[epoch][order[k]], out[k], sizeof out[k]);
    }
    session_close(&s);
}

static void what_is_kept_changes_nothing(void **state)
{
    (void)state;
    static struct run none, some, all;
    none = (struct run){.threads = 1};
    predict_all(&none, false);
    assert_int_equal(reads, EPOCHS * COUNT);
    assert_int_equal(computed, EPOCHS * COUNT);
    assert_float_equal(none.out[1][3][0], (21 + 22) / 3.0f + 100 * (21 + 25) / 3.0f, 1e-3f);
    for (int workers = 0; workers <= 2; workers++) {
        some = (struct run){.budget = 11 * 50, .threads = 2, .workers = workers};
        predict_all(&some, false);
        assert_in_range(computed, COUNT + 1, EPOCHS * COUNT - 1);
        assert_int_equal(reads, computed);
        all = (struct run){.budget = 1000000, .threads = 2, .workers = workers};
        predict_all(&all, false);
        assert_int_equal(computed, COUNT);
        assert_int_equal(reads, COUNT);
        assert_memory_equal(none.out, some.out, sizeof none.out);
        assert_memory_equal(none.out, all.out, sizeof none.out);
    }
}

static void random_transforms_keep_none(void **state)
{
    (void)state;
    static struct run r;
    r = (struct run){.budget = 1000000, .threads = 1};
    predict_all(&r, true);
    assert_int_equal(computed, EPOCHS * COUNT);
}

static int begin(void **state)
{
    (void)state;
    alarm(SECONDS); /* ends a test that hangs */
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < PIXELS; k++)
            images[i][k] = (float)(i * 7 + k * k) / 3;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_changes_nothing),
        cmocka_unit_test(random_transforms_keep_none),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
