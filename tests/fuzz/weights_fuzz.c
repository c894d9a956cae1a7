/* link: ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base ftmrt_files ftmrt */
/* No bytes make the readers of weight files crash; a file is refused with a report or gives tensors
 * whose data has the size of their shape. */
#include "fuzz.h"

#include <stdlib.h>

#include "weights_reader.h"

static void check(const struct weight_tensor *t)
{
    if (t->unusable) {
        if (t->data || t->bytes || t->rank)
            abort();
        return;
    }
    uint64_t bytes = ftmrt_dtype_size(t->dtype);
    for (uint32_t i = 0; i < t->rank; i++)
        bytes *= (uint64_t)t->dim[i];
    if (bytes != t->bytes)
        abort();
    fuzz_touch(t->data, t->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct diag diag;
    arena_init(&arena, "fuzz");
    diag_init(&diag, &arena);
    struct weights *w = weights_open_memory(&arena, &diag, "input", data, size, NULL, SPAN_NONE);
    if (!w && diag.errors == 0)
        abort();
    for (uint32_t i = 0; w && i < w->tensors.len; i++)
        check(&w->tensors.at[i]);
    arena_clear(&arena);
    return 0;
}
