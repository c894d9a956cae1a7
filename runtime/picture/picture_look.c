/* Sizes and orientations by the first bytes of files, and by the last ones whether they are whole. Sources: PNG specification, sections 5.3 and 11.2.2; ITU-T T.81, annex B; the WebP
 * container specification (RFC 9649). */
#include <string.h>

#include "decoder.h"

static uint32_t big(const unsigned char *at, int bytes)
{
    uint32_t x = 0;
    for (int i = 0; i < bytes; i++)
        x = x << 8 | at[i];
    return x;
}

static uint32_t little(const unsigned char *at, int bytes)
{
    uint32_t x = 0;
    for (int i = bytes - 1; i >= 0; i--)
        x = x << 8 | at[i];
    return x;
}

/* Chunks of length, name, data and checksum; IHDR is the first, eXIf stands before the pixels where there is one. */
void look_png(const unsigned char *bytes, size_t size, struct ftmrt_picture_look *look)
{
    if (size >= 24) {
        look->width = big(bytes + 16, 4);
        look->height = big(bytes + 20, 4);
    }
    for (size_t at = 8; at + 8 <= size;) {
        const size_t length = big(bytes + at, 4), room = size - at - 8;
        if (!memcmp(bytes + at + 4, "eXIf", 4))
            look->orientation = exif_orientation(bytes + at + 8, length < room ? length : room);
        if (length > room)
            return;
        at += length + 12;
    }
}

/* Whether a marker begins a frame, which says the size. */
static bool begins_frame(unsigned char marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Segments of marker and length; EXIF is in one of the first, the size in front of the pixels. */
void look_jpeg(const unsigned char *bytes, size_t size, struct ftmrt_picture_look *look)
{
    for (size_t at = 2; at + 10 <= size && bytes[at] == 0xff;) {
        const unsigned char marker = bytes[at + 1];
        const size_t length = big(bytes + at + 2, 2), room = size - at - 4;
        const unsigned char *data = bytes + at + 4;
        if (marker == 0xe1 && room > 6 && !memcmp(data, "Exif", 4))
            look->orientation = exif_orientation(data, length < room ? length : room);
        if (begins_frame(marker)) {
            look->height = big(data + 1, 2);
            look->width = big(data + 3, 2);
            return;
        }
        at += marker == 0xff ? 1 : 2 + length;
    }
}

/* The first chunk: a canvas, or the frame of a lossy or a lossless picture. */
void look_webp(const unsigned char *bytes, size_t size, struct ftmrt_picture_look *look)
{
    if (size < 30)
        return;
    const unsigned char *chunk = bytes + 12;
    if (!memcmp(chunk, "VP8X", 4)) {
        look->width = little(chunk + 12, 3) + 1;
        look->height = little(chunk + 15, 3) + 1;
    } else if (!memcmp(chunk, "VP8 ", 4)) {
        look->width = little(chunk + 14, 2) & 0x3fff;
        look->height = little(chunk + 16, 2) & 0x3fff;
    } else if (!memcmp(chunk, "VP8L", 4)) {
        const uint32_t sizes = little(chunk + 9, 4);
        look->width = (sizes & 0x3fff) + 1;
        look->height = (sizes >> 14 & 0x3fff) + 1;
    }
}

/* ---- ends ---- */

/* Whether some bytes are among the last ones. */
static bool has_bytes(const unsigned char *tail, size_t size, const char *bytes, size_t count)
{
    for (size_t at = size; at >= count; at--)
        if (!memcmp(tail + at - count, bytes, count))
            return true;
    return false;
}

/* The name of the last chunk, which is empty, and its checksum. */
bool ends_png(const unsigned char *head, const unsigned char *tail, size_t tail_size,
              int64_t file_size)
{
    (void)head, (void)file_size;
    return has_bytes(tail, tail_size, "IEND\xae\x42\x60\x82", 8);
}

/* The marker of the end, which does not occur among pixels. */
bool ends_jpeg(const unsigned char *head, const unsigned char *tail, size_t tail_size,
               int64_t file_size)
{
    (void)head, (void)file_size;
    return has_bytes(tail, tail_size, "\xff\xd9", 2);
}

/* The container says how long it is. */
bool ends_webp(const unsigned char *head, const unsigned char *tail, size_t tail_size,
               int64_t file_size)
{
    (void)tail, (void)tail_size;
    return (int64_t)little(head + 4, 4) + 8 <= file_size;
}
