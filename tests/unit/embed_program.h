/* A program made by hand for the library's functions: y = fc(scale x), which learns by gradient descent. */
#ifndef FTM_TESTS_EMBED_PROGRAM_H
#define FTM_TESTS_EMBED_PROGRAM_H

#include <math.h>
#include <stdint.h>

#include "ftmrt.h"
#include "ftmx.h"
#include "recipe.h"

enum { EMBED_IN = 4, EMBED_OUT = 3, EMBED_BATCH = 8 };

/* Where the states lie in the workspace, in floats; activations begin at 64. */
enum {
    AT_WEIGHT = 0,
    AT_BIAS = 16,
    AT_COUNT = 32,
    AT_MOMENTUM = 48,
    AT_SHIFT = 52,
    AT_LOGITS = 64
};

/* ---- the recipe ---- */

#define EMBED_ARGS(...)                                                                            \
    (const struct ftmrt_arg[]) { __VA_ARGS__ }
#define EMBED_CALL(id, args)                                                                       \
    {                                                                                              \
        .kind = FTMRT_ARG_CALLS, .count = 1, .calls = &(const struct ftmrt_call) { id, args }      \
    }
#define EMBED_NONE       {.kind = FTMRT_ARG_NONE}
#define EMBED_INTEGER(v) {.kind = FTMRT_ARG_INTEGER, .integer = (v)}
#define EMBED_NUMBER(v)  {.kind = FTMRT_ARG_NUMBER, .number = (v)}
#define EMBED_TEXT(v)    {.kind = FTMRT_ARG_TEXT, .text = (v)}
#define EMBED_AT(param)  [FTMRT_PARAM_finetune_##param - FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT]

static const char *const embed_classes[] = {"left", "right", "\303\251t\303\251"};

static const struct ftmrt_arg embed_settings[] = {
    EMBED_AT(model) = EMBED_TEXT("net()"),
    EMBED_AT(labels) = {.kind = FTMRT_ARG_TEXTS, .count = EMBED_OUT, .texts = embed_classes},
    EMBED_AT(weights) = EMBED_TEXT("net.pth"),
    EMBED_AT(data) = EMBED_CALL(
        FTMRT_CALL_data,
        EMBED_ARGS(EMBED_CALL(FTMRT_CALL_npy, EMBED_ARGS(EMBED_TEXT("x"), EMBED_TEXT("y"),
                                                         EMBED_INTEGER(FTMRT_LABEL_INDEX))),
                   EMBED_NONE, EMBED_NONE, EMBED_TEXT("content"), EMBED_NONE, EMBED_NONE,
                   EMBED_NONE, EMBED_TEXT("stop"), EMBED_TEXT("natural"), EMBED_TEXT("auto"),
                   EMBED_TEXT("drop"), EMBED_TEXT("apply"), EMBED_TEXT("exact"), EMBED_INTEGER(0),
                   EMBED_NONE)),
    EMBED_AT(transform) = EMBED_CALL(FTMRT_CALL_transform, EMBED_ARGS(EMBED_NONE, EMBED_NONE)),
    EMBED_AT(loss) =
        EMBED_CALL(FTMRT_CALL_cross_entropy, EMBED_ARGS(EMBED_NUMBER(0), EMBED_NONE, EMBED_NONE)),
    EMBED_AT(optimizer) =
        EMBED_CALL(FTMRT_CALL_sgd, EMBED_ARGS(EMBED_NUMBER(0.5), EMBED_NUMBER(0.25),
                                              EMBED_NUMBER(0), EMBED_INTEGER(0), EMBED_NUMBER(0))),
    EMBED_AT(schedule) = EMBED_CALL(FTMRT_CALL_constant, NULL),
    EMBED_AT(epochs) = EMBED_INTEGER(1),
    EMBED_AT(batch) = EMBED_INTEGER(EMBED_BATCH),
    EMBED_AT(seed) = EMBED_INTEGER(7),
    EMBED_AT(shuffle) = EMBED_INTEGER(0),
};

static const struct ftmrt_recipe embed_recipe = {
    .name = "net", .base = "", .finetune = {FTMRT_CALL_finetune, embed_settings}};

/* ---- the kernels ---- */

/* Buffers: input, labels, losses. */
static inline float *embed_workspace(const struct ftmrt_task *t) { return t->context->workspace; }

