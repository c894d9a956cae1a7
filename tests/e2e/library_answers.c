/* What the library of small_training answers to one image, whose weights have a temperature and a threshold, and after it has read files.
 * library_answers IMAGE PACKED FILE... OUT: prints what calibration.py checks; PACKED: `-`, where the library has its weights in it. */
#include <stdio.h>
#include <string.h>

#include "small_training.h"

enum { VALUES = SMALL_TRAINING_CHANNELS * SMALL_TRAINING_HEIGHT * SMALL_TRAINING_WIDTH };

static unsigned char memory[32 << 20], weights[4 << 20];
static float image[VALUES], answer[SMALL_TRAINING_OUTPUTS];

static unsigned char *aligned(unsigned char *at)
{
    return at + SMALL_TRAINING_ALIGNMENT - (uintptr_t)at % SMALL_TRAINING_ALIGNMENT;
}

/* A file in memory, of which the next bytes are read. */
static unsigned char content[4 << 20];
static size_t content_bytes, content_at;

static int read_bytes(void *user, void *data, size_t bytes)
{
    (void)user;
    if (bytes > content_bytes - content_at)
        return 1;
    memcpy(data, content + content_at, bytes);
    content_at += bytes;
    return 0;
}

static int write_bytes(void *file, const void *data, size_t bytes)
{
    return fwrite(data, 1, bytes, (FILE *)file) != bytes;
}

static void take_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    content_at = 0;
    content_bytes = f ? fread(content, 1, sizeof content, f) : 0;
    if (f)
        fclose(f);
}

static void print_answer(small_training_context *c, const char *what)
{
    small_training_predict(c, image, 1, answer);
    small_training_probabilities(c, answer, 1, answer);
    printf("%s", what);
    for (int k = 0; k < SMALL_TRAINING_OUTPUTS; k++)
        printf(" %.9g", (double)answer[k]);
    printf("\n%s_threshold %.9g\n", what, (double)small_training_threshold(c));
}

static void load(small_training_context *c, const char *path, const char *what)
{
    take_file(path);
    if (small_training_load(c, read_bytes, NULL, content_bytes) == SMALL_TRAINING_OK)
        print_answer(c, what);
    else
        printf("%s %s\n", what, small_training_error(c));
}

static small_training_context *begin(small_training_model *model, const char *packed)
{
    small_training_context *c = NULL;
    size_t bytes = 0;
    if (strcmp(packed, "-") != 0) {
        take_file(packed);
        bytes = content_bytes;
        memcpy(aligned(weights), content,
               bytes < sizeof weights - SMALL_TRAINING_ALIGNMENT ? bytes : 0);
    }
    if (small_training_model_open(model, SMALL_TRAINING_ABI_VERSION,
                                  bytes ? aligned(weights) : NULL, bytes) == SMALL_TRAINING_OK)
        small_training_init(model, NULL, aligned(memory), sizeof memory - SMALL_TRAINING_ALIGNMENT,
                            &c);
    return c;
}

int main(int argc, char **argv)
{
    small_training_model model;
    if (argc != 6)
        return 2;
    take_file(argv[1]);
    memcpy(image, content, sizeof image);
    small_training_context *c = begin(&model, argv[2]);
    if (!c)
        return 1;
    print_answer(c, "own");
    load(c, argv[3], "plain");
    load(c, argv[4], "loaded");
    FILE *f = fopen(argv[5], "wb");
    const int saved = f && small_training_save(c, write_bytes, f) == SMALL_TRAINING_OK;
    if (f)
        fclose(f);
    return !saved;
}
