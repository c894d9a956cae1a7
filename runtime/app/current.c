/* Which run becomes current. */
#include "current.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

bool runs_share_split(const struct run *a, const struct run *b)
{
    const char *split = run_record_text(&a->record, "split_hash");
    return *split && !strcmp(split, run_record_text(&b->record, "split_hash"));
}

bool run_is_better(const struct run *a, const struct run *b)
{
    const double x = run_record_number(&a->record, "best", "validation_accuracy"),
                 y = run_record_number(&b->record, "best", "validation_accuracy");
    if (x != y && !isnan(x) && !isnan(y))
        return x > y;
    return run_record_number(&a->record, "best", "validation_loss") <
           run_record_number(&b->record, "best", "validation_loss");
}

char *run_best_text(const struct run *run)
{
    const double accuracy = run_record_number(&run->record, "best", "validation_accuracy"),
                 loss = run_record_number(&run->record, "best", "validation_loss");
    if (!isnan(accuracy))
        return app_format("%.2f %%", 100 * accuracy);
    return isnan(loss) ? app_strdup("-") : app_format("loss %.4f", loss);
}

/* Why a run does not become current though nothing is better; NULL: it may. */
static const char *shortcoming(const struct run *run)
{
    if (run_is_trial(run))
        return "is a trial";
    if (!strcmp(run->record.outcome, "finished"))
        return NULL;
    return strcmp(run->record.outcome, "failed") ? "was interrupted" : "failed";
}

static void say_stays(const struct runs *r, const struct run *run, const char *why)
{
    const struct run *current = runs_current(r);
    char *best = run_best_text(current);
    report_note("run %ld (%s) stays current: run %ld %s; `%s use %ld` changes that",
                current->number, best, run->number, why, report_command(), run->number);
    free(best);
}

/* A run that does not become current though none is. */
static void say_left(const struct runs *r, const struct run *run, const char *why)
{
    if (!run_has_best(run))
        return;
    if (r->program->training)
        report_note(
            "the trained weights in the program stay: run %ld %s; `%s use %ld` changes that",
            run->number, why, report_command(), run->number);
    else
        report_note(
            "run %ld %s: it is not current, and is taken only while no run is; `%s use %ld` "
            "makes it so",
            run->number, why, report_command(), run->number);
}

static void settle(const struct runs *r, const struct run *run)
{
    const struct run *current = runs_current(r);
    const char *why = shortcoming(run);
    if (current == run)
        return;
    if (why && current) {
        say_stays(r, run, why);
    } else if (current && runs_share_split(current, run) && run_is_better(current, run)) {
        char *best = run_best_text(run), *has = app_format("has %s", best);
        say_stays(r, run, has);
        free(has);
        free(best);
    } else if (why) {
        say_left(r, run, why);
    } else if (runs_use(r, run)) {
        report_note("run %ld is current: eval and predict take it%s", run->number,
                    r->program->training ? ", not the trained weights in the program" : "");
    }
}

void current_settle(const struct ftmrt_program *p, const char *path)
{
    struct runs r;
    const char *slash = strrchr(path, '/'), *name = slash + 1;
    char *folder = app_format("%.*s", (int)(slash - path), path);
    runs_read(&r, p, folder);
    for (size_t i = 0; i < r.count; i++)
        if (!strcmp(r.at[i]->name, name))
            settle(&r, r.at[i]);
    runs_free(&r);
    free(folder);
}
