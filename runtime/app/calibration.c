#include "calibration.h"

#include <math.h>
#include <string.h>

#include "network.h"

enum { BINS = 15 };

struct bin {
    int64_t samples, right;
    double confidence; /* summed over them */
};

/* (0, 1/15], (1/15, 2/15], ...; returns how many samples there are in them. */
static int64_t fill_bins(const struct metrics *m, struct bin bins[BINS])
{
    int64_t count = 0;
    memset(bins, 0, BINS * sizeof *bins);
    for (int64_t i = 0; i < m->count; i++) {
        const double p = (double)m->confidence[i];
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

double calibration_error(const struct metrics *m)
{
    struct bin bins[BINS];
    const int64_t count = fill_bins(m, bins);
    double sum = 0;
    for (int i = 0; i < BINS; i++)
        sum += fabs((double)bins[i].right - bins[i].confidence);
    return count ? sum / (double)count : 0;
}

json_t *calibration_bins_json(const struct metrics *m)
{
    struct bin bins[BINS];
    json_t *list = json_array();
    fill_bins(m, bins);
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
