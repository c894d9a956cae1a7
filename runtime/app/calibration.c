#include "calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "report.h"

/* ---- bins ---- */

enum { BINS = 15 };

struct bin {
    int64_t samples, right;
    double confidence; /* summed over them */
};

/* (0, 1/15], (1/15, 2/15], ...; returns how many samples there are in them. */
static int64_t fill_bins(const struct metrics *m, const float *confidence, struct bin bins[BINS])
{
    int64_t count = 0;
    memset(bins, 0, BINS * sizeof *bins);
    for (int64_t i = 0; i < m->count; i++) {
        const double p = (double)confidence[i];
        if (m->predicted[i] == NO_CLASS)
            continue;
        const int at = (int)ceil(p * (double)BINS) - 1;
        struct bin *b = &bins[at < 0 ? 0 : at >= BINS ? BINS - 1 : at];
        b->samples++;
        b->right += m->predicted[i] == m->labels[i];
        b->confidence += p;
        count++;
    }
    return count;
}

double calibration_error(const struct metrics *m, const float *confidence)
{
    struct bin bins[BINS];
    const int64_t count = fill_bins(m, confidence, bins);
    double sum = 0;
    for (int i = 0; i < BINS; i++)
        sum += fabs((double)bins[i].right - bins[i].confidence);
    return count ? sum / (double)count : 0;
}

json_t *calibration_bins_json(const struct metrics *m)
{
    struct bin bins[BINS];
    json_t *list = json_array();
    fill_bins(m, m->confidence, bins);
    for (int i = 0; i < BINS; i++) {
        const double n = (double)bins[i].samples;
        if (bins[i].samples)
            json_array_append_new(
                list, json_pack("{s:f, s:I, s:f, s:f}", "from", (double)i / (double)BINS, "samples",
                                (json_int_t)bins[i].samples, "confidence", bins[i].confidence / n,
                                "accuracy", (double)bins[i].right / n));
    }
    return list;
}

/* ---- the temperature ---- */

/* Of the negative log-likelihood as a function of the inverse temperature, in which it is convex: its value and two derivatives, summed. */
struct likelihood {
    double nll, first, second;
};

/* Sums over the classes, for each sample. */
struct sums {
    double *weight, *mean, *square; /* [count]: of exp(b z), of it times z, times z^2 */
};

static struct sums sum_classes(const struct metrics *m, double b)
{
    const size_t count = (size_t)m->count + 1;
    const struct sums s = {app_alloc(count, sizeof(double)), app_alloc(count, sizeof(double)),
                           app_alloc(count, sizeof(double))};
    for (int64_t k = 0; k < m->classes; k++) {
        const float *score = m->ranks.scores + k * m->ranks.capacity;
        for (int64_t i = 0; i < m->count; i++) {
            const double z = (double)score[i], w = isfinite(z) ? exp(b * z) : 0;
            s.weight[i] += w;
            s.mean[i] += w > 0 ? w * z : 0;
            s.square[i] += w > 0 ? w * z * z : 0;
        }
    }
    return s;
}

/* Over the samples that have an answer; *answers: how many. */
static struct likelihood likelihood_at(const struct metrics *m, double b, int64_t *answers)
{
    struct sums s = sum_classes(m, b);
    struct likelihood l = {0, 0, 0};
    *answers = 0;
    for (int64_t i = 0; i < m->count; i++) {
        const double z = (double)m->ranks.scores[m->labels[i] * m->ranks.capacity + i];
        if (m->predicted[i] == NO_CLASS || !isfinite(z))
            continue;
        const double mean = s.mean[i] / s.weight[i];
        l.nll += log(s.weight[i]) - b * z;
        l.first += mean - z;
        l.second += s.square[i] / s.weight[i] - mean * mean;
        ++*answers;
    }
    free(s.weight);
    free(s.mean);
    free(s.square);
    return l;
}

double calibration_nll(const struct metrics *m, double temperature)
{
    int64_t answers;
    if (!m->ranks.scores)
        return NAN;
    const struct likelihood l = likelihood_at(m, 1 / temperature, &answers);
    return answers ? l.nll / (double)answers : NAN;
}

#define WIDEST 20.0 /* temperatures, and their inverses, that are looked at */

enum { MOST_STEPS = 100 };

/* Where the first derivative is 0, between two places of which it is below it at the first and above it at the second: Newton's
 * steps, halving where they leave the range. */
static double find_least(const struct metrics *m, double low, double high)
{
    double b = 1;
    int64_t answers;
    for (int i = 0; i < MOST_STEPS && high - low > 1e-9 * high; i++) {
        const struct likelihood l = likelihood_at(m, b, &answers);
        *(l.first > 0 ? &high : &low) = b;
        const double next = l.second > 0 ? b - l.first / l.second : low,
                     inside = next > low && next < high ? next : (low + high) / 2;
        if (fabs(inside - b) < 1e-9 * b)
            return inside;
        b = inside;
    }
    return b;
}

double calibration_fit(const struct metrics *m)
{
    static const double chi_square = 3.841458820694124; /* of one degree of freedom, 95 % */
    int64_t answers;
    if (m->task != TASK_CLASS || !m->ranks.scores || !m->count)
        return 1;
    if (!(likelihood_at(m, 1 / WIDEST, &answers).first < 0) ||
        !(likelihood_at(m, WIDEST, &answers).first > 0))
        return 1;
    const double b = find_least(m, 1 / WIDEST, WIDEST),
                 gain = likelihood_at(m, 1, &answers).nll - likelihood_at(m, b, &answers).nll;
    return 2 * gain > chi_square ? round(1e6 / b) / 1e6 : 1; /* as it is written */
}
