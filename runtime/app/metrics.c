/* Evaluation figures: a row and a function each. */
#include "metrics.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "rejection.h"
#include "report.h"
#include "shares.h"
#include "text_columns.h"

static double ratio(int64_t a, int64_t b) { return b ? (double)a / (double)b : 0; }

/* A sum over the samples to their mean. */
static double mean(const struct metrics *m, double sum)
{
    return m->count ? sum / (double)m->count : 0;
}

bool task_has_accuracy(enum task task) { return task == TASK_CLASS || task == TASK_PIXELS; }

double metrics_accuracy(const struct metrics *m)
{
    if (m->task == TASK_PIXELS)
        return ratio(m->correct, m->judged);
    return m->task == TASK_CLASS ? ratio(m->correct, m->count) : NAN;
}

double metrics_loss(const struct metrics *m)
{
    return m->weight_sum > 0 ? m->loss_sum / m->weight_sum : 0;
}
double metrics_nll(const struct metrics *m) { return mean(m, m->nll_sum); }

double metrics_precision(const struct metrics *m, int64_t k)
{
    return ratio(m->right_of[k], m->predicted_as[k]);
}

double metrics_recall(const struct metrics *m, int64_t k)
{
    return ratio(m->right_of[k], m->samples_of[k]);
}

double metrics_f1(const struct metrics *m, int64_t k)
{
    double p = metrics_precision(m, k), r = metrics_recall(m, k);
    return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

double metrics_macro_f1(const struct metrics *m)
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t k = 0; k < m->classes; k++) {
        count += m->samples_of[k] || m->predicted_as[k];
        sum += metrics_f1(m, k);
    }
    return count ? sum / (double)count : 0;
}

double metrics_balanced_accuracy(const struct metrics *m)
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t k = 0; k < m->classes; k++) {
        count += m->samples_of[k] > 0;
        sum += metrics_recall(m, k);
    }
    return count ? sum / (double)count : 0;
}

enum { MIN_NAME = 5, MAX_NAME = 32, MAX_HEADING = 6, MAX_MATRIX = 20 };

/* The column that the names of all classes need. */
static int name_columns(const struct config *c)
{
    int columns = MIN_NAME, used;
    for (int64_t k = 0; k < c->classes; k++) {
        columns_fitting(c->labels[k], MAX_NAME, &used);
        columns = used > columns ? used : columns;
    }
    return columns;
}

static void print_confusion(const struct metrics *m, const struct config *c, FILE *out)
{
    int columns = name_columns(c);
    fprintf(out, "\nconfusion matrix (rows: label, columns: prediction)\n%*s", columns, "");
    for (int64_t k = 0; k < m->classes; k++) {
        fputc(' ', out);
        columns_print_name(c->labels[k], MAX_HEADING, out);
    }
    fputc('\n', out);
    for (int64_t i = 0; i < m->classes; i++) {
        columns_print_name(c->labels[i], columns, out);
        for (int64_t k = 0; k < m->classes; k++)
            fprintf(out, " %6lld", (long long)m->confusion[i * m->classes + k]);
        fputc('\n', out);
    }
}

/* ---- how sure an accuracy is ---- */

enum { BOUND_LOW, BOUND_HIGH };

/* A bound of the interval that a share is in with 95 % confidence. */
static double bound(int64_t right, int64_t count, int side)
{
    const struct interval i = share_interval_95(right, count);
    return side == BOUND_LOW ? i.low : i.high;
}

static double metrics_accuracy_low(const struct metrics *m)
{
    return bound(m->correct, m->count, BOUND_LOW);
}

static double metrics_accuracy_high(const struct metrics *m)
{
    return bound(m->correct, m->count, BOUND_HIGH);
}

static double metrics_recall_low(const struct metrics *m, int64_t k)
{
    return bound(m->right_of[k], m->samples_of[k], BOUND_LOW);
}

static double metrics_recall_high(const struct metrics *m, int64_t k)
{
    return bound(m->right_of[k], m->samples_of[k], BOUND_HIGH);
}

static double metrics_precision_low(const struct metrics *m, int64_t k)
{
    return bound(m->right_of[k], m->predicted_as[k], BOUND_LOW);
}

static double metrics_precision_high(const struct metrics *m, int64_t k)
{
    return bound(m->right_of[k], m->predicted_as[k], BOUND_HIGH);
}

/* What always the same answer would reach. */
static double metrics_largest_class(const struct metrics *m)
{
    int64_t most = 0;
    for (int64_t k = 0; k < m->classes; k++)
        most = m->samples_of[k] > most ? m->samples_of[k] : most;
    return ratio(most, m->count);
}

