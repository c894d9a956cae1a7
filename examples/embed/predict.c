/* Says what is on pictures of 28 x 28 grey bytes: predict < PIXELS. */
#include <stdio.h>
#include <stdlib.h>

#include "numerals.h"

int main(void)
{
    uint8_t pixels[28 * 28];
    float probabilities[NUMERALS_OUTPUTS];
    numerals_model model;
    numerals_context *context = NULL;
    numerals_status status = numerals_model_open(&model, NUMERALS_ABI_VERSION, NULL, 0);
    const size_t bytes = numerals_workspace_size(&model, NULL);
    unsigned char *memory = (unsigned char *)malloc(bytes + NUMERALS_ALIGNMENT);
    if (status == NUMERALS_OK && memory)
        status = numerals_init(&model, NULL,
                               memory + NUMERALS_ALIGNMENT - (uintptr_t)memory % NUMERALS_ALIGNMENT,
                               bytes, &context);
    while (context && status == NUMERALS_OK && fread(pixels, sizeof pixels, 1, stdin) == 1) {
        int best = 0;
        status = numerals_predict_u8(context, pixels, 28, 28, 28, NUMERALS_GREY, probabilities);
        for (int i = 1; i < NUMERALS_OUTPUTS; i++)
            best = probabilities[i] > probabilities[best] ? i : best;
        printf("%s %.6f\n", numerals_class_name(&model, best), (double)probabilities[best]);
    }
    if (status != NUMERALS_OK)
        fprintf(stderr, "predict: %s\n",
                context ? numerals_error(context) : numerals_status_text(status));
    free(memory);
    numerals_model_close(&model);
    return status != NUMERALS_OK;
}
