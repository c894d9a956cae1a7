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

/* In how many of all comparisons of equally good runs a loss is seen where there is none. */
static const double chance = 0.05;

static double percent_of_a(const struct paired *p)
{
    return 100 * (double)(p->both + p->only_a) / (double)p->count;
}

static double percent_of_b(const struct paired *p)
{
    return 100 * (double)(p->both + p->only_b) / (double)p->count;
}

static bool judge_all(const struct paired *p, const struct run *run)
{
    if (!p->count)
        return report_error("run %ld (%s) has no sample in common with these", run->number,
                            run->name);
    const bool fewer = p->only_a < p->only_b;
    if (fewer && paired_probability(p) < chance)
        return report_error("worse than run %ld (%s): %.2f %% against %.2f %% of the %lld samples "
                            "that both have (chance alone: probability %.2g)",
                            run->number, run->name, percent_of_a(p), percent_of_b(p),
                            (long long)p->count, paired_probability(p));
    report_note("no worse than run %ld (%s): %.2f %% against %.2f %% of the %lld samples that both "
                "have",
                run->number, run->name, percent_of_a(p), percent_of_b(p), (long long)p->count);
    if (fewer)
        report_note("the difference may be chance, which has one as large with probability %.2g; "
                    "more samples would tell",
                    paired_probability(p));
    return true;
}

/* A class is worse where even the upper end of the interval of the difference is. The more classes, the likelier that chance moves one far:
 * they share what it is given (O. J. Dunn, Multiple Comparisons Among Means, 1961). */
static bool judge_classes(const struct label_pairs *classes, size_t count, const struct run *run)
{
    const double z = share_deviations(chance / (double)count);
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        const struct paired *p = &classes[i].pairs;
        const double most = paired_interval(p, z).high;
        if (most < 0)
            ok = report_error("class '%s' is worse than in run %ld (%s): %.2f %% against %.2f %% "
                              "of its %lld samples that both have, a loss of at least %.2f %%",
                              classes[i].name, run->number, run->name, percent_of_a(p),
                              percent_of_b(p), (long long)p->count, -100 * most);
    }
    return ok;
}

static bool judge(const struct predictions *ours, const struct predictions *theirs,
                  const struct run *run)
{
    const struct paired all = predictions_pair(ours, theirs);
    size_t count;
    struct label_pairs *classes = predictions_pair_labels(ours, theirs, &count);
    bool ok = judge_all(&all, run);
    ok = (!count || judge_classes(classes, count, run)) && ok;
    free(classes);
    return ok;
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
        ok = check_data(s, d, run, predictions_are_numbered(&ours)) && judge(&ours, &theirs, run);
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
