/* What a program keeps of its frozen prefix between epochs (the recipe's `cache`), and why it keeps nothing. */
#ifndef FTM_DRIVER_KEPT_FEATURES_H
#define FTM_DRIVER_KEPT_FEATURES_H

#include "finetune.h"
#include "graph.h"

/* Which prefixes become entries of their own, whose results can be kept. */
enum prefix_cut kept_features_cut(const struct recipe *r, bool library);

/* Why a program of the recipe has no features to keep, whatever is frozen, in words; NULL: it may have. */
const char *kept_features_defect(const struct recipe *r);

/* How many variants of each sample training goes through, an approximation of what `transform train` draws; 0: it draws anew, or
 * nothing. */
int64_t kept_features_views(const struct recipe *r);

/* Where they are kept, behind how much they take; over: that is more than the budget for memory. */
const char *kept_features_place(const struct recipe *r, bool over);

/* Bytes of the features of a sample in a phase, of a program behind its passes; 0: the phase has none. */
int64_t kept_features_bytes(const struct program *p, uint32_t phase);

#endif
