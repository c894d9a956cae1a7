/* The command `eval`. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "command.h"
#include "eval_data.h"
#include "evaluate.h"
#include "file_bytes.h"
#include "mistakes.h"
#include "network_identity.h"
#include "no_worse.h"
#include "not_finite.h"
#include "rejection.h"
#include "report.h"
#include "requirement.h"
#include "run_choice.h"
#include "run_record.h"
#include "trained_fact.h"
#include "weights_choice.h"

/* Whether the weights are those of the epoch that did best on these samples. */
static bool was_chosen_on(const struct session *s, const struct eval_data *d)
{
    return d->validates && (s->run || (s->training && s->training->chosen));
}

static int64_t count_wrong_labels(const struct metrics *m)
{
    int32_t *likely = app_alloc((size_t)m->count + 1, sizeof *likely);
    const int64_t count = likely_labels(m, likely);
    free(likely);
    return count;
}

static json_t *result_json(const struct session *s, const struct eval_data *d,
                           const struct metrics *m)
{
    json_t *root = metrics_json(m, &s->config);
    json_object_set_new(root, "weights", json_string(s->weights_from));
    json_object_set_new(root, "data", json_string(d->samples.source->name));
    json_object_set_new(root, "split", json_string(eval_data_part(d)));
    if (m->task == TASK_CLASS)
        json_object_set_new(root, "likely_wrong_labels", json_integer(count_wrong_labels(m)));
    json_object_set_new(root, "epoch_chosen_on_it", json_boolean(was_chosen_on(s, d)));
    return root;
}

