/* idx(images, labels): IDX files, plain or gzipped, held in memory. */
#include "source_array.h"

bool open_idx(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    const struct array_files files = {.images = ftmrt_call_text(call, FTMRT_PARAM_idx_images),
                                      .labels = ftmrt_call_text(call, FTMRT_PARAM_idx_labels),
                                      .kind = ftmrt_source_labels(call)};
    return source_arrays(s, array_read_idx, &files, want);
}
