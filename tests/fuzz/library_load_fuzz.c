/* link: ftmrt_embed ftmrt_files */
/* No bytes make a library's ftmx_load crash, and a file that it refuses changes nothing. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/embed_program.h"

struct input {
    const uint8_t *at;
    size_t left;
};

static int read_bytes(void *user, void *data, size_t bytes)
{
    struct input *in = user;
    if (bytes > in->left)
        return 1;
    memcpy(data, in->at, bytes);
    in->at += bytes;
    in->left -= bytes;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(64) unsigned char workspace[1 << 16];
    unsigned char before[512], after[512];
    ftmx_model model;
    ftmx_options options = FTMX_OPTIONS;
    ftmx_context *c;
    struct input in = {data, size};
    options.threads = 1;
    memset(workspace, 0, sizeof workspace);
    if (ftmx_model_open(&model, FTMX_ABI_VERSION, NULL, 0) != FTMX_OK ||
        ftmx_init(&model, &options, workspace, sizeof workspace, &c) != FTMX_OK ||
        ftmx_snapshot(c, before, sizeof before) != FTMX_OK)
        abort();
    const ftmx_status status = ftmx_load(c, read_bytes, &in, size);
    if (ftmx_snapshot(c, after, sizeof after) != FTMX_OK)
        abort();
    if (status != FTMX_OK && memcmp(before, after, ftmx_snapshot_size(c)) != 0)
        abort();
    fuzz_touch((const unsigned char *)ftmx_error(c), strlen(ftmx_error(c)) + 1);
    return 0;
}