static bool print_json(const json_t *result)
{
    const bool ok = json_dumpf(result, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    putchar('\n');
    return ok || report_error("the result cannot be written as JSON");
}

static void print_text(const struct session *s, const struct eval_data *d, const struct metrics *m)
{
    printf("weights   %s\ndata      %s\n", s->weights_from, d->samples.source->name);
    printf("split     %s%s\n", eval_data_part(d),
           was_chosen_on(s, d) ? "  (the epoch was chosen on it: new samples will do worse)"
           : d->foreign        ? "  (not the data that it was trained on)"
                               : "");
    metrics_print(m, &s->config, stdout);
}

/* What trained the weights, if that is known: takes its seed, and the hash of its data or "". */
static struct identity_text take_training(struct session *s)
{
    struct identity_text data = {""};
    struct run_record record;
    if (s->training) {
        s->config.seed = s->training->seed;
        if (s->training->data)
            data = identity_hash_text(s->training->data);
    } else if (s->run && run_record_find(&record, s->run)) {
        const json_t *seed = json_object_get(record.root, "seed");
        if (json_is_integer(seed))
            s->config.seed = (uint64_t)json_integer_value(seed);
        snprintf(data.hash, sizeof data.hash, "%s", run_record_text(&record, "data_hash"));
        run_record_free(&record);
    }
    return data;
}

/* The part of the data that validated a training is that of its seed; it is the training's own only in data like its own. */
static bool open_data(struct session *s, struct eval_data *d, const struct options *o)
{
    const struct identity_text data = take_training(s);
    return eval_data_open(d, &s->config, o->split, o->data) &&
           eval_data_compare(d, data.hash, s->threads);
}

/* Answers that are no numbers: what they came from. */
static bool check_finite(const struct session *s, const struct metrics *m)
{
    if (!m->not_finite)
        return true;
    const struct ftmrt_state *bad = not_finite_state(s, true), *negative = negative_variance(s);
    return report_error("the network computes no finite numbers for %lld of %lld samples: %s%s%s",
                        (long long)m->not_finite, (long long)m->count, bad || negative ? "'" : "",
                        bad        ? bad->name
                        : negative ? negative->name
                                   : "the weights are finite, so look at those samples",
                        bad        ? "' has values that are not finite"
                        : negative ? "' has values below 0"
                                   : "");
}

/* What samples that are no training's own validate, a threshold is chosen on as well as on any. */
static bool check_precision(const struct session *s, const struct eval_data *d,
                            const struct options *o)
{
    if (!o->precision_given)
        return true;
    if (s->config.task != TASK_CLASS)
        return report_error(
            "--precision chooses when a class is unknown; this network learns no classes");
    if (!d->validates)
        return report_error(
            "--precision chooses on the validation samples, and these are others (%s); "
            "name them with --split validation",
            eval_data_part(d));
    return s->from_file ||
           report_error(
               "--precision keeps what it chooses in a trained file, and these weights are "
               "the program's; name their file with --weights FILE, and compile it in again");
}

/* Chooses a threshold, says what it costs, and keeps it. */
static bool keep_threshold(const struct session *s, const struct metrics *m, double precision)
{
    struct rejection r = {0};
    if (precision > 0 && !rejection_choose(m, precision, &r))
        return report_error(
            "no threshold makes %.2f %% of the answers right: of the %lld surest %.2f %% are",
            100 * precision, (long long)r.answered,
            r.answered ? 100 * (double)r.right / (double)r.answered : 0.0);
    if (!trained_fact_keep(s->weights_from, FACT_THRESHOLD, r.threshold))
        return false;
    if (precision > 0)
        report_note("from a probability of %.4f on, %lld of %lld answers are right (%.2f %%); it "
                    "is kept in %s, by which "
                    "predict says `unknown` of %.2f %% of such samples",
                    r.threshold, (long long)r.right, (long long)r.answered,
                    100 * (double)r.right / (double)r.answered, s->weights_from,
                    100 * (double)(m->count - r.answered) / (double)m->count);
    else
        report_note("no answer is unknown any more; %s has no threshold", s->weights_from);
    return true;
}

/* What of the options means something for classes alone, or is no word that there is. */
static bool check_options(const struct session *s, const struct options *o)
{
    if ((o->mistakes || o->tta) && s->config.task != TASK_CLASS)
        return report_error("%s is for networks that learn classes, which this one does not",
                            o->tta ? "--tta" : "--mistakes");
    if (o->tta && strcmp(o->tta, "flip") != 0)
        return report_error("--tta takes flip, not '%s'", o->tta);
    if (o->tta && o->precision_given)
        return report_error("--precision chooses for predict, which answers a picture as it is; "
                            "leave --tta out");
    return (!o->logits || file_can_be_written(o->logits)) &&
           (!o->mistakes || file_can_be_written(o->mistakes));
}

static bool measure(struct session *s, const struct eval_data *d, const struct options *o)
{
    struct metrics m;
    const int64_t dims[2] = {d->samples.count, s->config.output_count};
    float *logits = o->logits ? app_alloc((size_t)(dims[0] * dims[1]), sizeof(float)) : NULL;
    bool ok = (o->tta ? evaluate_flipped : evaluate)(s, &d->samples, &m, logits);
    if (ok) {
        json_t *result = result_json(s, d, &m);
        if (o->json)
            ok = print_json(result);
        else
            print_text(s, d, &m);
        if (o->choice && s->run && !d->validates && !d->foreign && !o->tta)
            o->choice->keep(s, d, &m, result);
        ok = (!o->require || requirements_met(o->require, result)) && ok;
        json_decref(result);
        ok = ok && (!logits || array_write_npy(o->logits, logits, 2, dims));
        ok = ok && (!o->mistakes || mistakes_write(o->mistakes, s, &m, &d->samples));
        ok = check_finite(s, &m) && ok;
        ok = ok && (!o->precision_given || keep_threshold(s, &m, o->precision));
        ok = ok && (!o->no_worse_than || no_worse(s, d, &m, o));
        metrics_free(&m);
    }
    free(logits);
    return ok;
}

int command_eval(const struct ftmrt_program *p, const struct options *o)
{
    struct session s;
    struct eval_data d = {0};
    if (o->require && !requirements_check(o->require))
        return EXIT_WRONG_USAGE;
    if (!session_open(&s, p, app_threads(o), NULL))
        return EXIT_ERROR;
    s.workers = app_workers(o);
    config_say_pictures(&s.config);
    const bool ok = check_options(&s, o) && weights_take(&s, o) && open_data(&s, &d, o) &&
                    check_precision(&s, &d, o) && measure(&s, &d, o);
    eval_data_close(&d);
    session_close(&s);
    return ok ? EXIT_OK : EXIT_ERROR;
}
