/* The library of several.ftm: predicts by names, and refuses what is no batch; then learns. It prints numbers by their bits for
 * library_named.py. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "several.h"

enum { N = 5, STEPS = 20 };

static float image[N * SEVERAL_TRAIN_INPUT_IMAGE], side[N * SEVERAL_INPUT_SIDE];
static int32_t rows[N * SEVERAL_TRAIN_INPUT_ROWS];
static uint8_t flag[N * SEVERAL_INPUT_FLAG];
static float logits[N * SEVERAL_OUTPUT_LOGITS], map[N * SEVERAL_OUTPUT_MAP];
static uint8_t flag_again[N * SEVERAL_OUTPUT_CLASS];
static int32_t rows_again[N * SEVERAL_OUTPUT_ROWS_AGAIN];
static const several_label labels[N] = {0, 1, 2, 1, 0};
static several_context *context;

static void need(int holds, const char *what)
{
    printf("%s %s: %s\n", holds ? "ok" : "failed", what, several_error(context));
}

/* Whether two pieces of memory have the same bits. */
static int same(const void *a, const void *b, size_t bytes) { return memcmp(a, b, bytes) == 0; }

static void fill(void)
{
    for (int i = 0; i < N * SEVERAL_TRAIN_INPUT_IMAGE; i++)
        image[i] = (float)(i * 7 % 23 - 11) / 8;
    for (int i = 0; i < N * SEVERAL_INPUT_SIDE; i++)
        side[i] = (float)(i * 5 % 13 - 6) / 4;
    for (int i = 0; i < N * SEVERAL_TRAIN_INPUT_ROWS; i++)
        rows[i] = i * 1000003 - 17;
    for (int i = 0; i < N; i++)
        flag[i] = (uint8_t)(250 + i);
}

static void print(const char *name, const float *values, int64_t count)
{
    printf("values %s", name);
    for (int64_t i = 0; i < count; i++)
        printf(" %a", (double)values[i]);
    putchar('\n');
}

static void print_parameter(const several_model *model, int64_t i)
{
    float values[64];
    several_parameter p;
    if (several_parameter_at(model, i, &p) || p.count > 64 ||
        several_get_parameter(context, p.name, values, p.count))
        exit(5);
    print(p.name, values, p.count);
}

static void predict(void)
{
    const several_inputs in = {image, side, rows, flag};
    const several_outputs out = {logits, map, flag_again, rows_again};
    several_outputs one = {NULL, NULL, NULL, NULL};
    float alone[N * SEVERAL_OUTPUT_LOGITS];
    need(several_predict_named(context, &in, N, &out) == SEVERAL_OK, "prediction");
    print("logits", logits, N * SEVERAL_OUTPUT_LOGITS);
    print("map", map, N * SEVERAL_OUTPUT_MAP);
    need(same(flag, flag_again, sizeof flag_again) && same(rows, rows_again, sizeof rows_again),
         "integers come out as they went in");
    one.logits = alone;
    need(several_predict_named(context, &in, N, &one) == SEVERAL_OK &&
             same(alone, logits, sizeof alone),
         "one output alone, with the same bits");
}

static void refuse(const several_inputs *in, int64_t n, const several_outputs *out,
                   const char *text)
{
    const several_status status = several_predict_named(context, in, n, out);
    need(status == SEVERAL_ERROR_ARGUMENT && strstr(several_error(context), text), "refused");
}

static void misuse(void)
{
    const several_inputs in = {image, side, rows, flag};
    const several_outputs out = {logits, NULL, NULL, NULL};
    several_inputs bad = in;
    several_outputs over = out;
    const char *odd = (const char *)side + 1;
    refuse(NULL, N, &out, "inputs is NULL");
    refuse(&in, N, NULL, "outputs is NULL");
    refuse(&in, 0, &out, "a batch of 0 images");
    refuse(&in, SEVERAL_MAX_BATCH + 1, &out, "from 1 to 6");
    refuse(&in, INT64_MAX, &out, "from 1 to 6");
    bad.side = NULL;
    refuse(&bad, N, &out, "side is NULL, where 20 elements are wanted");
    memcpy(&bad.side, &odd, sizeof odd);
    refuse(&bad, N, &out, "side lies at an odd address");
    over.map = logits + 1;
    refuse(&in, N, &over, "logits and map overlap");
    over.map = image;
    refuse(&in, N, &over, "image and map overlap");
}

static void train(void)
{
    several_inputs in = {image, side, rows, flag};
    float first, loss = 0, spoilt[N * SEVERAL_INPUT_SIDE], before, after;
    int64_t correct = -1;
    need(several_eval_named(context, &in, labels, N, &before, &correct) == SEVERAL_OK &&
             correct >= 0,
         "evaluation");
    memcpy(spoilt, side, sizeof spoilt);
    spoilt[SEVERAL_INPUT_SIDE + 2] = NAN;
    in.side = spoilt;
    need(several_train_step_named(context, &in, labels, N, &loss) == SEVERAL_ERROR_NOT_FINITE &&
             strstr(several_error(context), "image 1 of the batch") &&
             strstr(several_error(context), "element 2 of side"),
         "refused");
    in.side = NULL;
    need(several_train_step_named(context, &in, labels, N, &loss) == SEVERAL_ERROR_ARGUMENT,
         "refused");
    in.side = side;
    need(several_eval_named(context, &in, labels, N, &after, NULL) == SEVERAL_OK &&
             same(&before, &after, sizeof after),
         "nothing was learned from it");
    printf("values loss %a\nvalues correct %lld\n", (double)before, (long long)correct);
    need(several_train_step_named(context, &in, labels, N, &first) == SEVERAL_OK, "a step");
    for (int i = 0; i < STEPS; i++)
        if (several_train_step_named(context, &in, labels, N, &loss))
            exit(6);
    need(loss < first, "it learns");
}

int main(void)
{
    static unsigned char memory[16 << 20];
    several_model model;
    several_parameter p;
    unsigned char *workspace = memory + 64 - (uintptr_t)memory % 64;
    if (several_model_open(&model, SEVERAL_ABI_VERSION, NULL, 0) ||
        several_init(&model, NULL, workspace, sizeof memory - 64, &context))
        return 1;
    fill();
    for (int64_t i = 0; !several_parameter_at(&model, i, &p); i++)
        print_parameter(&model, i);
    predict();
    misuse();
    train();
    several_model_close(&model);
    return 0;
}
