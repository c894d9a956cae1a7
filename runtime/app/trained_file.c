/* Trained files: saving the states of a session and taking them back.
 *
 * A file is accepted as a whole before the first state changes, so a bad file leaves the session as
 * it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "class_weights.h"
#include "network_identity.h"
#include "report.h"
#include "source_tensors.h"
#include "state_tensors.h"
#include "thresholds.h"
#include "trained_fact.h"
#include "weights_check.h"

static bool is_frozen(const struct ftmrt_state *s) { return !(s->flags & FTMRT_MUTABLE); }

/* Metadata beside the parts of the network's identity. */
enum { FILE_FACTS = 15 };

/* The states of a flag, a line each; allocated. */
static char *names_with(const struct ftmrt_program *p, uint32_t flag)
{
    size_t size = 1;
    for (uint32_t i = 0; i < p->state_count; i++)
        size += strlen(p->states[i].name) + 1;
    char *names = app_alloc(size, 1), *end = names;
    *end = '\0';
    for (uint32_t i = 0; i < p->state_count; i++)
        if (ftmrt_is_in_state_dict(&p->states[i]) && p->states[i].flags & flag)
            end += sprintf(end, "%s%s", end == names ? "" : "\n", p->states[i].name);
    return names;
}

/* What training could write: names, or `all`. Allocated. */
static char *trained_names(const struct ftmrt_program *p)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        if (is_frozen(&p->states[i]))
            return names_with(p, FTMRT_MUTABLE);
    return app_strdup("all");
}

/* Whether what is in the program's weight file is left out. */
static bool leaves_out(const struct session *s)
{
    return (s->config.save == SAVE_CHANGED || s->config.save == SAVE_CHANGED_AS_SOURCE) &&
           s->program->source;
}

static bool write_tensors(const struct session *s, const struct st_file *tensors, const char *path,
                          const struct ftmrt_training *training)
{
    const struct ftmrt_program *p = s->program;
    char *seed_text = app_format("%llu", (unsigned long long)training->seed),
         *epoch_text = app_format("%lld", (long long)training->epoch);
    char *classes = weights_class_names(&s->config), *added = names_with(p, FTMRT_NEW),
         *trained = trained_names(p), *weights = class_weights_text(s),
         *thresholds = thresholds_text(&s->config), error[512];
    const struct identity_text recipe = identity_hash_text(ftmrt_name_hash(p->resolved)),
                               data = identity_hash_text(training->data);
    struct identity_text parts[IDENTITY_PARTS];
    struct st_metadata metadata[FILE_FACTS + IDENTITY_PARTS + SOURCE_FACTS + 1] = {
        {"format", "pt"},
        {"program", p->name},
        {"compiler", p->compiler},
        {"classes", classes},
        {"added", added}, /* a recipe that adds these, too, takes them up */
        {"trained", trained},
        {"class_weights", weights ? weights : ""},
        {"thresholds", thresholds ? thresholds : ""},
        {"preprocess", s->config.preprocess},
        {"recipe", p->resolved},
        {"recipe_hash", recipe.hash},
        {"seed", seed_text},
        {"epoch", epoch_text},
        {"epoch_chosen", training->chosen ? "true" : "false"},
        {"data_hash", data.hash},
    };
    for (int i = 0; i < IDENTITY_PARTS; i++) {
        const enum identity_part part = (enum identity_part)i;
        parts[i] = identity_text(p, part);
        metadata[FILE_FACTS + i] = (struct st_metadata){identity_key(part), parts[i].hash};
    }
    struct st_file f = *tensors;
    f.metadata = metadata;
    f.metadata_count = FILE_FACTS + IDENTITY_PARTS;
    if (leaves_out(s)) {
        source_metadata(p, metadata + f.metadata_count);
        f.metadata_count += SOURCE_FACTS;
    }
    char *temperature = trained_fact_text(training->temperature);
    if (training->temperature > 0 && training->temperature != 1)
        metadata[f.metadata_count++] = (struct st_metadata){FACT_TEMPERATURE, temperature};
    enum ftmrt_status status = st_write(&f, path, error, sizeof(error));
    free(temperature);
    free(seed_text);
    free(epoch_text);
    free(classes);
    free(added);
    free(trained);
    free(weights);
    free(thresholds);
    return status == FTMRT_OK || report_error("%s", error);
}