/* ---- what is made of the probabilities ---- */

static double metrics_ece(const struct metrics *m) { return calibration_error(m, m->confidence); }

static double metrics_plain_ece(const struct metrics *m)
{
    return m->temperature != 1 ? calibration_error(m, m->plain_confidence) : NAN;
}

static double metrics_temperature(const struct metrics *m)
{
    return m->temperature != 1 ? m->temperature : NAN;
}

static double metrics_calibrated_nll(const struct metrics *m)
{
    return m->temperature != 1 ? calibration_nll(m, m->temperature) : NAN;
}

static double metrics_threshold(const struct metrics *m)
{
    return m->threshold > 0 ? m->threshold : NAN;
}

static double metrics_answered(const struct metrics *m)
{
    return m->threshold > 0 ? ratio(rejection_at(m, m->threshold).answered, m->count) : NAN;
}

static double metrics_answered_accuracy(const struct metrics *m)
{
    const struct rejection r = rejection_at(m, m->threshold);
    return m->threshold > 0 && r.answered ? ratio(r.right, r.answered) : NAN;
}

/* ---- the tables: a metric is a row and a function ---- */

static double metrics_top5(const struct metrics *m) { return ratio(m->top5, m->count); }

static double metrics_label_accuracy(const struct metrics *m)
{
    return ratio(m->correct, m->count * m->classes);
}

static double metrics_exact_match(const struct metrics *m) { return ratio(m->whole, m->count); }

/* Over the classes that have one. */
static double mean_area(const struct metrics *m,
                        double (*area)(const struct label_metrics *ranks, int64_t k))
{
    double sum = 0;
    int64_t count = 0;
    for (int64_t k = 0; k < m->classes; k++) {
        const double one = area(&m->ranks, k);
        count += !isnan(one);
        sum += isnan(one) ? 0 : one;
    }
    return count ? sum / (double)count : NAN;
}

static double metrics_mean_average_precision(const struct metrics *m)
{
    return mean_area(m, label_metrics_average_precision);
}

static double metrics_mean_roc_auc(const struct metrics *m)
{
    return mean_area(m, label_metrics_roc_auc);
}

static double metrics_average_precision(const struct metrics *m, int64_t k)
{
    return label_metrics_average_precision(&m->ranks, k);
}

static double metrics_roc_auc(const struct metrics *m, int64_t k)
{
    return label_metrics_roc_auc(&m->ranks, k);
}

/* As a probability. */
static double threshold_of_class(const struct metrics *m, int64_t k)
{
    return 1 / (1 + exp(-m->thresholds[k]));
}

static double metrics_rmse(const struct metrics *m)
{
    return number_metrics_rmse(m->numbers, m->classes);
}

static double metrics_mae(const struct metrics *m)
{
    return number_metrics_mae(m->numbers, m->classes);
}

static double metrics_r2(const struct metrics *m)
{
    return number_metrics_r2(m->numbers, m->classes);
}

static double metrics_output_rmse(const struct metrics *m, int64_t k)
{
    return number_metrics_rmse(&m->numbers[k], 1);
}

static double metrics_output_mae(const struct metrics *m, int64_t k)
{
    return number_metrics_mae(&m->numbers[k], 1);
}

static double metrics_output_r2(const struct metrics *m, int64_t k)
{
    return number_metrics_r2(&m->numbers[k], 1);
}

/* Sets of tasks. */
#define ONLY(task) (1U << TASK_##task)
#define CLASSES    (ONLY(CLASS) | ONLY(LABELS))
#define EVERY_TASK ((1U << TASK_COUNT) - 1)

