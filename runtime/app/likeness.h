/* How a picture looks, for finding others that look alike: the same photograph at another size, packed again, lighter or darker,
 * mirrored. Two pictures are alike where 58 of the 64 bits of their hashes are equal, signs of low frequencies, and their thumbnails
 * correlate, too, which tells things that are merely of one shape apart. */
#ifndef FTMRT_APP_LIKENESS_H
#define FTMRT_APP_LIKENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "sampling.h"

enum { LIKENESS_SIDE = 16, LIKENESS_BITS = 6 };

struct likeness {
    uint64_t hash, mirrored; /* of the picture, and of its mirror image */
    signed char thumbnail[LIKENESS_SIDE * LIKENESS_SIDE]; /* grey, around its mean */
    float
        length; /* of the thumbnail as a vector; 0: it is of one colour, or could not be read, and like no other */
};

void likeness_of(struct likeness *l, const struct ftmrt_picture *p);

/* Of all samples of a subset that are pictures, [count], to be freed; by so many threads. What cannot be read is like no other. */
struct likeness *likeness_all(const struct subset *s, int threads);

/* A picture that looks like another one. */
struct alike {
    int64_t other; /* -1: none does */
    bool mirrored;
    float correlation;
};

/* For each of b the most similar of a, [b_count]; pairs with equal numbers in `a_contents` and `b_contents` (content.h) are none. */
void likeness_find(const struct likeness *a, const uint64_t *a_contents, int64_t a_count,
                   const struct likeness *b, const uint64_t *b_contents, int64_t b_count,
                   int threads, struct alike *out);

#endif
