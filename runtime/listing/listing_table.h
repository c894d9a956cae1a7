/* What tables of pictures have in common: names of files that start at the table's folder. */
#ifndef FTMRT_LISTING_TABLE_H
#define FTMRT_LISTING_TABLE_H

#include "listing.h"

/* Adds the picture of a line: its file's name, its class and its group (or NULL) as the table has them. false after a message. */
bool listing_add_row(struct listing *l, int64_t line, const char *file, const char *class,
                     const char *group);

#endif
