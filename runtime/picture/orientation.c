/* EXIF orientation: how the camera was held. */
#include <string.h>

#include "decoder.h"

enum { ORIENTATION = 0x0112, SHORT = 3, LONG = 4, ENTRY = 12 };

/* A TIFF file's bytes, in its order. */
struct tiff {
    const unsigned char *at;
    size_t size;
    bool big;
};

/* The number of `bytes` bytes at a place that lies inside. */
static uint32_t number(const struct tiff *t, size_t place, size_t bytes)
{
    uint32_t x = 0;
    for (size_t i = 0; i < bytes; i++)
        x |= (uint32_t)t->at[place + i] << 8 * (t->big ? bytes - 1 - i : i);
    return x;
}

static int entry_orientation(const struct tiff *t, size_t entry)
{
    const uint32_t type = number(t, entry + 2, 2), /* SHORT; some programs write LONG */
        value = number(t, entry + 8, type == LONG ? 4 : 2);
    const bool fits = (type == SHORT || type == LONG) && number(t, entry + 4, 4) == 1;
    return fits && value >= 1 && value <= 8 ? (int)value : 1;
}

int exif_orientation(const unsigned char *exif, size_t size)
{
    if (size >= 6 && !memcmp(exif, "Exif\0\0", 6)) {
        exif += 6;
        size -= 6;
    }
    if (size < 8 || (memcmp(exif, "II*\0", 4) != 0 && memcmp(exif, "MM\0*", 4) != 0))
        return 1;
    const struct tiff t = {exif, size, exif[0] == 'M'};
    const size_t directory = number(&t, 4, 4);
    if (directory > size - 2)
        return 1;
    const size_t count = number(&t, directory, 2), room = (size - directory - 2) / ENTRY;
    for (size_t i = 0; i < count && i < room; i++)
        if (number(&t, directory + 2 + i * ENTRY, 2) == ORIENTATION)
            return entry_orientation(&t, directory + 2 + i * ENTRY);
    return 1;
}

/* Orientations 2 to 8 as a mirror of columns, a mirror of rows and then a transposition (2: columns, 3: both, 4: rows, 5:
 * transposed ...); what a stored pixel's new place is. */
void orientation_apply(struct ftmrt_picture *p, int orientation, unsigned char *turned)
{
    static const struct {
        bool columns, rows, transposed;
    } turns[9] = {[2] = {true, false, false}, [3] = {true, true, false}, [4] = {false, true, false},
                  [5] = {false, false, true}, [6] = {false, true, true}, [7] = {true, true, true},
                  [8] = {true, false, true}};
    const int64_t h = p->height, w = p->width, c = p->channels;
    const bool transposed = turns[orientation].transposed;
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            const int64_t row = turns[orientation].rows ? h - 1 - y : y,
                          column = turns[orientation].columns ? w - 1 - x : x,
                          to = transposed ? column * h + row : row * w + column;
            for (int64_t k = 0; k < c; k++)
                turned[to * c + k] = p->pixels[(y * w + x) * c + k];
        }
    memcpy(p->pixels, turned, (size_t)(h * w * c));
    p->height = transposed ? w : h;
    p->width = transposed ? h : w;
}
