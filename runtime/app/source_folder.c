/* folder(path): pictures in a folder per class. */
#include "source_pictures.h"

bool open_folder(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    return source_pictures(s, call, want, &picture_files);
}
