#include "listing_cells.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool no_memory(struct listing *l)
{
    return listing_fail(l, "%s: out of memory", l->want->place);
}

/* ---- a class ---- */

static bool read_class(struct listing *l, struct listing_cells *cells, const struct csv_file *c,
                       struct listed *picture)
{
    const char *name = c->fields[cells->columns[0]];
    if (!*name)
        return listing_fail(l, "%s:%lld: the label is empty", l->want->place, (long long)c->line);
    return listing_class(l, name, &picture->class);
}

/* ---- several classes: `cat; dog` ---- */

/* The next name of a cell, without blanks around it; NULL: there is none. */
static char *next_tag(char **at)
{
    static const char blanks[] = " \t";
    while (*at) {
        char *tag = strsep(at, ";");
        tag += strspn(tag, blanks);
        size_t length = strlen(tag);
        while (length && strchr(blanks, tag[length - 1]))
            tag[--length] = '\0';
        if (length)
            return tag;
    }
    return NULL;
}

static bool read_tags(struct listing *l, struct listing_cells *cells, const struct csv_file *c,
                      struct listed *picture)
{
    char *at = c->fields[cells->columns[0]], *tag;
    int32_t class;
    if (c->separator == ';' && cells->fields > cells->titles)
        return listing_fail(l,
                            "%s:%lld: has %d fields and the first line %d: semicolons separate "
                            "fields here, so several labels of a cell need quotes, \"cat;dog\"",
                            l->want->place, (long long)c->line, cells->fields, cells->titles);
    while ((tag = next_tag(&at))) {
        if (!listing_class(l, tag, &class))
            return false;
        if (class >= 0 && !l->want->classes_only && !listing_rows_tag(&l->rows, class))
            return no_memory(l);
    }
    picture->row = (int32_t)l->rows.count;
    return l->want->classes_only || listing_rows_end(&l->rows) || no_memory(l);
}

/* A column of 0 and 1 is one yes or no, not the classes `0` and `1`. */
static bool end_tags(struct listing *l, const struct listing_cells *cells)
{
    bool truths = l->class_count > 0;
    for (int32_t i = 0; i < l->class_count; i++)
        truths = truths && (!strcmp(l->found[i], "0") || !strcmp(l->found[i], "1"));
    if (truths)
        return listing_fail(l,
                            "%s: column '%s' has 0 and 1, a yes or no: write a list of such "
                            "columns, as in `label = [\"%s\"]`",
                            l->want->place, cells->names[0], cells->names[0]);
    return l->class_count > 0 || listing_fail(l, "%s: no cell of column '%s' has a label",
                                              l->want->place, cells->names[0]);
}

/* ---- numbers ---- */

static bool fail_cell(struct listing *l, const struct csv_file *c, const char *column,
                      const char *cell, const char *expected)
{
    if (!*cell)
        return listing_fail(l, "%s:%lld: '%s' is empty, expected %s", l->want->place,
                            (long long)c->line, column, expected);
    return listing_fail(l, "%s:%lld: '%s' is '%s', expected %s", l->want->place, (long long)c->line,
                        column, cell, expected);
}

/* A decimal number, and nothing but blanks around it. */
static bool number_of(const char *cell, double *value)
{
    char *end;
    cell += strspn(cell, " \t");
    *value = strtod(cell, &end);
    const size_t length = (size_t)(end - cell);
    end += strspn(end, " \t");
    return length && !*end && strspn(cell, "0123456789.eE+-") >= length && fabs(*value) <= FLT_MAX;
}

/* As spreadsheets and pandas write a yes and a no. */
static bool truth_of(const char *cell, double *value)
{
    *value = !strcasecmp(cell, "true");
    return *value != 0 || !strcasecmp(cell, "false");
}

/* Whether a cell is no attempt at a number, as `nan` is one. */
static bool is_word(const char *cell)
{
    char *end;
    strtod(cell, &end);
    return end == cell && *cell;
}

static bool read_number(struct listing *l, struct listing_cells *cells, const struct csv_file *c,
                        int k, double *value)
{
    static const char *const expected[] = {
        [FTMRT_VECTOR_NUMBERS] = "a finite number, with a decimal point",
        [FTMRT_VECTOR_SHARES] = "1 for yes, 0 for no, or a share between",
        [FTMRT_VECTOR_DISTRIBUTION] = "a share from 0 to 1",
    };
    const enum ftmrt_vector vector = l->want->vector;
    const char *cell = c->fields[cells->columns[k]];
    const bool targets = vector == FTMRT_VECTOR_NUMBERS;
    if ((number_of(cell, value) && (targets || (*value >= 0 && *value <= 1))) ||
        (vector == FTMRT_VECTOR_SHARES && truth_of(cell, value)))
        return true;
    fail_cell(l, c, cells->names[k], cell, expected[vector]);
    if (targets && is_word(cell) && !cells->hinted) {
        cells->hinted = true;
        listing_fail(l,
                     "%s: the recipe's loss takes numbers of a column; where cells name classes, "
                     "write `kind = index`",
                     l->want->place);
    }
    return false;
}

static bool read_numbers(struct listing *l, struct listing_cells *cells, const struct csv_file *c,
                         struct listed *picture)
{
    double values[CSV_MAX_FIELDS] = {0}, sum = 0;
    bool ok = true;
    for (int k = 0; k < cells->count; k++) {
        ok = read_number(l, cells, c, k, &values[k]) && ok;
        sum += values[k];
    }
    if (ok && l->want->vector == FTMRT_VECTOR_DISTRIBUTION && fabs(sum - 1) > 1e-3)
        return listing_fail(l, "%s:%lld: the shares add up to %g, expected 1", l->want->place,
                            (long long)c->line, sum);
    picture->row = (int32_t)l->rows.count;
    return ok && (l->want->classes_only || listing_rows_numbers(&l->rows, values) || no_memory(l));
}

/* A column is a class, whose name may be another one. */
static bool begin_numbers(struct listing *l, struct listing_cells *cells)
{
    int kept = 0;
    for (int k = 0; k < cells->count; k++) {
        int32_t class;
        if (!listing_class(l, cells->names[k], &class))
            return false;
        if (class >= 0 && class < kept)
            return listing_fail(l, "%s: two columns of `label` are '%s'", l->want->place,
                                l->found[class]);
        cells->columns[kept] = cells->columns[k];
        cells->names[kept] = cells->names[k];
        kept += class >= 0;
    }
    l->rows.width = cells->count = kept;
    return kept || listing_fail(l, "%s: no column of `label` is left", l->want->place);
}

/* ---- by form ---- */

static const struct {
    bool (*begin)(struct listing *l, struct listing_cells *cells);
    bool (*read)(struct listing *l, struct listing_cells *cells, const struct csv_file *c,
                 struct listed *picture);
    bool (*end)(struct listing *l, const struct listing_cells *cells);
} forms[] = {[LISTING_CLASSES] = {NULL, read_class, NULL},
             [LISTING_TAGS] = {NULL, read_tags, end_tags},
             [LISTING_NUMBERS] = {begin_numbers, read_numbers, NULL}};

bool listing_cells_begin(struct listing *l, struct listing_cells *cells)
{
    return !forms[l->form].begin || forms[l->form].begin(l, cells);
}

bool listing_cells_read(struct listing *l, struct listing_cells *cells, const struct csv_file *c,
                        struct listed *picture)
{
    *picture = (struct listed){0};
    return forms[l->form].read(l, cells, c, picture);
}

bool listing_cells_end(struct listing *l, const struct listing_cells *cells)
{
    return l->errors || !forms[l->form].end || forms[l->form].end(l, cells);
}
