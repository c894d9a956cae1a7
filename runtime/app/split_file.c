/* Writing and reading of split.csv. */
#include "split_file.h"

#include <stdlib.h>
#include <string.h>

#include "csv_file.h"
#include "report.h"

const char *split_file_name(const struct source *s, int64_t i, char number[SPLIT_NUMBER])
{
    if (!s->sample_name) {
        snprintf(number, SPLIT_NUMBER, "%lld", (long long)i);
        return number;
    }
    const char *name = s->sample_name(s, i);
    return strlen(name) > s->base_length ? name + s->base_length : name;
}

/* ---- writing ---- */

/* What a part is called. */
static const char *const parts[] = {"train", "validation"};

void split_file_write(FILE *f, const struct source *source, const struct split *s)
{
    char number[SPLIT_NUMBER];
    fputs("sample,part\n", f);
    for (int64_t i = 0, v = 0; i < source->count; i++) {
        const bool validates = v < s->validation_count && s->validation[v] == i;
        v += validates;
        csv_write_field(f, split_file_name(source, i, number));
        fprintf(f, ",%s\n", parts[validates]);
    }
}

/* ---- reading ---- */

struct named {
    const char *name;
    int64_t sample;
};

/* The file while it is read. */
struct reading {
    const struct source *source;
    const char *path;
    struct named *names; /* [count], ascending; NULL where samples have numbers */
    bool *seen, *validates;
    int64_t unknown; /* lines of samples that are not there */
    char *first;     /* of those; owned */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void sort_names(struct reading *r)
{
    const struct source *s = r->source;
    if (!s->sample_name)
        return;
    char number[SPLIT_NUMBER];
    r->names = app_alloc((size_t)s->count, sizeof *r->names);
    for (int64_t i = 0; i < s->count; i++)
        r->names[i] = (struct named){split_file_name(s, i, number), i};
    qsort(r->names, (size_t)s->count, sizeof *r->names, by_name);
}

/* The sample of a name, or -1. */
static int64_t sample_of(const struct reading *r, const char *name)
{
    if (r->names) {
        const struct named key = {name, 0},
                           *found = bsearch(&key, r->names, (size_t)r->source->count, sizeof key,
                                            by_name);
        return found ? found->sample : -1;
    }
    char *end;
    const long long i = strtoll(name, &end, 10);
    return end != name && !*end && i >= 0 && i < r->source->count ? i : -1;
}

/* 0: train, 1: validation; -1: no part. */
static int part_of(const char *word)
{
    for (int i = 0; i < 2; i++)
        if (!strcmp(word, parts[i]))
            return i;
    return -1;
}

static bool take_line(struct reading *r, const struct csv_file *c, int fields)
{
    const int part = fields == 2 ? part_of(c->fields[1]) : -1;
    if (part < 0)
        return report_error("%s:%lld: expected a sample and its part, `train` or `validation`",
                            r->path, (long long)c->line);
    const int64_t i = sample_of(r, c->fields[0]);
    if (i < 0) {
        if (!r->unknown++)
            r->first = app_format("'%s' of line %lld", c->fields[0], (long long)c->line);
        return true;
    }
    if (r->seen[i])
        return report_error("%s:%lld: '%s' stands twice", r->path, (long long)c->line,
                            c->fields[0]);
    r->seen[i] = true;
    r->validates[i] = part == 1;
    return true;
}

/* Every line names a sample, and every sample has a line. */
static bool check_all(const struct reading *r)
{
    char number[SPLIT_NUMBER];
    const struct source *s = r->source;
    int64_t missing = 0, first = 0;
    for (int64_t i = s->count - 1; i >= 0; i--)
        if (!r->seen[i]) {
            missing++;
            first = i;
        }
    if (r->unknown)
        report_error("%s: names %lld samples that %s does not hold: %s is %s", r->path,
                     (long long)r->unknown, s->name, r->first, r->unknown == 1 ? "it" : "one");
    if (missing)
        report_error("%s: has no line for %lld of the %lld samples of %s: '%s' is %s; add lines, "
                     "or leave `split` out",
                     r->path, (long long)missing, (long long)s->count, s->name,
                     split_file_name(s, first, number), missing == 1 ? "it" : "one");
    return !r->unknown && !missing;
}

static bool read_lines(struct reading *r, struct csv_file *c)
{
    char error[128];
    int fields = csv_file_next(c, error, sizeof error);
    if (fields != 2 || strcmp(c->fields[0], "sample") != 0 || strcmp(c->fields[1], "part") != 0)
        return report_error("%s: must begin with the line sample,part", r->path);
    while ((fields = csv_file_next(c, error, sizeof error)) > 0)
        if (!take_line(r, c, fields))
            return false;
    return fields == 0 ? check_all(r)
                       : report_error("%s:%lld: %s", r->path, (long long)c->line, error);
}

bool split_file_read(const struct source *source, const char *path, bool *validates)
{
    struct reading r = {.source = source, .path = path, .validates = validates};
    struct csv_file c;
    char error[512];
    if (csv_file_open(&c, path, ',', error, sizeof error) != FTMRT_OK)
        return report_error("%s", error);
    r.seen = app_alloc((size_t)source->count, sizeof(bool));
    sort_names(&r);
    const bool ok = read_lines(&r, &c);
    free(r.names);
    free(r.seen);
    free(r.first);
    csv_file_close(&c);
    return ok;
}
