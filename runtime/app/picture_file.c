#include "picture_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "file_bytes.h"
#include "report.h"

/* As buffer_need, but a picture that is too large for the memory is its own fault alone. */
static unsigned char *need_pixels(void *owner, size_t size)
{
    struct buffer *b = owner;
    if (size > b->size) {
        free(b->at);
        b->at = malloc(size);
        b->size = b->at ? size : 0;
    }
    return b->at;
}

bool picture_file_try(const char *path, const struct ftmrt_picture_options *options,
                      struct buffer *pixels, struct ftmrt_picture *out,
                      struct ftmrt_picture_report *r)
{
    struct file_bytes f;
    const char *why = file_bytes_try(&f, path);
    if (why) {
        *r = (struct ftmrt_picture_report){0};
        snprintf(r->error, sizeof r->error, "%s", why);
        return false;
    }
    const struct ftmrt_pixel_memory memory = {need_pixels, pixels};
    const bool ok = ftmrt_picture_decode(f.at, f.size, options, memory, out, r);
    file_bytes_close(&f);
    return ok;
}

bool picture_file_read(const char *path, const struct ftmrt_picture_options *options,
                       struct buffer *pixels, struct ftmrt_picture *out)
{
    struct ftmrt_picture_report r;
    if (!picture_file_try(path, options, pixels, out, &r))
        return report_error("%s: %s", path, r.error);
    if (r.warning[0])
        report_note("%s: %s", path, r.warning);
    return true;
}
