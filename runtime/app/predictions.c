/* Predictions of runs, compared. */
#include "predictions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv_file.h"
#include "report.h"

enum { PREDICTION_FIELDS = 4 };

static int by_sample(const void *a, const void *b)
{
    return strcmp(((const struct prediction *)a)->sample, ((const struct prediction *)b)->sample);
}

void predictions_add(struct predictions *p, const char *sample, const char *label,
                     const char *predicted)
{
    if ((p->count & (p->count - 1)) == 0) /* room for twice as many */
        p->at = app_grow(p->at, p->count ? 2 * (size_t)p->count : 1, sizeof *p->at);
    p->at[p->count] = (struct prediction){app_strdup(sample), app_strdup(label),
                                          app_strdup(predicted), NAN, p->count};
    p->count++;
}

void predictions_sort(struct predictions *p)
{
    if (p->count)
        qsort(p->at, (size_t)p->count, sizeof *p->at, by_sample);
}

static bool read_rows(struct predictions *p, struct csv_file *f, const char *path)
{
    char error[256];
    int fields = csv_file_next(f, error, sizeof error); /* the head */
    while (fields > 0 && (fields = csv_file_next(f, error, sizeof error)) > 0) {
        if (fields < PREDICTION_FIELDS)
            return report_error("%s:%lld: not a line of predictions", path, (long long)f->line);
        predictions_add(p, f->fields[0], f->fields[1], f->fields[2]);
        if (*f->fields[3])
            p->at[p->count - 1].confidence = strtod(f->fields[3], NULL);
    }
    return fields == 0 || report_error("%s:%lld: %s", path, (long long)f->line, error);
}

bool predictions_read(struct predictions *p, const char *path)
{
    struct csv_file f;
    char error[256];
    *p = (struct predictions){0};
    if (access(path, F_OK) != 0)
        return false;
    if (csv_file_open(&f, path, ',', error, sizeof error) != FTMRT_OK)
        return report_error("%s", error);
    const bool ok = read_rows(p, &f, path);
    csv_file_close(&f);
    predictions_sort(p);
    if (!ok)
        predictions_free(p);
    return ok;
}

void predictions_free(struct predictions *p)
{
    for (int64_t i = 0; i < p->count; i++) {
        free(p->at[i].sample);
        free(p->at[i].label);
        free(p->at[i].predicted);
    }
    free(p->at);
    *p = (struct predictions){0};
}

bool predictions_are_numbered(const struct predictions *p)
{
    return p->count && !p->at[0].sample[strspn(p->at[0].sample, "0123456789")];
}

/* ---- pairs ---- */

static bool is_right(const struct prediction *p) { return !strcmp(p->label, p->predicted); }

/* The same sample of another run, if it has the same label there; NULL: there is none. */
static const struct prediction *partner(const struct prediction *p, const struct predictions *of)
{
    const struct prediction *found =
        of->count ? bsearch(p, of->at, (size_t)of->count, sizeof *p, by_sample) : NULL;
    return found && !strcmp(found->label, p->label) ? found : NULL;
}

static void add_pair(struct paired *p, const struct prediction *a, const struct prediction *b)
{
    const bool x = is_right(a), y = is_right(b);
    p->count++;
    p->both += x && y;
    p->only_a += x && !y;
    p->only_b += !x && y;
    p->neither += !x && !y;
}

struct paired predictions_pair(const struct predictions *a, const struct predictions *b)
{
    struct paired p = {0};
    for (int64_t i = 0; i < a->count; i++) {
        const struct prediction *other = partner(&a->at[i], b);
        if (other)
            add_pair(&p, &a->at[i], other);
        else
            p.left_out++;
    }
    return p;
}

/* ---- by label ---- */

static struct label_pairs *find_label(struct label_pairs **at, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (!strcmp((*at)[i].name, name))
            return &(*at)[i];
    *at = app_grow(*at, *count + 1, sizeof **at);
    (*at)[*count] = (struct label_pairs){.name = name};
    return &(*at)[(*count)++];
}

struct label_pairs *predictions_pair_labels(const struct predictions *a,
                                            const struct predictions *b, size_t *count)
{
    struct label_pairs *labels = NULL;
    *count = 0;
    for (int64_t i = 0; i < a->count; i++) {
        const struct prediction *other = partner(&a->at[i], b);
        if (other)
            add_pair(&find_label(&labels, count, a->at[i].label)->pairs, &a->at[i], other);
    }
    return labels;
}

void predictions_print_labels(const struct predictions *a, const struct predictions *b, FILE *out)
{
    size_t count;
    struct label_pairs *labels = predictions_pair_labels(a, b, &count);
    for (size_t i = 0; i < count; i++) {
        const struct paired *p = &labels[i].pairs;
        const double n = (double)p->count;
        fprintf(out, "%9.2f %%  %9.2f %%  %7lld  %s\n", 100 * (double)(p->both + p->only_a) / n,
                100 * (double)(p->both + p->only_b) / n, (long long)p->count, labels[i].name);
    }
    free(labels);
}
