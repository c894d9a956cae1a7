/* Runs when a command wants weights or has measured: which is taken, what is said of it, and what it keeps. */
#include "run_choice.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model_card.h"
#include "network_identity.h"
#include "recipe_difference.h"
#include "replace.h"
#include "report.h"
#include "run_folder.h"
#include "run_page.h"
#include "runs.h"
#include "weights_choice.h"

/* ---- where there is none ---- */

/* The newest run with weights that is of another network; own: or of this one, of another recipe; NULL: there is none. */
static const struct run *newest_other(const struct runs *r, bool own)
{
    for (size_t i = r->count; i > 0; i--)
        if (r->at[i - 1]->own == own && !r->at[i - 1]->same_name && run_has_best(r->at[i - 1]))
            return r->at[i - 1];
    return NULL;
}

/* What a user may look for who gave a recipe another name, or changed its network. */
static void say_other(const struct runs *r)
{
    const struct run *own = newest_other(r, true), *other = newest_other(r, false);
    if (own) {
        report_note("run %ld (%s) is of the recipe '%s', which has the same network: --run %ld "
                    "takes it, `%s use %ld` makes it current for '%s'",
                    own->number, own->name, run_program(own), own->number, report_command(),
                    own->number, r->program->name);
    } else if (other) {
        char *why = run_strangeness(other, r->program);
        report_note("run %ld (%s) is of another network: %s", other->number, other->name, why);
        free(why);
    }
}

static bool report_untrained(const struct runs *r)
{
    report_error("not trained yet: `%s train` first, or name a trained file with --weights FILE",
                 report_command());
    if (!r->count && !getenv("FTM_COMMAND")) /* `ftmc run` has its recipe at hand */
        report_note("there are no runs in %s; those of a program that was copied stayed beside the "
                    "original: copy runs/, too, or compile the trained weights into the program, "
                    "with `ftmc RECIPE.ftm --weights=runs/NAME/best.safetensors`",
                    r->folder);
    say_other(r);
    return false;
}

/* ---- which is taken ---- */

/* Nothing was asked for and no run of this recipe is there, or none is current and the program has trained weights in it. */
static bool take_pretrained(struct session *s, const struct runs *r)
{
    if (!weights_all_known(s->program))
        return report_untrained(r);
    if (!s->program->training)
        say_other(r);
    return weights_take_own(s);
}

/* A run of another recipe, or from before the recipe's data became another: it may be taken, but not silently. */
static void say_origin(const struct run *run, const struct ftmrt_program *p)
{
    char *recipe = run_recipe(run),
         *data = recipe_difference_within(p->resolved, recipe, "data.train", 2);
    const char *comma = *data ? ": " : "";
    if (run->own && !run->same_name)
        report_note("run %ld (%s) is of the recipe '%s'%s%s", run->number, run->name,
                    run_program(run), comma, data);
    else if (run->own && *data)
        report_note("run %ld (%s) was trained on other data than this recipe has now%s%s",
                    run->number, run->name, comma, data);
    free(recipe);
    free(data);
}

static bool take_run(struct session *s, const struct run *run)
{
    s->weights_from = run_best(run);
    s->run = app_strdup(run->path);
    if (!run_has_best(run))
        return report_error("run %ld (%s) has no best weights: it %s before an epoch was done; "
                            "its folder may have last.safetensors",
                            run->number, run->name, run_outcome(run));
    say_origin(run, s->program);
    return session_load(s, s->weights_from);
}

/* What is taken where none is current: runs were cut short or removed, or the recipe's data is another now. */
static void say_nearest(const struct run *run)
{
    report_note("no run is current for this recipe%s; run %ld is taken (%s%s)",
                run->same_data ? "" : " and its data", run->number,
                run_is_trial(run) ? "a trial, " : "", run_outcome(run));
}

static bool take_from_runs(struct session *s, const struct options *o, struct runs *r)
{
    const struct run *run = o->run ? runs_find(r, o->run) : runs_default(r);
    if (o->run && !run)
        return false;
    if (!run)
        return take_pretrained(s, r);
    if (!o->run && !runs_current(r))
        say_nearest(run);
    return take_run(s, run);
}

static bool take(struct session *s, const struct options *o)
{
    struct runs r;
    runs_read(&r, s->program, o->runs);
    const bool ok = take_from_runs(s, o, &r);
    runs_free(&r);
    return ok;
}

static bool has_run(const struct session *s, const struct options *o)
{
    struct runs r;
    runs_read(&r, s->program, o->runs);
    const bool found = runs_default(&r) != NULL;
    runs_free(&r);
    return found;
}

/* ---- what a training starts from ---- */

/* A schedule that was cut short goes on; another one from its middle is hardly meant. */
static bool check_whole(const struct run *run)
{
    const char *outcome = run_outcome(run);
    if (!strcmp(outcome, "finished") || !strcmp(outcome, "failed"))
        return true;
    char *best = run_best(run), *word = report_word(best);
    report_error("run %ld (%s) is not finished (%s): `%s train --resume %ld` goes on with its "
                 "schedule; to start another one from there, name the file: --from %s",
                 run->number, run->name, outcome, report_command(), run->number, word);
    free(best);
    free(word);
    return false;
}

bool run_choice_take_from(struct session *s, const char *from, const char *runs)
{
    struct stat st;
    if (strchr(from, '/') && stat(from, &st) == 0 && S_ISREG(st.st_mode))
        return session_load(s, from);
    struct runs r;
    runs_read(&r, s->program, runs);
    const struct run *run = runs_find(&r, from);
    const bool ok = run && check_whole(run) && take_run(s, run);
    runs_free(&r);
    return ok;
}

/* ---- results ---- */

/* What a run did on the test data stays beside it, for `runs` and comparisons; a folder that cannot be written keeps what it has. */
static void keep_result(const struct session *s, const struct eval_data *d, const struct metrics *m,
                        json_t *result)
{
    uint64_t hash;
    if (!eval_data_hash(d, s->threads, &hash))
        return;
    json_object_set_new(result, "data_hash", json_string(identity_hash_text(hash).hash));
    char *path = app_format("%s/test.json", s->run);
    char *text = json_dumps(result, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    if (text && replace_whole(path, text, strlen(text), NULL, 0) == FTMRT_OK) {
        run_predictions_write(s->run, "test_predictions.csv", s, m, &d->samples);
        model_card_write(s->run, s);
        run_page_write(s->run, PART_OF_TEST, &d->samples);
    }
    free(text);
    free(path);
}

const struct run_choice run_choice = {take, has_run, keep_result};
