/* From the classes that a listing found to the program's: by their names. */
#ifndef FTMRT_APP_PICTURE_LABELS_H
#define FTMRT_APP_PICTURE_LABELS_H

#include "listing.h"
#include "source.h"

/* The label of each of the listing's classes. false after a message that names those which the program has not, shows those that it
 * has, and says which differ in case or accents only. place: of the listing. */
bool picture_labels(int32_t *labels, const struct listing *l, const char *place,
                    const struct source_want *want);

#endif
