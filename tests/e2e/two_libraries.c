/* Two libraries in one program: predicts with both, in turn, and prints the numbers as they are. */
#include <stdio.h>
#include <stdlib.h>

#include "numerals.h"
#include "small_training.h"

enum {
    SMALL_INPUTS = SMALL_TRAINING_CHANNELS * SMALL_TRAINING_HEIGHT * SMALL_TRAINING_WIDTH,
    NUMERALS_INPUTS = NUMERALS_CHANNELS * NUMERALS_HEIGHT * NUMERALS_WIDTH
};

/* A workspace, which is never given back. */
static void *workspace(size_t bytes)
{
    unsigned char *memory = (unsigned char *)malloc(bytes + 64);
    return memory ? memory + 64 - (uintptr_t)memory % 64 : NULL;
}

static void fill(float *input, int count)
{
    for (int i = 0; i < count; i++)
        input[i] = (float)(i * 7 % 23 - 11) / 8;
}

static void print(const float *output, int count)
{
    for (int i = 0; i < count; i++)
        printf("%a ", (double)output[i]);
    putchar('\n');
}

int main(void)
{
    static float small_input[SMALL_INPUTS], numerals_input[NUMERALS_INPUTS];
    float small_output[SMALL_TRAINING_OUTPUTS], numerals_output[NUMERALS_OUTPUTS];
    small_training_model small;
    numerals_model numerals;
    small_training_context *s = NULL;
    numerals_context *n = NULL;
    const small_training_options alone = SMALL_TRAINING_OPTIONS;
    if (small_training_model_open(&small, SMALL_TRAINING_ABI_VERSION, NULL, 0) ||
        numerals_model_open(&numerals, NUMERALS_ABI_VERSION, NULL, 0))
        return 1;
    const size_t small_bytes = small_training_workspace_size(&small, &alone),
                 numerals_bytes = numerals_workspace_size(&numerals, NULL);
    if (small_training_init(&small, &alone, workspace(small_bytes), small_bytes, &s) ||
        numerals_init(&numerals, NULL, workspace(numerals_bytes), numerals_bytes, &n))
        return 2;
    fill(small_input, SMALL_INPUTS);
    fill(numerals_input, NUMERALS_INPUTS);
    for (int round = 0; round < 2; round++) {
        if (small_training_predict(s, small_input, 1, small_output) ||
            numerals_predict(n, numerals_input, 1, numerals_output))
            return 3;
        print(small_output, SMALL_TRAINING_OUTPUTS);
        print(numerals_output, NUMERALS_OUTPUTS);
    }
    return 0;
}
