/* csv(file, path, label, group, kind): a table with a line of names, and a picture per line behind it. */
#include <string.h>

#include "listing_cells.h"
#include "listing_table.h"

/* The columns of what is wanted; -1: of a group, where none is. */
struct columns {
    int path, group;
    int most; /* the highest of all */
    struct listing_cells labels;
};

static int find_column(const struct csv_file *c, int fields, const char *name)
{
    for (int i = 0; i < fields; i++)
        if (!strcmp(c->fields[i], name))
            return i;
    return -1;
}

/* The names of a table's columns, for a message. */
static void list_columns(const struct csv_file *c, int fields, char *out, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < fields && used + strlen(c->fields[i]) + 3 < size; i++) {
        used += (size_t)(stpcpy(out + used, i ? ", " : "") - (out + used));
        used += (size_t)(stpcpy(out + used, c->fields[i]) - (out + used));
    }
}

static bool need_column(struct listing *l, const struct csv_file *c, struct columns *columns,
                        const char *name, int *column)
{
    char all[400] = "";
    *column = name ? find_column(c, columns->labels.titles, name) : -1;
    columns->most = *column > columns->most ? *column : columns->most;
    if (!name || *column >= 0)
        return true;
    list_columns(c, columns->labels.titles, all, sizeof all);
    return listing_fail(l, "%s:1: has no column '%s'; there are: %s", l->want->place, name, all);
}

static bool find_labels(struct listing *l, const struct csv_file *c, const struct ftmrt_arg *label,
                        struct columns *columns)
{
    struct listing_cells *labels = &columns->labels;
    const bool one = label->kind == FTMRT_ARG_TEXT;
    const uint32_t count = one ? 1 : label->count;
    bool ok = count <= CSV_MAX_FIELDS ||
              listing_fail(l, "%s: `label` has %u columns, and a table has up to %d",
                           l->want->place, count, CSV_MAX_FIELDS);
    for (uint32_t i = 0; i < count && i < CSV_MAX_FIELDS; i++) {
        labels->names[i] = one ? label->text : label->texts[i];
        ok = need_column(l, c, columns, labels->names[i], &labels->columns[i]) && ok;
    }
    labels->count = (int)count;
    return ok;
}

static bool find_columns(struct listing *l, struct csv_file *c, const struct ftmrt_call *call,
                         struct columns *columns)
{
    char error[128];
    c->separator = csv_file_separator(c);
    const int fields = columns->labels.titles = csv_file_next(c, error, sizeof error);
    if (fields <= 0)
        return listing_fail(l, "%s:1: %s", l->want->place, fields ? error : "the table is empty");
    bool ok =
        need_column(l, c, columns, ftmrt_call_text(call, FTMRT_PARAM_csv_path), &columns->path);
    ok = find_labels(l, c, ftmrt_call_arg(call, FTMRT_PARAM_csv_label), columns) && ok;
    return need_column(l, c, columns, ftmrt_call_text(call, FTMRT_PARAM_csv_group),
                       &columns->group) &&
           ok;
}

static void add_row(struct listing *l, struct csv_file *c, int fields, struct columns *columns)
{
    const char *file = c->fields[columns->path];
    struct listed picture;
    columns->labels.fields = fields;
    if (fields <= columns->most)
        listing_fail(l, "%s:%lld: has %d of the %d fields that are wanted", l->want->place,
                     (long long)c->line, fields, columns->most + 1);
    else if (listing_check_file(l, c->line, file) &&
             listing_cells_read(l, &columns->labels, c, &picture))
        listing_add_file(l, c->line, file, &picture,
                         columns->group < 0 ? NULL : c->fields[columns->group]);
}

/* Lines that are wrong are told one by one. */
static void add_rows(struct listing *l, struct csv_file *c, struct columns *columns)
{
    char error[128];
    int fields;
    while ((fields = csv_file_next(c, error, sizeof error)) > 0)
        add_row(l, c, fields, columns);
    if (fields < 0)
        listing_fail(l, "%s:%lld: %s", l->want->place, (long long)c->line, error);
}

/* What the labels of a table are: where they are vectors, one column has any number of classes in a cell, and a list numbers. */
static enum listing_form form_of(const struct ftmrt_call *call)
{
    if (ftmrt_source_labels(call) != FTMRT_LABEL_VECTOR)
        return LISTING_CLASSES;
    return ftmrt_call_arg(call, FTMRT_PARAM_csv_label)->kind == FTMRT_ARG_TEXT ? LISTING_TAGS
                                                                               : LISTING_NUMBERS;
}

bool list_csv(struct listing *l, const struct ftmrt_call *call)
{
    struct columns columns = {0};
    struct csv_file c;
    char error[512];
    l->form = form_of(call);
    if (csv_file_open(&c, l->want->place, ',', error, sizeof error) != FTMRT_OK)
        return listing_fail(l, "%s", error);
    if (find_columns(l, &c, call, &columns) && listing_cells_begin(l, &columns.labels)) {
        add_rows(l, &c, &columns);
        listing_cells_end(l, &columns.labels);
    }
    csv_file_close(&c);
    return l->errors == 0;
}
