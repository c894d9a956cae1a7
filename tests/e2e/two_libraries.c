/* Two libraries in one program: predicts with both, in turn, and prints the numbers as they are. */
#include <stdint.h>
#include <stdio.h>

#include "numerals.h"
#include "small_training.h"

enum {
    SMALL_INPUTS = SMALL_TRAINING_CHANNELS * SMALL_TRAINING_HEIGHT * SMALL_TRAINING_WIDTH,
    NUMERALS_INPUTS = NUMERALS_CHANNELS * NUMERALS_HEIGHT * NUMERALS_WIDTH
};

/* A workspace: the aligned part of some memory. */
static void *workspace(unsigned char *memory) { return memory + 64 - (uintptr_t)memory % 64; }

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
    static unsigned char small_memory[16 << 20], numerals_memory[16 << 20];
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
    if (small_training_init(&small, &alone, workspace(small_memory), sizeof small_memory - 64,
                            &s) ||
        numerals_init(&numerals, NULL, workspace(numerals_memory), sizeof numerals_memory - 64, &n))
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
