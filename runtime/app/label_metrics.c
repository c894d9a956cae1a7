#include "label_metrics.h"

#include <math.h>
#include <stdlib.h>

#include "report.h"

#define MOST_ANSWERS ((int64_t)1 << 26)

void label_metrics_init(struct label_metrics *m, int64_t classes, int64_t capacity)
{
    *m = (struct label_metrics){.classes = classes, .capacity = capacity};
    if (capacity > MOST_ANSWERS / classes)
        return;
    m->scores = app_alloc((size_t)(classes * capacity), sizeof *m->scores);
    m->yes = app_alloc((size_t)(classes * capacity), sizeof *m->yes);
}

void label_metrics_free(struct label_metrics *m)
{
    free(m->scores);
    free(m->yes);
    *m = (struct label_metrics){0};
}

void label_metrics_add(struct label_metrics *m, const float *logits, const float *shares)
{
    for (int64_t k = 0; m->scores && k < m->classes; k++) {
        const int64_t at = k * m->capacity + m->count;
        m->scores[at] = isnan(logits[k]) ? -INFINITY : logits[k];
        m->yes[at] = shares[k] > 0.5F;
    }
    m->count++;
}

/* ---- in the order of their scores ---- */

struct answer {
    float score;
    bool yes;
};

static int by_score(const void *a, const void *b)
{
    const float x = ((const struct answer *)a)->score, y = ((const struct answer *)b)->score;
    return (x < y) - (x > y);
}

/* The answers of a class, the highest first; owned by the caller. */
static struct answer *ranked(const struct label_metrics *m, int64_t k)
{
    struct answer *at = app_alloc((size_t)m->count + 1, sizeof *at);
    for (int64_t i = 0; i < m->count; i++)
        at[i] = (struct answer){m->scores[k * m->capacity + i], m->yes[k * m->capacity + i]};
    qsort(at, (size_t)m->count, sizeof *at, by_score);
    return at;
}

double label_metrics_roc_auc(const struct label_metrics *m, int64_t k)
{
    if (!m->scores)
        return NAN;
    struct answer *at = ranked(m, k);
    double sum = 0;
    int64_t yes = 0, no = 0;
    for (int64_t i = 0; i < m->count;) {
        const float score = at[i].score;
        const int64_t yes_before = yes, no_before = no;
        for (; i < m->count && at[i].score == score; i++) {
            yes += at[i].yes;
            no += !at[i].yes;
        }
        sum += (double)(no - no_before) * (double)(yes + yes_before) / 2;
    }
    free(at);
    return yes && no ? sum / ((double)yes * (double)no) : NAN;
}

double label_metrics_average_precision(const struct label_metrics *m, int64_t k)
{
    if (!m->scores)
        return NAN;
    struct answer *at = ranked(m, k);
    double sum = 0;
    int64_t yes = 0;
    for (int64_t i = 0, before; i < m->count;) {
        const float score = at[i].score;
        for (before = yes; i < m->count && at[i].score == score; i++)
            yes += at[i].yes;
        sum += (double)(yes - before) * (double)yes / (double)i;
    }
    free(at);
    return yes ? sum / (double)yes : NAN;
}

/* Between the answer before i and the one at i; behind the last below it. */
static double between(const struct answer *at, int64_t i, int64_t count)
{
    const double above = (double)at[i - 1].score;
    return i < count && isfinite(at[i].score) ? (above + (double)at[i].score) / 2 : above - 1;
}

static int64_t count_yes(const struct answer *at, int64_t count)
{
    int64_t yes = 0;
    for (int64_t i = 0; i < count; i++)
        yes += at[i].yes;
    return yes;
}

double label_metrics_best_f1(const struct label_metrics *m, int64_t k)
{
    if (!m->scores)
        return 0;
    struct answer *at = ranked(m, k);
    const int64_t all = count_yes(at, m->count);
    double best = 0, logit = 0;
    int64_t right = 0;
    for (int64_t i = 0; all && i < m->count && isfinite(at[i].score);) {
        const float score = at[i].score;
        for (; i < m->count && at[i].score == score; i++)
            right += at[i].yes;
        const double f1 = 2 * (double)right / (double)(i + all);
        if (f1 > best) {
            best = f1;
            logit = between(at, i, m->count);
        }
    }
    free(at);
    return logit;
}
