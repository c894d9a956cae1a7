/* link: ftmrt_files ftmrt */
/* No bytes make the safetensors reader crash, and every tensor it gives lies inside the buffer. */
#include "fuzz.h"

#include <stdlib.h>

#include "safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_file f;
    char error[256];
    if (st_read(&f, data, size, error, sizeof error) != FTMRT_OK)
        return 0;
    for (size_t i = 0; i < f.tensor_count; i++) {
        const struct st_tensor *t = &f.tensors[i];
        if (t->data < data || t->bytes > size || t->data > data + (size - t->bytes))
            abort();
        fuzz_touch(t->data, t->bytes);
    }
    st_free(&f);
    return 0;
}
