/* csv(file): a table of pictures. */
#include "source_pictures.h"

bool open_csv(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    return source_pictures(s, call, want, &picture_files);
}
