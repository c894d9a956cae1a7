/* A product around the library of product_life.py: product_life FILE PIXELS says what is on 16 x 16 grey bytes by the weights of a trained file, and of how
 * many classes. */
#include <stdio.h>
#include <stdlib.h>

#include "leaves_of_trees.h"

static unsigned char memory[16 << 20];

static int read_bytes(void *file, void *data, size_t bytes)
{
    return fread(data, 1, bytes, (FILE *)file) != bytes;
}

static leaves_of_trees_status load(leaves_of_trees_context *context, const char *name)
{
    FILE *file = fopen(name, "rb");
    const long bytes = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    leaves_of_trees_status status = LEAVES_OF_TREES_ERROR_IO;
    if (bytes >= 0 && fseek(file, 0, SEEK_SET) == 0)
        status = leaves_of_trees_load(context, read_bytes, file, (size_t)bytes);
    if (file)
        fclose(file);
    return status;
}

int main(int argc, char **argv)
{
    uint8_t pixels[16 * 16];
    float p[LEAVES_OF_TREES_OUTPUTS];
    leaves_of_trees_model model;
    leaves_of_trees_context *c = NULL;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    unsigned char *aligned =
        memory + LEAVES_OF_TREES_ALIGNMENT - (uintptr_t)memory % LEAVES_OF_TREES_ALIGNMENT;
    if (!file || fread(pixels, sizeof pixels, 1, file) != 1 || fclose(file) != 0 ||
        leaves_of_trees_model_open(&model, LEAVES_OF_TREES_ABI_VERSION, NULL, 0) ||
        leaves_of_trees_init(&model, NULL, aligned, sizeof memory - LEAVES_OF_TREES_ALIGNMENT, &c))
        return 2;
    if (load(c, argv[1]) ||
        leaves_of_trees_predict_u8(c, pixels, 16, 16, 16, LEAVES_OF_TREES_GREY, p)) {
        fprintf(stderr, "%s\n", leaves_of_trees_error(c));
        return 1;
    }
    int best = 0;
    for (int k = 1; k < LEAVES_OF_TREES_OUTPUTS; k++)
        best = p[k] > p[best] ? k : best;
    printf("%s of %d\n", leaves_of_trees_context_class_name(c, best),
           (int)leaves_of_trees_class_count(c));
    return 0;
}
