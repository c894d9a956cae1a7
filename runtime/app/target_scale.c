#include "target_scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Of the outputs: [count]. */
struct scale {
    int64_t count;
    double *mean, *std;
};

static int64_t find_state(const struct ftmrt_program *p, const char *name)
{
    uint32_t i = 0;
    while (i < p->state_count && strcmp(p->states[i].name, name) != 0)
        i++;
    return i < p->state_count ? (int64_t)i : -1;
}

/* A state, [count]. */
static float *get_values(const struct session *s, int64_t state, int64_t count)
{
    float *values = app_alloc((size_t)count, sizeof *values);
    ftmrt_get_state(s->program, s->workspace, (uint32_t)state, values,
                    (size_t)count * sizeof *values);
    return values;
}

static void set_values(const struct session *s, int64_t state, int64_t count, float *values)
{
    ftmrt_set_state(s->program, s->workspace, (uint32_t)state, values,
                    (size_t)count * sizeof *values);
    free(values);
}

/* Adds sample i: running means and sums of squares (Welford, Technometrics 4, 1962), which are as good far from 0. */
static void add_sample(struct scale *c, int64_t i, const float *label)
{
    for (int64_t k = 0; k < c->count; k++) {
        const double off = (double)label[k] - c->mean[k];
        c->mean[k] += off / (double)(i + 1);
        c->std[k] += off * ((double)label[k] - c->mean[k]);
    }
}

static void measure(struct scale *c, const struct subset *train)
{
    struct buffer buffer = {0};
    for (int64_t i = 0; i < train->count; i++) {
        union field_value v;
        if (train->source->read(train->source, train->indices ? train->indices[i] : i, FIELD_LABEL,
                                &buffer, &v))
            add_sample(c, i, v.tensor);
    }
    buffer_free(&buffer);
    for (int64_t k = 0; k < c->count; k++) {
        const double std = sqrt(c->std[k] / (double)train->count);
        c->std[k] = (float)std > 0 ? std : 1;
    }
}

/* Sets the outputs that have no units yet; how many. */
static int64_t settle(const struct scale *c, float *std, float *mean, const struct session *s)
{
    enum { MOST_SAID = 8 };
    int64_t count = 0;
    for (int64_t k = 0; k < c->count; k++) {
        if (std[k] != 1 || mean[k] != 0)
            continue;
        std[k] = (float)c->std[k];
        mean[k] = (float)c->mean[k];
        if (count++ < MOST_SAID)
            report_note("targets = standardize: '%s' has the mean %.6g and the standard deviation "
                        "%.6g",
                        s->config.labels[k], c->mean[k], c->std[k]);
    }
    return count;
}

void target_scale_set(struct session *s, const struct training_data *data)
{
    const int64_t std = find_state(s->program, "targets.scale"),
                  mean = find_state(s->program, "targets.offset"), count = s->config.classes;
    const struct subset train = training_data_train(data);
    if (!config_standardizes(&s->config) || std < 0 || mean < 0)
        return;
    struct scale c = {count, app_alloc((size_t)count, sizeof *c.mean),
                      app_alloc((size_t)count, sizeof *c.std)};
    float *stds = get_values(s, std, count), *means = get_values(s, mean, count);
    measure(&c, &train);
    if (!settle(&c, stds, means, s))
        report_note("targets = standardize: goes on in the units that the weights came with");
    set_values(s, std, count, stds);
    set_values(s, mean, count, means);
    free(c.mean);
    free(c.std);
}
