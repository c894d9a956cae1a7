#include "predict_output.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "csv_file.h"
#include "file_bytes.h"
#include "metrics.h"
#include "replace.h"
#include "report.h"
#include "utf8_json.h"

/* ---- figures of the outputs, by the task ---- */

static void class_probabilities(const struct config *c, const float *logits, double *p)
{
    probabilities(logits, c->classes, c->temperature, p);
}

static void yes_probabilities(const struct config *c, const float *logits, double *p)
{
    for (int64_t k = 0; k < c->classes; k++)
        p[k] = 1 / (1 + exp(-(double)logits[k]));
}

static void numbers(const struct config *c, const float *logits, double *p)
{
    for (int64_t k = 0; k < c->classes; k++)
        p[k] = (double)logits[k];
}

/* The share of the pixels that are predicted as each class. */
static void pixel_shares(const struct config *c, const float *logits, double *p)
{
    const int64_t pixels = c->output_count / c->classes;
    for (int64_t i = 0; i < pixels; i++) {
        int64_t best = 0;
        for (int64_t k = 1; k < c->classes; k++)
            best = logits[k * pixels + i] > logits[best * pixels + i] ? k : best;
        p[best] += 1 / (double)pixels;
    }
}

static const struct task_figures {
    void (*compute)(const struct config *c, const float *logits, double *p); /* p: [classes], 0 */
    bool ranked;  /* the greatest first, --top of them; else all in order */
    bool several; /* any number of them are answers: those above their thresholds */
    const char *list, *output, *figure; /* in JSON and CSV */
} figures[TASK_COUNT] = {
    [TASK_CLASS] = {class_probabilities, true, false, "top", "class", "probability"},
    [TASK_DISTRIBUTION] = {class_probabilities, true, false, "top", "class", "probability"},
    [TASK_LABELS] = {yes_probabilities, true, true, "top", "class", "probability"},
    [TASK_NUMBERS] = {numbers, false, false, "outputs", "output", "value"},
    [TASK_PIXELS] = {pixel_shares, true, false, "top", "class", "share"},
};

/* ---- outputs ---- */

struct predict_output {
    const struct config *config;
    struct predict_forms forms;
    const struct task_figures *figures;
    int64_t shown;  /* classes of a sample */
    bool several;   /* any number of them are answers, and nobody asked for so many */
    double *p;      /* [classes] of the running sample */
    int64_t *order; /* [shown] classes */
    bool *taken;    /* [classes] */
    bool *given;    /* [classes]: which are answers, where any number of them are */
    int64_t samples;
    float *logits; /* [samples, output_count] */
    struct replace_file csv;
    FILE *row;  /* of CSV, in `line` */
    char *line; /* [length] */
    size_t length;
    bool failed;
};

static bool keep_failure(struct predict_output *o, const char *error)
{
    o->failed = true;
    return report_error("%s", error);
}

static int64_t next_best(const struct predict_output *o)
{
    int64_t best = -1;
    for (int64_t k = 0; k < o->config->classes; k++)
        if (!o->taken[k] && (best < 0 || o->p[k] > o->p[best]))
            best = k;
    return best;
}

/* The figures of a sample and the classes that are shown of it, in order. */
static void compute(struct predict_output *o, const float *logits)
{
    const size_t classes = (size_t)o->config->classes;
    memset(o->p, 0, classes * sizeof *o->p);
    memset(o->taken, 0, classes * sizeof *o->taken);
    o->figures->compute(o->config, logits, o->p);
    for (int64_t k = 0; o->several && k < o->config->classes; k++)
        o->given[k] = (double)logits[k] > config_threshold(o->config, k);
    for (int64_t i = 0; i < o->shown; i++) {
        o->order[i] = o->figures->ranked ? next_best(o) : i;
        o->taken[o->order[i]] = true;
    }
}

static const char *class_name(const struct predict_output *o, int64_t i)
{
    return o->config->labels[o->order[i]];
}

static double figure(const struct predict_output *o, int64_t i) { return o->p[o->order[i]]; }

/* Whether what is shown at i is an answer. */
static bool is_answer(const struct predict_output *o, int64_t i)
{
    return !o->several || o->given[o->order[i]];
}

/* Whether the answer is not sure enough to be one. */
static bool is_unknown(const struct predict_output *o)
{
    return o->config->threshold > 0 && o->config->task == TASK_CLASS &&
           (double)(float)figure(o, 0) < o->config->threshold;
}

#define UNKNOWN "unknown"

