/* The gate of `eval --no-worse-than RUN`. */
#include "no_worse.h"

#include <stdlib.h>
#include <string.h>

#include "network_identity.h"
#include "predictions.h"
#include "report.h"
#include "runs.h"
#include "split_file.h"

/* What an evaluation says, sample by sample. */
static struct predictions predictions_of(const struct session *s, const struct eval_data *d,
                                         const struct metrics *m)
{
    struct predictions p = {0};
    for (int64_t i = 0; i < m->count; i++) {
        char number[SPLIT_NUMBER];
        const struct subset *samples = &d->samples;
        const int64_t sample = samples->indices ? samples->indices[i] : i;
        predictions_add(&p, split_file_name(samples->source, sample, number),
                        s->config.labels[m->labels[i]],
                        m->predicted[i] == NO_CLASS ? "" : s->config.labels[m->predicted[i]]);
    }
    predictions_sort(&p);
    return p;
}

static bool judge(const struct paired *p, const struct run *run)
{
    const double n = (double)p->count, ours = 100 * (double)(p->both + p->only_a) / n,
                 theirs = 100 * (double)(p->both + p->only_b) / n;
    if (!p->count)
        return report_error("run %ld (%s) has no sample in common with these", run->number,
                            run->name);
    if (p->only_a < p->only_b)
        return report_error("worse than run %ld (%s): %.2f %% against %.2f %% of the %lld samples "
                            "that both have",
                            run->number, run->name, ours, theirs, (long long)p->count);
    report_note("no worse than run %ld (%s): %.2f %% against %.2f %% of the %lld samples that both "
                "have",
                run->number, run->name, ours, theirs, (long long)p->count);
    return true;
}

/* What an evaluation's samples are part of must be what the run's are: else their numbers mean others, and their names may. */
static bool check_data(const struct session *s, const struct eval_data *d, const struct run *run,
                       bool numbered)
{
    uint64_t ours;
    if (!eval_data_hash(d, s->threads, &ours))
        return false;
    const struct identity_text hash = identity_hash_text(ours);
    const char *theirs = !d->validates ? run_test_hash(run)
                         : d->samples.source == &d->share.train
                             ? run_record_text(&run->record, "data_hash")
                             : run_record_text(&run->record, "split_hash");
    if (!strcmp(hash.hash, theirs))
        return true;
    if (numbered)
        return report_error("run %ld (%s) was measured on other data, and these samples are known "
                            "by their numbers alone; measure it on this data: `%s eval --run %ld`",
                            run->number, run->name, report_command(), run->number);
    report_note("run %ld (%s) was measured on other data; samples are matched by their names",
                run->number, run->name);
    return true;
}

static bool compare_with(const struct session *s, const struct eval_data *d,
                         const struct metrics *m, const struct run *run)
{
    struct predictions theirs;
    char *path =
        app_format("%s/%s", run->path, d->validates ? "predictions.csv" : "test_predictions.csv");
    bool ok = predictions_read(&theirs, path);
    if (!ok)
        report_error("%s: is not there; measure that run first: `%s eval --run %ld`", path,
                     run->same_name ? report_command() : run_program(run), run->number);
    if (ok) {
        struct predictions ours = predictions_of(s, d, m);
        const struct paired p = predictions_pair(&ours, &theirs);
        ok = check_data(s, d, run, predictions_are_numbered(&ours)) && judge(&p, run);
        predictions_free(&ours);
        predictions_free(&theirs);
    }
    free(path);
    return ok;
}

bool no_worse(const struct session *s, const struct eval_data *d, const struct metrics *m,
              const struct options *o)
{
    if (m->task != TASK_CLASS)
        return report_error("--no-worse-than compares classes, which this network does not learn");
    struct runs r;
    runs_read(&r, s->program, o->runs);
    const struct run *run = runs_find(&r, o->no_worse_than);
    const bool ok = run && compare_with(s, d, m, run);
    runs_free(&r);
    return ok;
}
