/* npz(file, images, labels): NumPy arrays of one file, held in memory. */
#include "source_array.h"

bool open_npz(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    const struct array_files files = {.archive = ftmrt_call_text(call, FTMRT_PARAM_npz_file),
                                      .images = ftmrt_call_text(call, FTMRT_PARAM_npz_images),
                                      .labels = ftmrt_call_text(call, FTMRT_PARAM_npz_labels),
                                      .kind = ftmrt_source_labels(call)};
    return source_arrays(s, array_read_npz, &files, want);
}
