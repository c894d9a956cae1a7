/* npy(images, labels): a pair of NumPy arrays, held in memory. */
#include "source_array.h"

bool open_npy(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    const struct array_files files = {.images = ftmrt_call_text(call, FTMRT_PARAM_npy_images),
                                      .labels = ftmrt_call_text(call, FTMRT_PARAM_npy_labels),
                                      .kind = ftmrt_source_labels(call)};
    return source_arrays(s, array_read_npy, &files, want);
}