/* ---- lines ---- */

static void print_line(const struct predict_output *o, const char *name)
{
    const bool unknown = is_unknown(o);
    int64_t count = 0;
    printf("%s:%s", name, unknown ? " " UNKNOWN " (" : " ");
    for (int64_t i = 0; i < o->shown; i++)
        if (is_answer(o, i))
            printf(o->figures->ranked ? "%s%s %.4f" : "%s%s %.6g", count++ ? ", " : "",
                   class_name(o, i), figure(o, i));
    if (!count)
        printf("none (%s %.4f)", class_name(o, 0), figure(o, 0));
    puts(unknown ? ")" : "");
}

/* ---- JSON ---- */

static json_t *shown_json(const struct predict_output *o)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < o->shown; i++)
        json_array_append_new(list, json_pack("{s:o, s:f}", o->figures->output,
                                              utf8_json(class_name(o, i)), o->figures->figure,
                                              figure(o, i)));
    return list;
}

static json_t *answers_json(const struct predict_output *o)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < o->shown; i++)
        if (is_answer(o, i))
            json_array_append_new(list, utf8_json(class_name(o, i)));
    return list;
}

static void print_json(const struct predict_output *o, const char *name, bool good)
{
    json_t *sample = json_object();
    utf8_json_name(sample, "file", name);
    if (good && o->several)
        json_object_set_new(sample, "labels", answers_json(o));
    if (good && o->config->threshold > 0)
        json_object_set_new(sample, UNKNOWN, json_boolean(is_unknown(o)));
    if (good)
        json_object_set_new(sample, o->figures->list, shown_json(o));
    else
        json_object_set_new(sample, "error", json_string("not predicted"));
    if (!o->forms.lines)
        fputs(o->samples ? ",\n" : "[\n", stdout);
    json_dumpf(sample, stdout, JSON_REAL_PRECISION(9));
    if (o->forms.lines) {
        putchar('\n');
        fflush(stdout);
    }
    json_decref(sample);
}

/* ---- CSV ---- */

static void add_cell(struct predict_output *o, const char *text)
{
    if (o->row)
        fputc(',', o->row);
    else if (!o->failed && !(o->row = open_memstream(&o->line, &o->length)))
        keep_failure(o, "a row of the table: out of memory");
    if (o->row)
        csv_write_field(o->row, text);
}

static void add_number(struct predict_output *o, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.9g", value);
    add_cell(o, text);
}

static bool to_stdout(const struct predict_output *o) { return !strcmp(o->forms.csv, "-"); }

/* Writes the row, and begins another; nothing behind a failure. */
static void end_row(struct predict_output *o)
{
    char error[512] = "a row of the table: out of memory";
    if (!o->row)
        return;
    fputc('\n', o->row);
    bool whole = !ferror(o->row);
    whole = fclose(o->row) == 0 && whole;
    if (whole && to_stdout(o))
        fputs(o->line, stdout);
    else if (!whole || replace_write(&o->csv, o->line, o->length, error, sizeof error) != FTMRT_OK)
        keep_failure(o, error);
    free(o->line);
    o->line = NULL;
    o->row = NULL;
}

/* "class", or "class_2" of several. */
static void add_title(struct predict_output *o, const char *word, int64_t i)
{
    char *text = o->shown > 1 ? app_format("%s_%lld", word, (long long)i + 1) : app_strdup(word);
    add_cell(o, text);
    free(text);
}

static void write_titles(struct predict_output *o)
{
    add_cell(o, "file");
    if (o->several)
        add_cell(o, "labels");
    for (int64_t i = 0; i < o->shown; i++) {
        if (o->figures->ranked && !o->several) {
            add_title(o, o->figures->output, i);
            add_title(o, o->figures->figure, i);
        } else {
            add_cell(o, o->config->labels[i]);
        }
    }
    end_row(o);
}

/* "cat;dog", as a table of training data has it. */
static void add_answers(struct predict_output *o)
{
    char *text = app_strdup("");
    for (int64_t i = 0; i < o->shown; i++) {
        if (!is_answer(o, i))
            continue;
        char *more = app_format("%s%s%s", text, *text ? ";" : "", class_name(o, i));
        free(text);
        text = more;
    }
    add_cell(o, text);
    free(text);
}

/* The answers, and a figure for each class. */
static void write_several(struct predict_output *o, bool good)
{
    if (good)
        add_answers(o);
    else
        add_cell(o, "");
    for (int64_t k = 0; k < o->config->classes; k++)
        if (good)
            add_number(o, o->p[k]);
        else
            add_cell(o, "");
}

