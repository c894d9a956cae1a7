/* idx(images, labels): IDX files, plain or gzipped, held in memory. */
#include "source_array.h"

// NOLINTNEXTLINE(misc-use-internal-linkage): its row declares it for the table
bool open_idx(struct source *s, const struct ftmrt_call *call, const struct source_want *want);

bool open_idx(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    return source_arrays(s, array_read_idx, ftmrt_call_text(call, FTMRT_PARAM_idx_images),
                         ftmrt_call_text(call, FTMRT_PARAM_idx_labels), want);
}
