/* cifar100(root): records of two labels. */
#include "source_cifar.h"

enum { LABELS = 2 };

static bool read_record(const char *path, const struct ftmrt_picture_options *options,
                        struct buffer *pixels, struct ftmrt_picture *out,
                        struct ftmrt_picture_report *r)
{
    (void)options; /* they are about files of pictures */
    return cifar_pixels(path, LABELS, pixels, out, r);
}

static bool look_at_record(const char *path, const struct ftmrt_picture_options *options,
                           uint64_t *content, struct ftmrt_picture_look *look,
                           struct ftmrt_picture_report *r)
{
    (void)options;
    return cifar_look(path, LABELS, content, look, r);
}

bool open_cifar100(struct source *s, const struct ftmrt_call *call, const struct source_want *want)
{
    static const struct picture_access access = {read_record, look_at_record};
    return source_pictures(s, call, want, &access);
}
