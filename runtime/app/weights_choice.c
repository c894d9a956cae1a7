/* Which weights a command takes. */
#include "weights_choice.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report.h"
#include "run_choice.h"
#include "thresholds.h"

/* Whether a file has had values for all of a state. */
static bool is_sourced(const struct ftmrt_program *p, const struct ftmrt_state *s)
{
    return s->source >= 0 && p->tensors[s->source].origin != FTMRT_ORIGIN_DRAWN;
}

bool weights_all_known(const struct ftmrt_program *p)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].kind == FTMRT_STATE_PARAMETER && !is_sourced(p, &p->states[i]))
            return false;
    return true;
}

/* Notes the program's own weights, which a file of whatever kind has left. */
bool weights_take_own(struct session *s)
{
    const struct ftmrt_training *t = s->training = s->program->training;
    s->temperature = t && t->temperature > 0 ? t->temperature : 1;
    s->threshold = t ? t->threshold : 0;
    thresholds_take(&s->config, s->training ? s->training->thresholds : NULL);
    s->weights_from = app_format("%s (%s)", s->config.weights ? s->config.weights : "the program",
                                 s->training ? "trained, in the program" : "pretrained");
    return true;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
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
    if (!weights_all_known(s->program))
        return report_error("this program only predicts, and its new layers were never trained; "
                            "compile the recipe with --infer --weights=FILE, of a trained file");
    return weights_take_own(s);
}

static bool take_any(struct session *s, const struct options *o)
{
    if (o->weights && o->run)
        return report_error("--weights and --run name two things; give one of them");
    if (!o->choice)
        return take_folded(s, o);
    return o->weights ? take_file(s, o->weights) : o->choice->take(s, o);
}

bool weights_take(struct session *s, const struct options *o)
{
    const bool ok = take_any(s, o);
    s->config.temperature = s->temperature;
    s->config.threshold = s->threshold;
    return ok;
}

bool weights_are_trained(const struct session *s, const struct options *o)
{
    return o->weights || o->run || weights_all_known(s->program) ||
           (o->choice && o->choice->has_run(s, o));
}

bool weights_say(const struct session *s)
{
    report_note("weights %s", s->weights_from);
    return true;
}
