/* search.html of a search: its table as a page for people, and what each value came to. */
#ifndef FTMRT_APP_SEARCH_PAGE_H
#define FTMRT_APP_SEARCH_PAGE_H

#include <jansson.h>

#include "search_table.h"

/* Writes it into the search's folder. trials: [count], the best first; record: search.json. What goes wrong is said, and is no failure. */
void search_page_write(const char *folder, const struct search_table *t, const struct trial *trials,
                       int64_t count, const json_t *record);

#endif