/* Of all samples. */
static const struct {
    unsigned tasks;           /* for which it means something */
    const char *name, *title; /* in JSON and in text */
    double (*value)(const struct metrics *m);
    bool percent;
    const char *note; /* behind the figure; "": the title says all */
} overall[] = {
    {EVERY_TASK, "loss", "loss", metrics_loss, false, ""},
    {ONLY(CLASS), "nll", "nll", metrics_nll, false, "negative log-likelihood"},
    {ONLY(CLASS), "accuracy", "accuracy", metrics_accuracy, true, "right answers"},
    {ONLY(CLASS), "accuracy_low", "at least", metrics_accuracy_low, true,
     "of it, with 95 % confidence: Wilson"},
    {ONLY(CLASS), "accuracy_high", "at most", metrics_accuracy_high, true, ""},
    {ONLY(CLASS), "largest_class", "guessing", metrics_largest_class, true,
     "the accuracy of always naming the largest class"},
    {ONLY(CLASS), "top5", "top-5", metrics_top5, true, ""},
    {ONLY(CLASS), "balanced_accuracy", "balanced", metrics_balanced_accuracy, true,
     "the mean of the classes' recall"},
    {ONLY(CLASS), "ece", "ECE", metrics_ece, false,
     "expected calibration error: how far accuracy is from the probabilities"},
    {ONLY(CLASS), "temperature", "temperature", metrics_temperature, false,
     "divides the logits: fitted in validation, so that probabilities are true"},
    {ONLY(CLASS), "ece_uncalibrated", "ECE before", metrics_plain_ece, false, ""},
    {ONLY(CLASS), "nll_calibrated", "nll with it", metrics_calibrated_nll, false, ""},
    {ONLY(CLASS), "threshold", "threshold", metrics_threshold, false,
     "of the probability: below it the class is unknown"},
    {ONLY(CLASS), "answered", "answered", metrics_answered, true, ""},
    {ONLY(CLASS), "answered_accuracy", "right of it", metrics_answered_accuracy, true, ""},
    {ONLY(LABELS), "label_accuracy", "labels right", metrics_label_accuracy, true, ""},
    {ONLY(LABELS), "exact_match", "all right", metrics_exact_match, true, ""},
    {CLASSES, "macro_f1", "macro F1", metrics_macro_f1, false, "the mean of the classes' F1"},
    {CLASSES, "roc_auc", "ROC AUC", metrics_mean_roc_auc, false,
     "of a class against the rest, mean"},
    {CLASSES, "mean_average_precision", "mAP", metrics_mean_average_precision, false,
     "mean average precision: how well each class's samples are ranked"},
    {ONLY(NUMBERS), "rmse", "rmse", metrics_rmse, false, ""},
    {ONLY(NUMBERS), "mae", "mae", metrics_mae, false, ""},
    {ONLY(NUMBERS), "r2", "R2", metrics_r2, false,
     "of the labels' variance, what is explained: 1 is all, 0 as much as their mean"},
    {ONLY(PIXELS), "pixel_accuracy", "pixels right", metrics_accuracy, true, ""},
};

/* Of the samples of a class, or predicted as it; or of an output. */
static const struct {
    const char *name, *title; /* title: NULL where text, whose lines are short, does not have it */
    double (*value)(const struct metrics *m, int64_t k);
    unsigned tasks;
} by_class[] = {
    {"precision", "precision", metrics_precision, CLASSES},
    {"precision_low", NULL, metrics_precision_low, CLASSES},
    {"precision_high", NULL, metrics_precision_high, CLASSES},
    {"recall", "recall", metrics_recall, CLASSES},
    {"recall_low", "from", metrics_recall_low, CLASSES},
    {"recall_high", "to", metrics_recall_high, CLASSES},
    {"f1", "F1", metrics_f1, CLASSES},
    {"average_precision", "AP", metrics_average_precision, CLASSES},
    {"roc_auc", "ROC AUC", metrics_roc_auc, CLASSES},
    {"threshold", "above", threshold_of_class, ONLY(LABELS)},
    {"rmse", "rmse", metrics_output_rmse, ONLY(NUMBERS)},
    {"mae", "mae", metrics_output_mae, ONLY(NUMBERS)},
    {"r2", "R2", metrics_output_r2, ONLY(NUMBERS)},
};

enum {
    OVERALL = sizeof overall / sizeof overall[0],
    BY_CLASS = sizeof by_class / sizeof by_class[0],
    FIGURE = 6, /* columns of 0.1234 */
    NUMBER = 12 /* and of any number in six digits */
};

/* Whether a row's set of tasks has this one. */
static bool is_of(unsigned tasks, const struct metrics *m) { return tasks >> m->task & 1; }

/* Whether there are classes, or outputs, of which each has figures. */
static bool has_classes(const struct metrics *m) { return m->samples_of || m->numbers; }

/* ---- text and JSON ---- */

/* Whether there is anything to judge. */
static bool has_answers(const struct metrics *m) { return !m->count || m->not_finite < m->count; }

static void print_note(const struct metrics *m, int i, FILE *out)
{
    if (overall[i].value == metrics_accuracy && m->task == TASK_CLASS)
        fprintf(out, "  (%lld wrong)", (long long)(m->count - m->correct));
    else if (*overall[i].note)
        fprintf(out, "  (%s)", overall[i].note);
}

bool metrics_title(int i, struct metrics_title *title)
{
    if (i >= OVERALL)
        return false;
    *title = (struct metrics_title){overall[i].name, overall[i].title, overall[i].note,
                                    overall[i].percent};
    return true;
}

