/* A table of pictures, a CSV file: which column has their files, which the labels, and what those are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv_file.h"
#include "data_survey_parts.h"
#include "map.h"
#include "picture.h"
#include "str.h"

/* More numbers without a fraction than that are no classes. */
enum { MOST_NUMBERED = 50 };

/* What the cells of a column are. */
struct column {
    const char *title;
    bool numbers, fractions, truths,
        several; /* all; some; all 0 or 1; some have `;` between two, or are empty */
    struct map seen;
    VEC(struct survey_class) values; /* of cells, and what stands between their `;` */
};

struct table {
    struct looking *looking;
    struct csv_file file;
    struct column columns[CSV_MAX_FIELDS];
    int count, path, rows;
    int labels[CSV_MAX_FIELDS], label_count;
    struct measured measured;
};

static bool is_one_of(const char *title, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcasecmp(title, names[i]))
            return true;
    return false;
}

static bool is_path_title(const char *title)
{
    static const char *const names[] = {"path",     "file",       "filename", "file_name", "image",
                                        "filepath", "image_path", "picture",  "img"};
    return is_one_of(title, names, sizeof names / sizeof *names);
}

static bool is_label_title(const char *title)
{
    static const char *const names[] = {"label", "labels",   "class", "class_name",
                                        "tags",  "category", "target"};
    return is_one_of(title, names, sizeof names / sizeof *names);
}

/* ---- reading ---- */

static bool fail(struct table *t, const char *text)
{
    return survey_report(t->looking,
                         arena_printf(t->looking->arena, "%s: %s", t->looking->dir, text));
}

static bool read_titles(struct table *t)
{
    char error[128];
    struct arena *arena = t->looking->arena;
    t->file.separator = csv_file_separator(&t->file);
    t->count = csv_file_next(&t->file, error, sizeof error);
    for (int i = 0; i < t->count; i++) {
        struct column *c = &t->columns[i];
        *c = (struct column){
            .title = arena_strdup(arena, t->file.fields[i]), .numbers = true, .truths = true};
        map_init(&c->seen, arena);
    }
    return t->count > 1 || fail(t, t->count < 0 ? error : "expected a line of names of columns");
}

/* The column of the pictures' files: by its name, or as its first cell names a picture. */
static bool find_path(struct table *t, int fields)
{
    t->path = -1;
    for (int i = 0; i < t->count && t->path < 0; i++)
        if (is_path_title(t->columns[i].title))
            t->path = i;
    for (int i = 0; i < fields && t->path < 0; i++)
        if (ftmrt_picture_name(t->file.fields[i]))
            t->path = i;
    return t->path >= 0 || fail(t, "no column has the names of pictures");
}

static void count_value(struct table *t, struct column *c, const char *text, size_t length)
{
    while (length && *text == ' ') {
        text++;
        length--;
    }
    while (length && text[length - 1] == ' ')
        length--;
    if (!length)
        return;
    const char *name = arena_strndup(t->looking->arena, text, length);
    uintptr_t at = (uintptr_t)map_get(&c->seen, name);
    if (!at) {
        vec_push(t->looking->arena, &c->values, (struct survey_class){name, 0});
        at = c->values.len;
        map_set(&c->seen, name, (void *)at);
    }
    c->values.at[at - 1].count++;
}

static void look_at_cell(struct table *t, struct column *c, const char *cell)
{
    char *end;
    const double value = strtod(cell, &end);
    const bool number = *cell && !*end && isfinite(value);
    c->numbers = c->numbers && number;
    c->fractions = c->fractions || (number && value != floor(value));
    c->truths = c->truths && (!strcmp(cell, "0") || !strcmp(cell, "1"));
    c->several = c->several || !*cell || strchr(cell, ';');
    for (const char *at = cell;; at++) {
        const size_t n = strcspn(at, ";");
        count_value(t, c, at, n);
        at += n;
        if (!*at)
            return;
    }
}

static void look_at_picture(struct table *t, const char *file)
{
    const char *table = t->looking->dir, *slash = strrchr(table, '/');
    const int folder = *file == '/' || !slash ? 0 : (int)(slash - table) + 1;
    survey_measure(t->looking, &t->measured,
                   arena_printf(t->looking->arena, "%.*s%s", folder, table, file));
}

static bool read_rows(struct table *t)
{
    char error[128];
    int fields;
    while ((fields = csv_file_next(&t->file, error, sizeof error)) > 0) {
        if (!t->rows && !find_path(t, fields))
            return false;
        if (t->path < 0 || fields <= t->path)
            continue; /* `check` says it, with its line */
        for (int i = 0; i < t->count && i < fields; i++)
            if (i != t->path)
                look_at_cell(t, &t->columns[i], t->file.fields[i]);
        look_at_picture(t, t->file.fields[t->path]);
        t->rows++;
    }
    return (!fields || fail(t, error)) && (t->rows > 0 || fail(t, "the table has no pictures")) &&
           (t->measured.count > 0 || fail(t, "no picture could be read"));
}