static void embed_forward(const struct ftmrt_task *t)
{
    const float *w = embed_workspace(t) + AT_WEIGHT, *b = embed_workspace(t) + AT_BIAS,
                *x = t->buffers[0];
    const void *blob = t->context->blob;
    const float scale = *(const float *)blob;
    float *y = t->buffers[1];
    for (int64_t i = t->begin; i < t->end; i++)
        for (int k = 0; k < EMBED_OUT; k++) {
            float sum = b[k];
            for (int j = 0; j < EMBED_IN; j++)
                sum += w[k * EMBED_IN + j] * scale * x[i * EMBED_IN + j];
            y[i * EMBED_OUT + k] = sum;
        }
}

/* The mean loss, from the logits. */
static void embed_loss(const struct ftmrt_task *t)
{
    const float *y = t->buffers[1];
    const int32_t *labels = t->buffers[2];
    double sum = 0;
    for (int64_t i = 0; i < t->n; i++) {
        double row[EMBED_OUT];
        for (int k = 0; k < EMBED_OUT; k++)
            row[k] = (double)y[i * EMBED_OUT + k];
        sum += ftmrt_softmax(EMBED_OUT, row, NULL) - row[labels[i]];
    }
    *(float *)t->buffers[3] = (float)(sum / (double)t->n);
}

/* A unit is a class: its row of the weights. */
static void embed_update(const struct ftmrt_task *t)
{
    float *w = embed_workspace(t) + AT_WEIGHT, *b = embed_workspace(t) + AT_BIAS,
          *m = embed_workspace(t) + AT_MOMENTUM;
    const float *x = t->buffers[0], *y = t->buffers[1], lr = *(const float *)t->buffers[4],
                momentum = *(const float *)t->buffers[5];
    const int32_t *labels = t->buffers[2];
    for (int64_t k = t->begin; k < t->end; k++)
        for (int64_t i = 0; i < t->n; i++) {
            double row[EMBED_OUT];
            for (int c = 0; c < EMBED_OUT; c++)
                row[c] = (double)y[i * EMBED_OUT + c];
            ftmrt_softmax(EMBED_OUT, row, row);
            const float g = ((float)row[k] - (float)(labels[i] == k)) / (float)t->n;
            for (int j = 0; j < EMBED_IN; j++)
                w[k * EMBED_IN + j] -= lr * g * x[i * EMBED_IN + j];
            m[k] = momentum * m[k] + g;
            b[k] -= lr * m[k];
        }
}

static void embed_count(const struct ftmrt_task *t)
{
    void *count = embed_workspace(t) + AT_COUNT;
    ++*(int64_t *)count;
}

/* ---- the entries ---- */

static void embed_body(struct ftmrt_context *c, void **buffers, int64_t n, int kernels)
{
    const struct ftmrt_task task = {.context = c, .buffers = buffers, .n = n, .step_images = n};
    ftmrt_parallel(embed_forward, &task, n);
    if (kernels > 1)
        ftmrt_parallel(embed_loss, &task, 1);
    if (kernels > 2) {
        ftmrt_parallel(embed_update, &task, EMBED_OUT);
        ftmrt_parallel(embed_count, &task, 1);
    }
}

static void *embed_plain(const void *p) { return (void *)(uintptr_t)p; }

static void embed_predict_body(struct ftmrt_context *c, const void *const *in, void *const *out,
                               int64_t n)
{
    void *buffers[] = {embed_plain(in[0]), out[0]};
    embed_body(c, buffers, n, 1);
}

static void embed_eval_body(struct ftmrt_context *c, const void *const *in, void *const *out,
                            int64_t n)
{
    void *buffers[] = {embed_plain(in[0]), out[0], embed_plain(in[1]), out[1]};
    embed_body(c, buffers, n, 2);
}

static void embed_train_body(struct ftmrt_context *c, const void *const *in, void *const *out,
                             int64_t n)
{
    void *buffers[] = {embed_plain(in[0]), out[0], embed_plain(in[1]), out[1], embed_plain(in[2]),
                       embed_plain(in[3])};
    embed_body(c, buffers, n, 3);
}

