/* Samples of one part of the data that look like one of those that train: resized, packed again, lighter or darker, mirrored. */
#ifndef FTMRT_APP_NEAR_DUPLICATES_H
#define FTMRT_APP_NEAR_DUPLICATES_H

#include "likeness.h"

struct near_duplicates {
    struct alike *at; /* [count of the part], owned; `other` is a position among those that train */
    int64_t found;
    int64_t first; /* position of the first that was found */
};

/* Whether both parts are pictures, of which alone it is known. */
bool near_duplicates_can(const struct subset *train, const struct subset *part);
/* Reads all pictures; `equal`: whether equal ones count, too. false after a message. */
bool near_duplicates_find(struct near_duplicates *n, const struct subset *train,
                          const struct subset *part, bool equal, int threads);
void near_duplicates_free(struct near_duplicates *n);

/* What a message calls a sample of a subset; to be freed. */
char *near_duplicates_title(const struct subset *s, int64_t position);

#endif
