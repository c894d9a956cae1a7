/* csv(file, path, label, group): a table with a line of names, and a picture per line behind it. */
#include <string.h>

#include "csv_file.h"
#include "listing_table.h"

/* The columns of what is wanted; -1: of a group, where none is. */
struct columns {
    int path, label, group;
    int most; /* the highest of them */
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

static bool need_column(struct listing *l, const struct csv_file *c, int fields,
                        const struct ftmrt_call *call, enum ftmrt_param param, int *column)
{
    const char *name = ftmrt_call_text(call, param);
    char all[400] = "";
    *column = name ? find_column(c, fields, name) : -1;
    if (!name || *column >= 0)
        return true;
    list_columns(c, fields, all, sizeof all);
    return listing_fail(l, "%s:1: has no column '%s'; there are: %s", l->want->place, name, all);
}

/* Tables of spreadsheets have other separators in some countries: the first line shows which one. */
static char separator_of(const char *text)
{
    const size_t line = strcspn(text, "\r\n");
    static const char others[] = ";\t";
    for (size_t i = 0; i < sizeof others - 1; i++)
        if (memchr(text, others[i], line) && !memchr(text, ',', line))
            return others[i];
    return ',';
}

static bool find_columns(struct listing *l, struct csv_file *c, const struct ftmrt_call *call,
                         struct columns *columns)
{
    char error[128];
    c->separator = separator_of(c->at);
    const int fields = csv_file_next(c, error, sizeof error);
    if (fields <= 0)
        return listing_fail(l, "%s:1: %s", l->want->place, fields ? error : "the table is empty");
    bool ok = need_column(l, c, fields, call, FTMRT_PARAM_csv_path, &columns->path);
    ok = need_column(l, c, fields, call, FTMRT_PARAM_csv_label, &columns->label) && ok;
    ok = need_column(l, c, fields, call, FTMRT_PARAM_csv_group, &columns->group) && ok;
    columns->most = columns->path > columns->label ? columns->path : columns->label;
    columns->most = columns->most > columns->group ? columns->most : columns->group;
    return ok && columns->path >= 0 && columns->label >= 0;
}

/* Lines that are wrong are told one by one. */
static void add_rows(struct listing *l, struct csv_file *c, const struct columns *columns)
{
    char error[128];
    int fields;
    while ((fields = csv_file_next(c, error, sizeof error)) > 0) {
        if (fields <= columns->most)
            listing_fail(l, "%s:%lld: has %d of the %d fields that are wanted", l->want->place,
                         (long long)c->line, fields, columns->most + 1);
        else
            listing_add_row(l, c->line, c->fields[columns->path], c->fields[columns->label],
                            columns->group < 0 ? NULL : c->fields[columns->group]);
    }
    if (fields < 0)
        listing_fail(l, "%s:%lld: %s", l->want->place, (long long)c->line, error);
}

bool list_csv(struct listing *l, const struct ftmrt_call *call)
{
    struct columns columns = {0};
    struct csv_file c;
    char error[512];
    if (csv_file_open(&c, l->want->place, ',', error, sizeof error) != FTMRT_OK)
        return listing_fail(l, "%s", error);
    if (find_columns(l, &c, call, &columns))
        add_rows(l, &c, &columns);
    csv_file_close(&c);
    return l->errors == 0;
}
