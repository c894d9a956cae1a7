/* The table of a search, for people. */
#ifndef FTMRT_APP_SEARCH_TABLE_H
#define FTMRT_APP_SEARCH_TABLE_H

#include "config.h"
#include "trial.h"

/* How figures are printed. */
struct search_table {
    const struct search_space *space;
    bool rounds;       /* there are several */
    const char *score; /* the word of what chooses, or NULL: the loss */
    double unit;       /* times the score */
};

struct search_table search_table_of(const struct search_space *space, const struct config *c,
                                    bool rounds);

/* The head of the columns, and a row of a trial without the end of its line. */
void search_table_head(const struct search_table *t);
void search_table_row(const struct search_table *t, const struct trial *trial);

/* All trials, the best first: sorts them. */
void search_table_ranks(const struct search_table *t, struct trial *trials, int64_t count);

#endif