static void write_ranked(struct predict_output *o, bool good)
{
    for (int64_t i = 0; i < o->shown; i++) {
        if (o->figures->ranked)
            add_cell(o, !good ? "" : i == 0 && is_unknown(o) ? UNKNOWN : class_name(o, i));
        if (good)
            add_number(o, figure(o, i));
        else
            add_cell(o, "");
    }
}

static void write_row(struct predict_output *o, const char *name, bool good)
{
    add_cell(o, name);
    if (o->several)
        write_several(o, good);
    else
        write_ranked(o, good);
    end_row(o);
}

/* ---- the array ---- */

static void keep_logits(struct predict_output *o, const float *logits)
{
    const size_t outputs = (size_t)o->config->output_count, have = (size_t)o->samples;
    if ((have & (have + 1)) == 0) /* 0, 1, 3, 7, ...: as much again and one more */
        o->logits = app_grow(o->logits, (2 * have + 1) * outputs, sizeof(float));
    for (size_t k = 0; k < outputs; k++)
        o->logits[have * outputs + k] = logits ? logits[k] : NAN;
}

static void write_logits(struct predict_output *o)
{
    const int64_t dims[2] = {o->samples, o->config->output_count};
    o->failed = !array_write_npy(o->forms.logits, o->logits, 2, dims) || o->failed;
}

/* ---- all ---- */

static bool begin_csv(struct predict_output *o)
{
    char error[512];
    if (!to_stdout(o) && replace_open(&o->csv, o->forms.csv, error, sizeof error) != FTMRT_OK)
        return report_error("%s", error);
    write_titles(o);
    return true;
}

static bool begin(struct predict_output *o)
{
    if (o->forms.json && o->forms.csv && to_stdout(o))
        return report_error("--json and --csv - would both be written to standard output");
    return (!o->forms.logits || file_can_be_written(o->forms.logits)) &&
           (!o->forms.csv || begin_csv(o));
}

static void free_output(struct predict_output *o)
{
    free(o->logits);
    free(o->taken);
    free(o->given);
    free(o->order);
    free(o->p);
    free(o);
}

struct predict_output *predict_output_open(const struct config *config,
                                           const struct predict_forms *forms)
{
    struct predict_output *o = app_alloc(1, sizeof *o);
    const int64_t classes = config->classes;
    o->config = config;
    o->forms = *forms;
    o->figures = &figures[config->task];
    o->several = o->figures->several && !forms->top;
    const int64_t top = forms->top || o->several ? forms->top : 1;
    o->shown = o->figures->ranked && top && top < classes ? top : classes;
    o->p = app_alloc((size_t)classes, sizeof *o->p);
    o->order = app_alloc((size_t)o->shown, sizeof *o->order);
    o->taken = app_alloc((size_t)classes, sizeof *o->taken);
    o->given = app_alloc((size_t)classes, sizeof *o->given);
    if (begin(o))
        return o;
    free_output(o);
    return NULL;
}

static bool is_finite(const struct predict_output *o, const float *logits)
{
    for (int64_t k = 0; k < o->config->output_count; k++)
        if (!isfinite(logits[k]))
            return false;
    return true;
}

bool predict_output_add(struct predict_output *o, const char *name, const float *logits)
{
    const bool good = logits && is_finite(o, logits);
    if (good)
        compute(o, logits);
    else if (logits)
        report_error("%s: the network computes no numbers for it (NaN or infinity); `selftest` "
                     "looks at the weights",
                     name);
    if (o->forms.json)
        print_json(o, name, good);
    else if (good && !o->forms.csv && !o->forms.logits)
        print_line(o, name);
    if (o->forms.csv)
        write_row(o, name, good);
    if (o->forms.logits)
        keep_logits(o, logits);
    o->samples++;
    return good || !logits;
}

bool predict_output_close(struct predict_output *o)
{
    char error[512];
    if (o->forms.json && !o->forms.lines)
        puts(o->samples ? "\n]" : "[]");
    if (o->forms.csv && !to_stdout(o)) {
        if (o->failed)
            replace_abort(&o->csv);
        else if (replace_commit(&o->csv, error, sizeof error) != FTMRT_OK)
            keep_failure(o, error);
    }
    if (o->forms.logits)
        write_logits(o);
    const bool ok = !o->failed;
    free_output(o);
    return ok;
}
