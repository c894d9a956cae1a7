/* The library of growing.ftm: classes that come, by a call and by files. library_grow OUT FILE...: prints what library_grow.py checks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "growing.h"

enum { N = GROWING_BATCH, INPUTS = GROWING_CHANNELS * GROWING_HEIGHT * GROWING_WIDTH };

static unsigned char memory[2][8 << 20], kept[1 << 20];
static float images[N][INPUTS], features[N][GROWING_FEATURES], outputs[N][GROWING_OUTPUTS];
static growing_label labels[N];
static growing_context *context;

static void need(int holds, const char *what)
{
    printf("%s %s: %s\n", holds ? "ok" : "failed", what, growing_error(context));
}

static int read_bytes(void *file, void *data, size_t bytes)
{
    return fread(data, 1, bytes, (FILE *)file) != bytes;
}

static int write_bytes(void *file, const void *data, size_t bytes)
{
    return fwrite(data, 1, bytes, (FILE *)file) != bytes;
}

static growing_context *begin(const growing_model *model, int i)
{
    growing_context *made = NULL;
    unsigned char *at = memory[i] + GROWING_ALIGNMENT - (uintptr_t)memory[i] % GROWING_ALIGNMENT;
    growing_init(model, NULL, at, sizeof memory[i] - GROWING_ALIGNMENT, &made);
    return made;
}

/* A pattern for each class, under a little of something else. */
static void fill(int classes)
{
    for (int n = 0; n < N; n++) {
        labels[n] = n % classes;
        for (int i = 0; i < INPUTS; i++)
            images[n][i] = (float)((i * (labels[n] + 2) + n) % 11) / 4;
    }
}

/* The outputs as their bits, so that two are compared. */
static void print_outputs(const char *what)
{
    growing_predict(context, images[0], N, outputs[0]);
    growing_probabilities(context, outputs[0], N, outputs[0]);
    printf("%s", what);
    for (int n = 0; n < N; n++)
        for (int k = 0; k < GROWING_OUTPUTS; k++)
            printf(" %a", (double)outputs[n][k]);
    putchar('\n');
}

static void print_names(const char *what)
{
    printf("%s %d:", what, (int)growing_class_count(context));
    for (int64_t i = 0; growing_context_class_name(context, i); i++)
        printf(" [%s]", growing_context_class_name(context, i));
    putchar('\n');
}

/* Of the outputs behind the last class: what softmax leaves for them. */
static int are_unused(int64_t classes)
{
    int zero = 1;
    growing_predict(context, images[0], N, outputs[0]);
    growing_probabilities(context, outputs[0], N, outputs[0]);
    for (int n = 0; n < N; n++)
        for (int64_t k = classes; k < GROWING_OUTPUTS; k++)
            zero = zero && outputs[n][k] == 0;
    return zero;
}

static float train(int steps)
{
    float loss = 0;
    while (steps-- > 0)
        growing_train_step(context, images[0], labels, N, &loss);
    return loss;
}

static void check_names(void)
{
    char longest[200];
    memset(longest, 'x', sizeof longest);
    longest[128] = '\0';
    need(growing_add_class(context, NULL, NULL, 0, NULL) == GROWING_ERROR_ARGUMENT, "no name");
    need(growing_add_class(context, "", NULL, 0, NULL) == GROWING_ERROR_ARGUMENT, "an empty name");
    need(growing_add_class(context, "b", NULL, 0, NULL) == GROWING_ERROR_ARGUMENT, "a name twice");
    need(growing_add_class(context, "d\ne", NULL, 0, NULL) == GROWING_ERROR_ARGUMENT, "two lines");
    need(growing_add_class(context, longest, NULL, 0, NULL) == GROWING_ERROR_ARGUMENT, "too long");
    need(growing_add_class(context, "d", features[0], 0, NULL) == GROWING_ERROR_ARGUMENT,
         "features of nothing");
    features[0][3] = NAN;
    need(growing_add_class(context, "d", features[0], 1, NULL) == GROWING_ERROR_NOT_FINITE,
         "features that are not finite");
    need(growing_class_count(context) == GROWING_CLASSES, "and no class has come");
}

static void check_room(void)
{
    int64_t label = -1;
    need(growing_add_class(context, "e", NULL, 0, &label) == GROWING_OK && label == 4, "a fifth");
    need(growing_add_class(context, "f", NULL, 0, NULL) == GROWING_OK, "a sixth");
    need(growing_add_class(context, "g", NULL, 0, NULL) == GROWING_ERROR_LIMIT, "no seventh");
    print_names("full");
}

static void load(const char *name)
{
    FILE *file = fopen(name, "rb");
    const long bytes = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (bytes < 0 || fseek(file, 0, SEEK_SET) != 0)
        exit(2);
    const growing_status status = growing_load(context, read_bytes, file, (size_t)bytes);
    fclose(file);
    printf("load %d %s\n", status, growing_error(context));
    print_names("loaded");
}

/* A class by features, then by steps, saved, and another that a snapshot takes back. */
static void grow(const char *out)
{
    int64_t label = -1;
    fill(4);
    need(growing_train_step(context, images[0], labels, N, NULL) == GROWING_ERROR_ARGUMENT,
         "a label that is no class yet");
    growing_features(context, images[0], N, features[0]);
    check_names();
    growing_features(context, images[0], N, features[0]);
    memcpy(features[1], features[7], sizeof features[1]);
    memcpy(features[0], features[3], sizeof features[0]);
    need(growing_add_class(context, "d", features[0], 2, &label) == GROWING_OK && label == 3,
         "a fourth class");
    need(are_unused(4), "behind it nothing has a share");
    const float first = train(1), last = train(200);
    need(last < first / 2, "steps tell it from the others");
    need(are_unused(4), "and those without a class are left out of them");
    print_outputs("grown");
    FILE *file = fopen(out, "wb");
    if (!file)
        exit(2);
    need(growing_save(context, write_bytes, file) == GROWING_OK && fclose(file) == 0, "saved");
    need(growing_snapshot(context, kept, sizeof kept) == GROWING_OK, "a snapshot");
    check_room();
    need(growing_restore(context, kept, sizeof kept) == GROWING_OK, "and back");
    print_names("restored");
    print_outputs("restored");
}

int main(int argc, char **argv)
{
    growing_model model;
    growing_model_open(&model, GROWING_ABI_VERSION, NULL, 0);
    context = begin(&model, 0);
    fill(3);
    need(are_unused(3), "outputs without a class have no share");
    train(100);
    print_names("begun");
    grow(argv[1]);
    context = begin(&model, 1);
    print_names("another");
    for (int i = 1; i < argc; i++) {
        load(argv[i]);
        print_outputs("outputs");
    }
    return 0;
}