static void print_overall(const struct metrics *m, FILE *out)
{
    fprintf(out, "samples   %lld\n", (long long)m->count);
    for (int i = 0; i < OVERALL && has_answers(m); i++) {
        if (!is_of(overall[i].tasks, m))
            continue;
        const double value = overall[i].value(m);
        if (isnan(value) && overall[i].value != metrics_loss && overall[i].value != metrics_nll)
            continue; /* no class has a yes, too many answers to rank; nothing varies; nothing was fitted */
        fprintf(out, "%-8s  ", overall[i].title);
        if (!isfinite(value))
            fputs("not finite", out);
        else if (overall[i].percent)
            fprintf(out, "%.2f %%", 100 * value);
        else
            fprintf(out, "%.5f", value);
        print_note(m, i, out);
        fputc('\n', out);
    }
    if (m->not_finite)
        fprintf(out, "no answer %lld samples: their logits are not finite\n",
                (long long)m->not_finite);
}

static bool is_printed(const struct metrics *m, int i)
{
    return by_class[i].title && is_of(by_class[i].tasks, m);
}

static int figure_columns(const struct metrics *m, int i)
{
    const int title = (int)strlen(by_class[i].title), least = m->numbers ? NUMBER : FIGURE;
    return title > least ? title : least;
}

static void print_figure(const struct metrics *m, int i, int64_t k, FILE *out)
{
    const double value = by_class[i].value(m, k);
    const int columns = figure_columns(m, i);
    if (isnan(value))
        fprintf(out, "  %-*s", columns, "-");
    else
        fprintf(out, m->numbers ? "  %-*.6g" : "  %-*.4f", columns, value);
}

static void print_classes(const struct metrics *m, const struct config *c, FILE *out)
{
    const int columns = name_columns(c);
    fprintf(out, "\n%*s", columns, m->numbers ? "output" : "class");
    for (int i = 0; i < BY_CLASS; i++)
        if (is_printed(m, i))
            fprintf(out, "  %-*s", figure_columns(m, i), by_class[i].title);
    fputs(m->numbers ? "\n" : "  samples\n", out);
    for (int64_t k = 0; k < m->classes; k++) {
        columns_print_name(c->labels[k], columns, out);
        for (int i = 0; i < BY_CLASS; i++)
            if (is_printed(m, i))
                print_figure(m, i, k, out);
        if (m->samples_of)
            fprintf(out, "  %lld", (long long)m->samples_of[k]);
        fputc('\n', out);
    }
    if (m->samples_of)
        fputs("from, to: what the recall of all such samples is, with 95 % confidence (Wilson)\n",
              out);
}

void metrics_print(const struct metrics *m, const struct config *c, FILE *out)
{
    print_overall(m, out);
    if (!has_classes(m) || !has_answers(m) || (m->numbers && m->classes == 1))
        return;
    print_classes(m, c, out);
    if (m->confusion && m->classes <= MAX_MATRIX)
        print_confusion(m, c, out);
}

static json_t *json_confusion(const struct metrics *m)
{
    json_t *rows = json_array();
    for (int64_t i = 0; i < m->classes; i++) {
        json_t *row = json_array();
        for (int64_t k = 0; k < m->classes; k++)
            json_array_append_new(row, json_integer(m->confusion[i * m->classes + k]));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* A figure; JSON has no word for what is not finite. */
static json_t *json_figure(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *json_classes(const struct metrics *m, const struct config *c)
{
    json_t *list = json_array();
    for (int64_t k = 0; k < m->classes; k++) {
        json_t *row = json_pack("{s:s}", m->numbers ? "output" : "class", c->labels[k]);
        if (m->samples_of)
            json_object_set_new(row, "samples", json_integer((json_int_t)m->samples_of[k]));
        for (int i = 0; i < BY_CLASS; i++)
            if (is_of(by_class[i].tasks, m))
                json_object_set_new(row, by_class[i].name, json_figure(by_class[i].value(m, k)));
        json_array_append_new(list, row);
    }
    return list;
}

json_t *metrics_json(const struct metrics *m, const struct config *c)
{
    json_t *root = json_pack("{s:I, s:I}", "samples", (json_int_t)m->count, "not_finite",
                             (json_int_t)m->not_finite);
    if (has_classes(m))
        json_object_set_new(root, m->numbers ? "outputs" : "classes", json_classes(m, c));
    if (m->confusion)
        json_object_set_new(root, "confusion", json_confusion(m));
    if (m->confusion)
        json_object_set_new(root, "calibration", calibration_bins_json(m));
    for (int i = 0; i < OVERALL; i++)
        if (is_of(overall[i].tasks, m))
            json_object_set_new(root, overall[i].name, json_figure(overall[i].value(m)));
    return root;
}
