/* link: ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base ftmrt_files ftmrt */
/* No bytes make the pickle machine crash; what it builds takes memory in proportion to them. */
#include "fuzz.h"

#include <stdlib.h>

#include "pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct pickle p;
    arena_init(&arena, "fuzz");
    const bool ok = pickle_read(&arena, data, size, &p);
    if (ok ? p.used > size || !p.root : !p.error || p.error_at > size)
        abort();
    if (arena.used > 4096 + 256 * size)
        abort();
    arena_clear(&arena);
    return 0;
}
