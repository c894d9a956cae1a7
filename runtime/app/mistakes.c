#include "mistakes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv_file.h"
#include "replace.h"
#include "report.h"
#include "split_file.h"

static double probability(const struct metrics *m, int64_t i, int64_t k)
{
    return exp((double)m->ranks.scores[k * m->ranks.capacity + i]);
}

/* The mean probability of each class over the samples with that label; owned by the caller. What no sample has as label is beyond reach. */
static double *thresholds(const struct metrics *m)
{
    double *sums = app_alloc((size_t)m->classes, sizeof *sums);
    for (int64_t i = 0; i < m->count; i++)
        sums[m->labels[i]] += probability(m, i, m->labels[i]);
    for (int64_t k = 0; k < m->classes; k++)
        sums[k] = m->samples_of[k] ? sums[k] / (double)m->samples_of[k] : INFINITY;
    return sums;
}

int64_t likely_labels(const struct metrics *m, int32_t *likely)
{
    int64_t count = 0;
    double *least = m->ranks.scores ? thresholds(m) : NULL;
    for (int64_t i = 0; i < m->count; i++) {
        double best = 0;
        likely[i] = NO_CLASS;
        for (int32_t k = 0; least && k < m->classes; k++) {
            const double p = probability(m, i, k);
            if (p >= least[k] && p > best) {
                best = p;
                likely[i] = k;
            }
        }
        if (likely[i] == m->labels[i])
            likely[i] = NO_CLASS;
        count += likely[i] != NO_CLASS;
    }
    free(least);
    return count;
}

/* ---- the table ---- */

struct mistake {
    int64_t sample; /* in the metrics' order */
    double lead;    /* of another class before the label */
};

static int widest_first(const void *a, const void *b)
{
    const struct mistake *x = a, *y = b;
    if (x->lead != y->lead)
        return x->lead < y->lead ? 1 : -1;
    return x->sample < y->sample ? -1 : 1;
}

static double lead_of(const struct metrics *m, int64_t i)
{
    double other = 0;
    for (int64_t k = 0; m->ranks.scores && k < m->classes; k++)
        if (k != m->labels[i])
            other = fmax(other, probability(m, i, k));
    return m->ranks.scores ? other - probability(m, i, m->labels[i]) : (double)m->confidence[i];
}

/* In their order; owned by the caller. */
static struct mistake *find(const struct metrics *m, const int32_t *likely, int64_t *count)
{
    struct mistake *at = app_alloc((size_t)m->count + 1, sizeof *at);
    *count = 0;
    for (int64_t i = 0; i < m->count; i++)
        if (m->predicted[i] != m->labels[i] || likely[i] != NO_CLASS)
            at[(*count)++] = (struct mistake){i, lead_of(m, i)};
    qsort(at, (size_t)*count, sizeof *at, widest_first);
    return at;
}

static void write_class(FILE *f, const struct config *c, int32_t k)
{
    fputc(',', f);
    csv_write_field(f, k == NO_CLASS ? "" : c->labels[k]);
}

static void write_rows(FILE *f, const struct session *s, const struct metrics *m,
                       const struct subset *samples)
{
    int32_t *likely = app_alloc((size_t)m->count + 1, sizeof *likely);
    int64_t count;
    likely_labels(m, likely);
    struct mistake *at = find(m, likely, &count);
    fputs("sample,label,predicted,confidence,lead,likely_label\n", f);
    for (int64_t i = 0; i < count; i++) {
        char number[SPLIT_NUMBER];
        const int64_t k = at[i].sample;
        csv_write_field(f, split_file_name(samples->source,
                                           samples->indices ? samples->indices[k] : k, number));
        write_class(f, &s->config, m->labels[k]);
        write_class(f, &s->config, m->predicted[k]);
        fprintf(f, ",%.6f,%.6f", m->predicted[k] == NO_CLASS ? 0 : (double)m->confidence[k],
                at[i].lead);
        write_class(f, &s->config, likely[k]);
        fputc('\n', f);
    }
    free(at);
    free(likely);
}

bool mistakes_write(const char *path, const struct session *s, const struct metrics *m,
                    const struct subset *samples)
{
    char *text = NULL, error[512] = "the table of mistakes: out of memory";
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    bool ok = f != NULL;
    if (f) {
        write_rows(f, s, m, samples);
        ok = !ferror(f);
        ok = fclose(f) == 0 && ok;
    }
    ok = ok && replace_whole(path, text, size, error, sizeof error) == FTMRT_OK;
    free(text);
    return ok || report_error("%s", error);
}
