/* Labels of pictures that are more than a class: several classes each, or numbers. A picture keeps the number of its row here. */
#ifndef FTMRT_LISTING_ROWS_H
#define FTMRT_LISTING_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listing_rows {
    int64_t count;     /* rows */
    int32_t *tags;     /* classes of all rows, one behind the other; */
    int64_t tag_count; /* so many; */
    int64_t *ends;     /* [count]: where those of a row end */
    double *numbers;   /* [count, width] */
    int32_t width;     /* numbers of a row; 0: rows have classes */
};

/* Makes room for one more element at powers of two; false: out of memory. */
bool listing_grow(void **at, int64_t count, size_t size);

/* Adds a class to the row that is being made; ends that row; adds a row of `width` numbers. false: out of memory. */
bool listing_rows_tag(struct listing_rows *r, int32_t class);
bool listing_rows_end(struct listing_rows *r);
bool listing_rows_numbers(struct listing_rows *r, const double *numbers);

/* Writes a row as a number for each class of a program, [classes]: labels says which is which of the listing's, [width]. */
void listing_rows_vector(const struct listing_rows *r, int64_t row, const int32_t *labels,
                         int64_t classes, double *out);

/* Whether two rows are equal, whatever the order of their classes. */
bool listing_rows_equal(const struct listing_rows *r, int64_t a, int64_t b);

void listing_rows_free(struct listing_rows *r);

#endif
