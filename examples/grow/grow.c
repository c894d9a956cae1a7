/* A product that meets a new kind of thing: grow IMAGES LABELS IMAGES LABELS, IDX files of Fashion-MNIST to learn from and to ask. The library
 * knows all labels but the last, "ankle boot". Says how many answers are right to pictures of the old classes and of the new one: before it
 * comes; once it is there; after steps on pictures of it alone; and after steps on them and on KEPT pictures of each class that the product
 * has kept. */
#include <stdio.h>
#include <string.h>

#include "wardrobe.h"

enum { RECORDS = 1000, PIXELS = 28 * 28, NEW = WARDROBE_CLASSES, STEPS = 60, KEPT = 20 };

/* Features take the place of pictures: nothing in front of the last layer trains. */
struct records {
    int count;
    wardrobe_label labels[RECORDS];
    float features[RECORDS][WARDROBE_FEATURES];
};

static struct records learn, ask;
static unsigned char memory[256 << 20], kept[8 << 20];
static float weights[WARDROBE_OUTPUTS * WARDROBE_FEATURES], bias[WARDROBE_OUTPUTS];

/* The first pictures of each label, of IDX files. */
static wardrobe_status read_records(wardrobe_context *context, const char *images,
                                    const char *names, struct records *r)
{
    static float input[WARDROBE_CHANNELS * WARDROBE_HEIGHT * WARDROBE_WIDTH];
    uint8_t pixels[PIXELS], label;
    int seen[NEW + 1] = {0};
    FILE *files[] = {fopen(images, "rb"), fopen(names, "rb")};
    const int open = files[0] && files[1] && fseek(files[0], 16, SEEK_SET) == 0 &&
                     fseek(files[1], 8, SEEK_SET) == 0;
    wardrobe_status status = open ? WARDROBE_OK : WARDROBE_ERROR_IO;
    while (!status && r->count < RECORDS && fread(pixels, PIXELS, 1, files[0]) == 1 &&
           fread(&label, 1, 1, files[1]) == 1) {
        if (label > NEW || seen[label]++ >= RECORDS / (NEW + 1))
            continue;
        r->labels[r->count] = label;
        status = wardrobe_preprocess_u8(context, pixels, 28, 28, 28, WARDROBE_GREY, input);
        status = status ? status : wardrobe_features(context, input, 1, r->features[r->count++]);
    }
    for (int i = 0; i < 2; i++)
        if (files[i])
            fclose(files[i]);
    return status;
}

/* Steps on those records that `takes` names, over and over. */
static wardrobe_status train(wardrobe_context *context, int steps, int (*takes)(int i))
{
    static float batch[WARDROBE_BATCH][WARDROBE_FEATURES];
    wardrobe_label labels[WARDROBE_BATCH];
    wardrobe_status status = WARDROBE_OK;
    for (int step = 0, i = 0; !status && step < steps; step++) {
        for (int n = 0; n < WARDROBE_BATCH; i = (i + 1) % learn.count)
            if (takes(i)) {
                labels[n] = learn.labels[i];
                memcpy(batch[n++], learn.features[i], sizeof batch[0]);
            }
        status = wardrobe_train_step_features(context, batch[0], labels, WARDROBE_BATCH, NULL);
    }
    return status;
}

static int is_old(int i) { return learn.labels[i] < NEW; }
static int is_new(int i) { return learn.labels[i] == NEW; }

/* The new ones, and the first KEPT records of each old class. */
static int is_kept(int i)
{
    int before = 0;
    for (int k = 0; k < i; k++)
        before += learn.labels[k] == learn.labels[i];
    return is_new(i) || before < KEPT;
}

/* The class with the largest of weights x + bias, as the last layer has it. */
static int answer(const float *x, int classes)
{
    double best = 0;
    int class_ = 0;
    for (int k = 0; k < classes; k++) {
        double sum = bias[k];
        for (int j = 0; j < WARDROBE_FEATURES; j++)
            sum += (double)weights[k * WARDROBE_FEATURES + j] * x[j];
        class_ = k == 0 || sum > best ? k : class_;
        best = k == 0 || sum > best ? sum : best;
    }
    return class_;
}

static wardrobe_status measure(wardrobe_context *context, const char *when)
{
    int right[2] = {0}, count[2] = {0};
    const int classes = (int)wardrobe_class_count(context);
    wardrobe_status status = wardrobe_get_parameter(context, "_fc.weight", weights,
                                                    WARDROBE_OUTPUTS * WARDROBE_FEATURES);
    status = status ? status : wardrobe_get_parameter(context, "_fc.bias", bias, WARDROBE_OUTPUTS);
    for (int i = 0; !status && i < ask.count; i++) {
        const int new_ = ask.labels[i] == NEW;
        count[new_]++;
        right[new_] += answer(ask.features[i], classes) == ask.labels[i];
    }
    printf("%-34s old %3d of %d, new %3d of %d\n", when, right[0], count[0], right[1], count[1]);
    return status;
}

/* The class, by the features of the first records of it. */
static wardrobe_status add(wardrobe_context *context)
{
    static float features[KEPT][WARDROBE_FEATURES];
    int n = 0;
    for (int i = 0; i < learn.count && n < KEPT; i++)
        if (is_new(i))
            memcpy(features[n++], learn.features[i], sizeof features[0]);
    return wardrobe_add_class(context, "ankle boot", features[0], n, NULL);
}

int main(int argc, char **argv)
{
    wardrobe_model model;
    wardrobe_context *c = NULL;
    wardrobe_status status = wardrobe_model_open(&model, WARDROBE_ABI_VERSION, NULL, 0);
    unsigned char *aligned = memory + WARDROBE_ALIGNMENT - (uintptr_t)memory % WARDROBE_ALIGNMENT;
    if (argc != 5)
        return 2;
    status = status ? status
                    : wardrobe_init(&model, NULL, aligned, sizeof memory - WARDROBE_ALIGNMENT, &c);
    status = status ? status : read_records(c, argv[1], argv[2], &learn);
    status = status ? status : read_records(c, argv[3], argv[4], &ask);
    status = status ? status : train(c, 10 * STEPS, is_old);
    status = status ? status : measure(c, "before");
    status = status ? status : wardrobe_snapshot(c, kept, sizeof kept);
    status = status ? status : add(c);
    status = status ? status : measure(c, "added by features, no step");
    status = status ? status : train(c, STEPS, is_new);
    status = status ? status : measure(c, "steps on new pictures alone");
    status = status ? status : wardrobe_restore(c, kept, sizeof kept);
    status = status ? status : add(c);
    status = status ? status : train(c, STEPS, is_kept);
    status = status ? status : measure(c, "steps on new and kept pictures");
    if (status)
        fprintf(stderr, "grow: %s\n", c ? wardrobe_error(c) : wardrobe_status_text(status));
    return status != WARDROBE_OK;
}
