/* Samples of an evaluation: what is counted and kept of each, by the task. */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>

#include "report.h"

void metrics_init(struct metrics *m, const struct config *c, int64_t capacity)
{
    const int64_t classes = c->classes;
    *m = (struct metrics){.task = c->task,
                          .classes = classes,
                          .pixels = c->output_count / classes,
                          .ignored = c->ignored,
                          .capacity = capacity};
    if (c->task == TASK_NUMBERS)
        m->numbers = app_alloc((size_t)classes, sizeof *m->numbers);
    if (c->task != TASK_CLASS && c->task != TASK_LABELS)
        return;
    m->samples_of = app_alloc((size_t)classes, sizeof(int64_t));
    m->predicted_as = app_alloc((size_t)classes, sizeof(int64_t));
    m->right_of = app_alloc((size_t)classes, sizeof(int64_t));
    label_metrics_init(&m->ranks, classes, capacity);
    if (c->task == TASK_LABELS) {
        m->thresholds = app_alloc((size_t)classes, sizeof *m->thresholds);
        for (int64_t k = 0; k < classes; k++)
            m->thresholds[k] = config_threshold(c, k);
        return;
    }
    m->confusion = app_alloc((size_t)(classes * classes), sizeof(int64_t));
    m->labels = app_alloc((size_t)capacity, sizeof(int32_t));
    m->predicted = app_alloc((size_t)capacity, sizeof(int32_t));
    m->temperature = c->temperature > 0 ? c->temperature : 1;
    m->threshold = c->threshold;
    m->confidence = app_alloc((size_t)capacity, sizeof(float));
    m->plain_confidence = app_alloc((size_t)capacity, sizeof(float));
    m->p = app_alloc((size_t)classes, sizeof(double));
    m->log_p = app_alloc((size_t)classes, sizeof(float));
    m->is_label = app_alloc((size_t)classes, sizeof(float));
}

void metrics_free(struct metrics *m)
{
    free(m->numbers);
    free(m->samples_of);
    free(m->predicted_as);
    free(m->right_of);
    label_metrics_free(&m->ranks);
    free(m->thresholds);
    free(m->confusion);
    free(m->labels);
    free(m->predicted);
    free(m->confidence);
    free(m->plain_confidence);
    free(m->p);
    free(m->log_p);
    free(m->is_label);
    *m = (struct metrics){0};
}

double probabilities(const float *logits, int64_t classes, double temperature, double *out)
{
    for (int64_t k = 0; k < classes; k++)
        out[k] = (double)logits[k] / temperature;
    return ftmrt_softmax(classes, out, out);
}

static bool all_finite(const float *row, int64_t count)
{
    for (int64_t k = 0; k < count; k++)
        if (!isfinite(row[k]))
            return false;
    return true;
}

static bool in_top5(const float *row, int64_t classes, int32_t label)
{
    int64_t better = 0;
    for (int64_t k = 0; k < classes; k++)
        better += row[k] > row[label] || (row[k] == row[label] && k < label);
    return better < 5;
}

/* ---- a sample of each task ---- */

/* Keeps the logarithms of the probabilities, which tell those near 1 apart. */
static void rank_class(struct metrics *m, const float *row, double log_sum, int32_t label)
{
    for (int64_t k = 0; k < m->classes; k++) {
        m->log_p[k] = (float)((double)row[k] - log_sum);
        m->is_label[k] = k == label;
    }
    label_metrics_add(&m->ranks, m->log_p, m->is_label);
}