/* ---- which columns are labels ---- */

static bool choose_labels(struct table *t)
{
    bool numbers = true;
    const char *all = "";
    for (int i = 0; i < t->count; i++)
        if (i != t->path) {
            t->labels[t->label_count++] = i;
            numbers = numbers && t->columns[i].numbers;
            all = arena_printf(t->looking->arena, "%s%s'%s'", all, *all ? ", " : "",
                               t->columns[i].title);
        }
    for (int i = 0; i < t->count && t->label_count > 1; i++)
        if (i != t->path && is_label_title(t->columns[i].title)) {
            t->labels[0] = i;
            t->label_count = 1;
        }
    if (t->label_count == 1 || numbers)
        return true;
    return fail(t, arena_printf(t->looking->arena,
                                "which of the columns %s is the label? Call it 'label', or leave "
                                "out those that are none",
                                all));
}

static bool all_truths(const struct table *t)
{
    bool all = true;
    for (int i = 0; i < t->label_count; i++)
        all = all && t->columns[t->labels[i]].truths;
    return all;
}

static enum survey_labels kind_of(const struct table *t)
{
    const struct column *c = &t->columns[t->labels[0]];
    if (t->label_count > 1)
        return all_truths(t) ? SURVEY_TAGS : SURVEY_NUMBERS;
    if (c->numbers && (c->fractions || c->values.len > MOST_NUMBERED))
        return SURVEY_NUMBERS;
    return c->several ? SURVEY_TAGS : SURVEY_CLASSES;
}

/* ---- what a recipe says of it ---- */

/* `, label = "price"`, or a list of columns. */
static const char *label_argument(struct table *t)
{
    struct arena *arena = t->looking->arena;
    struct strbuf out;
    const char *first = t->columns[t->labels[0]].title;
    if (t->label_count == 1 && !strcmp(first, "label"))
        return "";
    strbuf_init(&out, arena);
    strbuf_add(&out, t->label_count > 1 ? ", label = [" : ", label = ");
    for (int i = 0; i < t->label_count; i++)
        strbuf_addf(&out, "%s%s", i ? ", " : "", str_quoted(arena, t->columns[t->labels[i]].title));
    strbuf_add(&out, t->label_count > 1 ? "]" : "");
    return out.text;
}

/* Columns as outputs, with the pictures that say yes, or all. */
static void take_columns(struct table *t)
{
    for (int i = 0; i < t->label_count; i++) {
        const struct column *c = &t->columns[t->labels[i]];
        int64_t count = t->looking->out->labels == SURVEY_NUMBERS ? t->rows : 0;
        for (uint32_t k = 0; k < c->values.len && !count; k++)
            count = !strcmp(c->values.at[k].name, "1") ? c->values.at[k].count : 0;
        vec_push(t->looking->arena, &t->looking->out->classes,
                 (struct survey_class){c->title, count});
    }
}

static void take(struct table *t)
{
    struct data_survey *out = t->looking->out;
    struct arena *arena = t->looking->arena;
    const char *path = t->columns[t->path].title;
    out->labels = kind_of(t);
    if (t->label_count > 1 || out->labels == SURVEY_NUMBERS)
        take_columns(t);
    else
        for (uint32_t i = 0; i < t->columns[t->labels[0]].values.len; i++)
            vec_push(arena, &out->classes, t->columns[t->labels[0]].values.at[i]);
    out->total = t->rows;
    out->named = true;
    survey_sizes(t->looking, &t->measured);
    out->train = arena_printf(arena, "csv(%s%s%s)", str_quoted(arena, t->looking->as),
                              strcmp(path, "path") != 0
                                  ? arena_printf(arena, ", path = %s", str_quoted(arena, path))
                                  : "",
                              label_argument(t));
}

bool survey_is_table(const char *path)
{
    return str_ends_with(path, ".csv") || str_ends_with(path, ".tsv");
}

bool survey_table(struct looking *l)
{
    char error[512];
    struct table *t = arena_new(l->arena, struct table);
    *t = (struct table){.looking = l};
    if (csv_file_open(&t->file, l->dir, ',', error, sizeof error) != FTMRT_OK)
        return survey_report(l, error);
    const bool ok = read_titles(t) && read_rows(t) && choose_labels(t);
    if (ok)
        take(t);
    csv_file_close(&t->file);
    return ok;
}