/* Adds the tensor of a state as the recipe wants it, or none; false after a message. */
static bool add_tensor(const struct session *s, uint32_t state, struct st_file *f)
{
    struct st_tensor *t = &f->tensors[f->tensor_count];
    if (!state_tensor_take(s, state, t))
        return false;
    f->tensor_count++;
    if (s->config.save == SAVE_AS_SOURCE || s->config.save == SAVE_CHANGED_AS_SOURCE)
        source_round(s->program, state, t);
    if (leaves_out(s) && source_has(s->program, state, t)) {
        state_tensor_free(s, t);
        f->tensor_count--;
    }
    return true;
}

bool session_save(const struct session *s, const char *path, const struct ftmrt_training *training)
{
    const struct ftmrt_program *p = s->program;
    struct st_file f = {.tensors = app_alloc(p->state_count, sizeof(struct st_tensor))};
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->state_count; i++)
        if (ftmrt_is_in_state_dict(&p->states[i]))
            ok = add_tensor(s, i, &f);
    ok = ok && write_tensors(s, &f, path, training);
    for (size_t i = 0; i < f.tensor_count; i++)
        state_tensor_free(s, &f.tensors[i]);
    free(f.tensors);
    return ok;
}

/* ---- loading ---- */

/* A frozen tensor must be the program's own. */
static bool check_frozen(const struct ftmrt_program *p, const struct ftmrt_state *s,
                         const struct st_tensor *t, const char *path)
{
    if (t && source_equals(p, &p->tensors[s->source], t))
        return true;
    return report_error(
        "%s: the frozen tensor '%s' differs from the program's: the file belongs to "
        "other pretrained weights, or more was trained than is open here",
        path, s->name);
}

/* Whether a file has no tensor of a state because the program's weight file has it. */
static bool left_out(const struct ftmrt_program *p, const struct ftmrt_state *s,
                     const struct st_file *f, const struct st_tensor *t)
{
    return !t && source_is_relative(f) && ftmrt_is_in_source(p, s);
}

static bool give_state(struct session *s, uint32_t state, const struct st_file *f, const char *path)
{
    const struct ftmrt_state *to = &s->program->states[state];
    const struct st_tensor *t = st_find(f, to->name);
    if (!left_out(s->program, to, f, t))
        return state_tensor_give(s, state, t, path);
    ftmrt_init_state(s->program, s->workspace, state, s->config.seed);
    return true;
}

static bool take_tensors(struct session *s, const struct st_file *f, const char *path)
{
    const struct ftmrt_program *p = s->program;
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct ftmrt_state *state = &p->states[i];
        const struct st_tensor *t = st_find(f, state->name);
        const bool own = t && is_frozen(state) && state->source >= 0;
        if (ftmrt_is_in_state_dict(state) && !left_out(p, state, f, t) &&
            !(own ? check_frozen(p, state, t, path) : state_tensor_check(state, t, path)))
            return false;
    }
    for (uint32_t i = 0; i < p->state_count; i++)
        if (ftmrt_is_in_state_dict(&p->states[i]) && !is_frozen(&p->states[i]) &&
            !give_state(s, i, f, path))
            return false;
    return true;
}

bool session_load(struct session *s, const char *path)
{
    struct state_file f;
    if (!state_file_open(&f, path))
        return false;
    double temperature, threshold;
    const bool ok =
        source_check(s->program, &f.st, path) && weights_check(s, &f.st, path) &&
        trained_fact(&f.st, path, FACT_TEMPERATURE, 1, MOST_TEMPERATURE, &temperature) &&
        trained_fact(&f.st, path, FACT_THRESHOLD, 0, 1, &threshold) && take_tensors(s, &f.st, path);
    if (ok) {
        s->from_file = true;
        s->temperature = temperature;
        s->threshold = threshold;
        class_weights_take(s, &f.st);
        thresholds_take(&s->config, st_find_metadata(&f.st, "thresholds"));
        weights_say_differences(s->program, &f.st, path);
    }
    state_file_close(&f);
    return ok;
}