static void add_class(struct metrics *m, const float *row, const void *labels, int64_t i)
{
    const int32_t label = ((const int32_t *)labels)[i],
                  predicted = predicted_class(row, m->classes);
    const double log_sum = probabilities(row, m->classes, 1, m->p);
    /* the logarithm, not the probability, of the label: no underflow for confident mistakes */
    m->nll_sum += log_sum - (double)row[label];
    rank_class(m, row, log_sum, label);
    m->samples_of[label]++;
    m->labels[m->count] = label;
    m->predicted[m->count] = predicted;
    m->plain_confidence[m->count] = predicted == NO_CLASS ? NAN : (float)m->p[predicted];
    if (m->temperature != 1)
        probabilities(row, m->classes, m->temperature, m->p);
    m->confidence[m->count] = predicted == NO_CLASS ? NAN : (float)m->p[predicted];
    if (predicted == NO_CLASS)
        return;
    m->correct += predicted == label;
    m->predicted_as[predicted]++;
    m->right_of[label] += predicted == label;
    m->top5 += in_top5(row, m->classes, label);
    m->confusion[label * m->classes + predicted]++;
}

/* Whether a class is given, and whether it is to be; *right: how many of the sample are as they are to be. */
static void judge_label(struct metrics *m, int64_t k, bool yes, bool says, int64_t *right)
{
    m->samples_of[k] += yes;
    m->predicted_as[k] += says;
    m->right_of[k] += yes && says;
    *right += yes == says;
}

static void count_labels(struct metrics *m, int64_t right)
{
    m->correct += right;
    m->whole += right == m->classes;
}

static void add_labels(struct metrics *m, const float *row, const void *labels, int64_t i)
{
    const float *shares = (const float *)labels + i * m->classes;
    int64_t right = 0;
    for (int64_t k = 0; k < m->classes; k++)
        judge_label(m, k, shares[k] > 0.5F, (double)row[k] > m->thresholds[k], &right);
    count_labels(m, right);
    label_metrics_add(&m->ranks, row, shares);
}

void metrics_judge(struct metrics *m, const struct config *c)
{
    const struct label_metrics *r = &m->ranks;
    if (!r->scores)
        return;
    m->correct = m->whole = 0;
    for (int64_t k = 0; k < m->classes; k++) {
        m->samples_of[k] = m->predicted_as[k] = m->right_of[k] = 0;
        m->thresholds[k] = config_threshold(c, k);
    }
    for (int64_t i = 0; i < r->count; i++) {
        int64_t right = 0;
        for (int64_t k = 0; k < m->classes; k++)
            judge_label(m, k, r->yes[k * r->capacity + i],
                        (double)r->scores[k * r->capacity + i] > m->thresholds[k], &right);
        count_labels(m, right);
    }
}

static void add_numbers(struct metrics *m, const float *row, const void *labels, int64_t i)
{
    const float *wanted = (const float *)labels + i * m->classes;
    for (int64_t k = 0; k < m->classes; k++)
        number_metrics_add(&m->numbers[k], (double)row[k], (double)wanted[k]);
}

static void add_pixels(struct metrics *m, const float *row, const void *labels, int64_t i)
{
    int64_t judged;
    m->correct += network_right_pixels(row, (const int32_t *)labels + i * m->pixels, m->classes,
                                       m->pixels, m->ignored, &judged);
    m->judged += judged;
}

static void (*const adders[TASK_COUNT])(struct metrics *m, const float *row, const void *labels,
                                        int64_t i) = {
    [TASK_CLASS] = add_class,   [TASK_LABELS] = add_labels, [TASK_NUMBERS] = add_numbers,
    [TASK_PIXELS] = add_pixels, [TASK_DISTRIBUTION] = NULL, /* its loss says it */
};

void metrics_add(struct metrics *m, const float *logits, const void *labels, double loss,
                 double weight, int64_t n)
{
    if (weight > 0) /* a batch of which nothing counts has no loss */
        m->loss_sum += loss * weight * (double)n;
    m->weight_sum += weight * (double)n;
    for (int64_t i = 0; i < n && m->count < m->capacity; i++, m->count++) {
        const float *row = logits + i * m->classes * m->pixels;
        m->not_finite += !all_finite(row, m->classes * m->pixels);
        if (adders[m->task])
            adders[m->task](m, row, labels, i);
    }
}