#define EMBED_ENTRY(name)                                                                          \
    static enum ftmrt_status embed_##name(struct ftmrt_context *c, const void *const *in,          \
                                          void *const *out, int64_t n)                             \
    {                                                                                              \
        ftmrt_run(embed_##name##_body, c, in, out, n);                                             \
        return FTMRT_OK;                                                                           \
    }
EMBED_ENTRY(predict)
EMBED_ENTRY(eval)
EMBED_ENTRY(train)
#undef EMBED_ENTRY

static const struct ftmrt_value embed_inputs[] = {
    {.name = "image", .role = FTMRT_ROLE_INPUT, .rank = 4, .dim = {FTMRT_BATCH, 1, 2, 2}},
    {.name = "label",
     .role = FTMRT_ROLE_LABEL,
     .dtype = FTMRT_I32,
     .stored = FTMRT_I32,
     .rank = 1,
     .dim = {FTMRT_BATCH}},
    {.name = "lr", .role = FTMRT_ROLE_HYPER},
    {.name = "momentum", .role = FTMRT_ROLE_HYPER},
};

static const struct ftmrt_value embed_outputs[] = {
    {.name = "logits", .role = FTMRT_ROLE_LOGITS, .rank = 2, .dim = {FTMRT_BATCH, EMBED_OUT}},
    {.name = "loss", .role = FTMRT_ROLE_LOSS},
};

static const struct ftmrt_entry embed_entries[] = {
    {"predict", FTMRT_ENTRY_PREDICT, 0, "", EMBED_BATCH, embed_predict, 1, 1, embed_inputs,
     embed_outputs, 0, 0, NULL},
    {"eval", FTMRT_ENTRY_EVAL, 0, "", EMBED_BATCH, embed_eval, 2, 2, embed_inputs, embed_outputs, 0,
     0, NULL},
    {"train", FTMRT_ENTRY_TRAIN, 0, "", EMBED_BATCH / 2, embed_train, 4, 2, embed_inputs,
     embed_outputs, 0, 0, NULL},
};

/* ---- the states ---- */

static const struct ftmrt_state embed_states[] = {
    {.name = "scale", .rank = 1, .dim = {1}, .layout_rank = 1, .layout_dim = {1}, .source = 0},
    {.name = "fc.weight",
     .flags = FTMRT_TRAINABLE | FTMRT_MUTABLE | FTMRT_NEW,
     .rank = 2,
     .dim = {EMBED_OUT, EMBED_IN},
     .layout_rank = 2,
     .layout_dim = {EMBED_OUT, EMBED_IN},
     .offset = AT_WEIGHT * 4,
     .source = -1,
     .fan_in = EMBED_IN},
    {.name = "fc.bias",
     .flags = FTMRT_TRAINABLE | FTMRT_MUTABLE | FTMRT_NEW,
     .rank = 1,
     .dim = {EMBED_OUT},
     .layout_rank = 1,
     .layout_dim = {EMBED_OUT},
     .offset = AT_BIAS * 4,
     .source = -1,
     .init = FTMRT_INIT_ZEROS},
    {.name = "steps",
     .kind = FTMRT_STATE_BUFFER,
     .dtype = FTMRT_I64,
     .flags = FTMRT_MUTABLE,
     .offset = AT_COUNT * 4,
     .source = -1},
    {.name = "shift",
     .flags = FTMRT_TRAINABLE | FTMRT_MUTABLE,
     .rank = 1,
     .dim = {1},
     .layout_rank = 1,
     .layout_dim = {1},
     .offset = AT_SHIFT * 4,
     .source = 1},
    {.name = "fc.bias.momentum",
     .kind = FTMRT_STATE_SLOT,
     .flags = FTMRT_MUTABLE,
     .rank = 1,
     .dim = {EMBED_OUT},
     .layout_rank = 1,
     .layout_dim = {EMBED_OUT},
     .offset = AT_MOMENTUM * 4,
     .source = -1},
};

static const struct ftmrt_tensor embed_tensors[] = {
    {.name = "scale", .rank = 1, .dim = {1}, .bytes = 4},
    {.name = "shift", .rank = 1, .dim = {1}, .offset = 4, .bytes = 4},
};

static const _Alignas(64) float embed_blob[16] = {2, 0.5F};

static const struct ftmrt_source embed_source = {
    .file = "net.pth", .from = "", .sha256 = "aa11", .names = ""};

extern const struct ftmrt_program ftmx_program;
const struct ftmrt_program ftmx_program = {
    .abi_version = FTMRT_ABI_VERSION,
    .name = "net",
    .compiler = "by hand",
    .cpu = "x86-64",
    .max_batch = EMBED_BATCH,
    .workspace_size = (AT_LOGITS + 64) * 4,
    .recipe = &embed_recipe,
    .resolved = "",
    .source = &embed_source,
    .identity = {.graph = 1, .weights = 2, .transform = 3, .classes = 4},
    .state_count = sizeof embed_states / sizeof *embed_states,
    .tensor_count = 2,
    .entry_count = sizeof embed_entries / sizeof *embed_entries,
    .states = embed_states,
    .tensors = embed_tensors,
    .entries = embed_entries,
    .blob = (const unsigned char *)embed_blob,
    .blob_size = sizeof embed_blob,
};

#endif
