/* npy(images, labels): a pair of NumPy arrays, held in memory. */
#include "source_array.h"

// NOLINTNEXTLINE(misc-use-internal-linkage): its row declares it for the table
bool open_npy(struct source *s, const struct ftmrt_call *call, const struct source_want *want);

bool open_npy(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    return source_arrays(s, array_read_npy, ftmrt_call_text(call, FTMRT_PARAM_npy_images),
                         ftmrt_call_text(call, FTMRT_PARAM_npy_labels), want);
}

bool source_open_npy(struct source *s, const char *path, const struct source_want *want)
{
    const struct source_want here = {.channels = want->channels,
                                     .height = want->height,
                                     .width =
                                         want->width}; /* the path is a user's, not a recipe's */
    *s = (struct source){0};
    if (source_arrays(s, array_read_npy, path, NULL, &here))
        return true;
    source_close(s);
    return false;
}
