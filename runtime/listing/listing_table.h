/* What tables of pictures have in common: names of files that start at the table's folder. */
#ifndef FTMRT_LISTING_TABLE_H
#define FTMRT_LISTING_TABLE_H

#include "listing.h"

/* Whether a line names a file; false after a message. */
bool listing_check_file(struct listing *l, int64_t line, const char *file);

/* Adds the picture of a line, unless its class is left out: its file's name and its group (or NULL) as the table has them; picture: its
 * label. false after a message. */
bool listing_add_file(struct listing *l, int64_t line, const char *file,
                      const struct listed *picture, const char *group);

#endif
