/* Labels in the cells of a table: a class, several of them, or numbers in columns. */
#ifndef FTMRT_LISTING_CELLS_H
#define FTMRT_LISTING_CELLS_H

#include "csv_file.h"
#include "listing.h"

/* Where a table has its labels. Columns that the recipe leaves out are none of them. */
struct listing_cells {
    int count;
    int columns[CSV_MAX_FIELDS];
    const char *names[CSV_MAX_FIELDS];
    int titles; /* fields of the first line */
    int fields; /* of the record that is read */
    bool hinted;
};

/* Begins to read labels as the source has them. Where they are numbers, columns are classes. false after a message. */
bool listing_cells_begin(struct listing *l, struct listing_cells *cells);

/* Reads the label of a record into the class of a picture, or its row; class -1: the picture is left out. false after a message. */
bool listing_cells_read(struct listing *l, struct listing_cells *cells, const struct csv_file *c,
                        struct listed *picture);

/* Behind all records: whether their labels make sense together. false after a message. */
bool listing_cells_end(struct listing *l, const struct listing_cells *cells);

#endif
