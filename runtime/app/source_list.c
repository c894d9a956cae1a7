/* list(file): a list of pictures. */
#include "source_pictures.h"

bool open_list(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    return source_pictures(s, call, want, &picture_files);
}
