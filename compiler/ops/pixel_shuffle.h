/* What pixel_shuffle and pixel_unshuffle, which is its inverse, share. */
#ifndef FTM_OPS_PIXEL_SHUFFLE_H
#define FTM_OPS_PIXEL_SHUFFLE_H

#include "op.h"

enum { PIXEL_SHUFFLE_MAX_FACTOR = 16 };

/* Whether r and x's sizes fit: `what` of x must be multiples of `by`, and are if `whole`. Reports and returns false if not. */
bool pixel_shuffle_fits(struct graph *g, const struct node *n, bool whole, const char *what,
                        int64_t by);

/* Copies between `few`, [N,C,H r,W r], and `many`, [N,C r r,H,W]; to `many` if back. */
void pixel_shuffle_copy(const struct tensor *few, const struct tensor *many, int64_t r, bool back);

#endif
