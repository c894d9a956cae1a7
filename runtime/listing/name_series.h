/* Series of pictures by their names: bursts, which show nearly the same thing many times.
 *
 * Names are of one series where they are of one folder, the same up to a time with seconds (IMG_20240101_120005.jpg), and where each
 * was taken at most NAME_SERIES_GAP seconds behind the one before. Mere numbers say nothing (IMG_0001.jpg, IMG_0002.jpg): a camera
 * numbers whatever it takes. */
#ifndef FTMRT_NAME_SERIES_H
#define FTMRT_NAME_SERIES_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds, and the names of the shortest series. */
enum { NAME_SERIES_GAP = 5, NAME_SERIES_LEAST = 3 };

struct name_series {
    int64_t series, names; /* how many there are, and the names in them */
    int64_t chosen;        /* how many of these names are chosen */
    const char *example;   /* the first name of the longest; the caller's */
    char group
        [64]; /* a pattern whose `{}` keeps each of them together (name_pattern.h); "": none is known that does */
};

/* Finds the series among paths [count]. chosen: [count], of which only series count that are chosen in part; NULL: all count.
 * false: out of memory, with *s empty. */
bool name_series_find(struct name_series *s, const char *const *paths, int64_t count,
                      const bool *chosen);

#endif
