/* Learns from a stream: learn FILE < RECORDS. A record is a label (a byte, 0 to 9) and 28 x 28 grey bytes. What FILE holds is where
 * it goes on from, if it is there; what was learnt is in it at the end. */
#include <stdio.h>

#include "numerals.h"

/* A program may have variables; the library has none. */
static unsigned char memory[64 << 20];
static float inputs[NUMERALS_BATCH][28 * 28];
static numerals_label labels[NUMERALS_BATCH];

static int read_bytes(void *file, void *data, size_t bytes)
{
    return fread(data, 1, bytes, (FILE *)file) != bytes;
}

static int write_bytes(void *file, const void *data, size_t bytes)
{
    return fwrite(data, 1, bytes, (FILE *)file) != bytes;
}

/* Takes what an earlier run has learnt, if there was one. */
static numerals_status load(numerals_context *context, const char *name)
{
    FILE *file = fopen(name, "rb");
    if (!file)
        return NUMERALS_OK;
    const long bytes = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    const numerals_status status = bytes >= 0 && fseek(file, 0, SEEK_SET) == 0
                                       ? numerals_load(context, read_bytes, file, (size_t)bytes)
                                       : NUMERALS_ERROR_IO;
    fclose(file);
    return status;
}

/* Writes another file and puts it in the old one's place when it is whole. */
static numerals_status save(numerals_context *context, const char *name)
{
    char other[4096];
    snprintf(other, sizeof other, "%s.new", name);
    FILE *file = fopen(other, "wb");
    const numerals_status status =
        file ? numerals_save(context, write_bytes, file) : NUMERALS_ERROR_IO;
    const int written =
        file && fclose(file) == 0 && status == NUMERALS_OK && rename(other, name) == 0;
    return written || status ? status : NUMERALS_ERROR_IO;
}

/* Reads up to a batch from the stream and returns how many came. */
static int read_batch(numerals_context *context)
{
    uint8_t record[1 + 28 * 28];
    int n = 0;
    for (; n < NUMERALS_BATCH && fread(record, sizeof record, 1, stdin) == 1; n++) {
        labels[n] = record[0];
        numerals_preprocess_u8(context, record + 1, 28, 28, 28, NUMERALS_GREY, inputs[n]);
    }
    return n;
}

int main(int argc, char **argv)
{
    const char *name = argc == 2 ? argv[1] : "learnt.safetensors";
    float loss = 0;
    int steps = 0;
    numerals_model model;
    numerals_context *context = NULL;
    numerals_status status = numerals_model_open(&model, NUMERALS_ABI_VERSION, NULL, 0);
    status =
        status ? status
               : numerals_init(&model, NULL,
                               memory + NUMERALS_ALIGNMENT - (uintptr_t)memory % NUMERALS_ALIGNMENT,
                               sizeof memory - NUMERALS_ALIGNMENT, &context);
    status = status ? status : load(context, name);
    for (int n; !status && (n = read_batch(context)) > 0; steps++)
        status = numerals_train_step(context, inputs[0], labels, n, &loss);
    status = status ? status : save(context, name);
    printf("%d steps, loss %.6f\n", steps, (double)loss);
    if (status != NUMERALS_OK)
        fprintf(stderr, "learn: %s\n",
                context ? numerals_error(context) : numerals_status_text(status));
    return status != NUMERALS_OK;
}
