/* Which weights a command takes. */
#include "weights_choice.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recipe_difference.h"
#include "report.h"
#include "runs.h"

/* Whether a file has had values for all of a state. */
static bool is_sourced(const struct ftmrt_program *p, const struct ftmrt_state *s)
{
    return s->source >= 0 && p->tensors[s->source].origin != FTMRT_ORIGIN_DRAWN;
}

static bool all_pretrained(const struct ftmrt_program *p)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].kind == FTMRT_STATE_PARAMETER && !is_sourced(p, &p->states[i]))
            return false;
    return true;
}

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

/* Notes the program's own weights, which a file of whatever kind has left. */
static bool take_own(struct session *s)
{
    s->training = s->program->training;
    s->weights_from = app_format("%s (%s)", s->config.weights ? s->config.weights : "the program",
                                 s->training ? "trained, in the program" : "pretrained");
    return true;
}

/* Nothing was asked for and no run of this recipe is there, or none is current and the program has trained weights in it. */
static bool take_pretrained(struct session *s, const struct runs *r)
{
    if (!all_pretrained(s->program))
        return report_untrained(r);
    if (!s->program->training)
        say_other(r);
    return take_own(s);
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

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool can_train(const struct ftmrt_program *p)
{
    return ftmrt_entry_for(p, FTMRT_ENTRY_TRAIN, NULL, 0, 1) != NULL;
}

/* Whether a program that only predicts has layers that --keep has left open. */
static bool has_open(const struct ftmrt_program *p)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].flags & FTMRT_MUTABLE)
            return true;
    return false;
}

static bool take_file(struct session *s, const char *path)
{
    s->weights_from = is_folder(path) ? app_format("%s/best.safetensors", path) : app_strdup(path);
    return session_load(s, s->weights_from);
}

/* A program that only predicts has folded its weights into constants: there are no others for it, but for what is open. */
static bool take_folded(struct session *s, const struct options *o)
{
    if (o->run)
        return report_error("this program only predicts and has no runs");
    if (o->weights && has_open(s->program))
        return take_file(s, o->weights);
    if (o->weights)
        return report_error("this program only predicts, with the weights that it was compiled "
                            "with; for others compile the recipe again, with --infer "
                            "--weights=FILE, or with --keep=LAYER for those of some layers");
    if (!all_pretrained(s->program))
        return report_error("this program only predicts, and its new layers were never trained; "
                            "compile the recipe with --infer --weights=FILE, of a trained file");
    return take_own(s);
}

bool weights_take(struct session *s, const struct options *o)
{
    if (o->weights && o->run)
        return report_error("--weights and --run name two things; give one of them");
    if (!can_train(s->program))
        return take_folded(s, o);
    if (o->weights)
        return take_file(s, o->weights);
    struct runs r;
    runs_read(&r, s->program, o->runs);
    const bool ok = take_from_runs(s, o, &r);
    runs_free(&r);
    return ok;
}

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

bool weights_take_from(struct session *s, const char *from, const char *runs)
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

bool weights_are_trained(const struct session *s, const struct options *o)
{
    struct runs r;
    if (o->weights || o->run)
        return true;
    if (!can_train(s->program))
        return all_pretrained(s->program);
    runs_read(&r, s->program, o->runs);
    const bool found = runs_default(&r) != NULL;
    runs_free(&r);
    return found || all_pretrained(s->program);
}

bool weights_say(const struct session *s)
{
    report_note("weights %s", s->weights_from);
    return true;
}
