/* Two runs side by side, as a page for people. */
#ifndef FTMRT_APP_COMPARISON_PAGE_H
#define FTMRT_APP_COMPARISON_PAGE_H

#include "predictions.h"
#include "runs.h"

/* A setting in which they differ; "-": one of them has not got it. */
struct comparison_setting {
    char *key, *a, *b; /* owned */
};

/* What both answered the same samples. */
struct comparison_pairs {
    const char *what; /* "test"; NULL: there is nothing to be compared */
    struct paired all;
    struct label_pairs *labels; /* [count]; owned, with names of the predictions */
    size_t count;
    bool same_data;
    struct predictions in_a, in_b;
};

enum { COMPARED_PARTS = 2 };

struct comparison {
    const struct run *a, *b;
    struct comparison_setting *settings; /* [count] */
    size_t count;
    struct comparison_pairs parts[COMPARED_PARTS]; /* validation and test */
};

/* Writes it. false after a message. */
bool comparison_page_write(const struct comparison *c, const char *path);

#endif
