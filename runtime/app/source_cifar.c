/* Records of CIFAR as pictures: planes to interleaved channels. */
#include "source_cifar.h"

#include <stdio.h>

#include "cifar_records.h"
#include "fingerprint.h"

static bool read_planes(const char *path, int labels, unsigned char planes[CIFAR_BYTES],
                        struct ftmrt_picture_report *r)
{
    const char *why = cifar_read(path, labels, planes);
    if (why)
        snprintf(r->error, sizeof r->error, "%s", why);
    return !why;
}

bool cifar_pixels(const char *path, int labels, struct buffer *pixels, struct ftmrt_picture *out,
                  struct ftmrt_picture_report *r)
{
    enum { PLANE = CIFAR_SIDE * CIFAR_SIDE };
    unsigned char planes[CIFAR_BYTES];
    *r = (struct ftmrt_picture_report){.orientation = 1};
    if (!read_planes(path, labels, planes, r))
        return false;
    unsigned char *to = buffer_need(pixels, CIFAR_BYTES);
    for (int c = 0; c < CIFAR_CHANNELS; c++)
        for (int k = 0; k < PLANE; k++)
            to[k * CIFAR_CHANNELS + c] = planes[c * PLANE + k];
    *out = (struct ftmrt_picture){CIFAR_SIDE, CIFAR_SIDE, CIFAR_CHANNELS, false, to};
    return true;
}

bool cifar_look(const char *path, int labels, uint64_t *content, struct ftmrt_picture_look *look,
                struct ftmrt_picture_report *r)
{
    unsigned char planes[CIFAR_BYTES];
    if (!read_planes(path, labels, planes, r))
        return false;
    *content = fingerprint_bytes(planes, sizeof planes, 0);
    *look = (struct ftmrt_picture_look){CIFAR_SIDE, CIFAR_SIDE, 1};
    return true;
}
