/* Trained files: saving the states of a session and taking them back.
 *
 * A file is accepted as a whole before the first state changes, so a bad file leaves the session as
 * it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network_identity.h"
#include "report.h"
#include "state_tensors.h"
#include "weights_check.h"

static bool is_frozen(const struct ftmrt_state *s) { return !(s->flags & FTMRT_MUTABLE); }

/* Metadata beside the parts of the network's identity. */
enum { FILE_FACTS = 12 };

/* The tensors of layers that the recipe added, a line each: a recipe that adds them, too, takes them up. Allocated. */
static char *added_names(const struct ftmrt_program *p)
{
    size_t size = 1;
    for (uint32_t i = 0; i < p->state_count; i++)
        size += strlen(p->states[i].name) + 1;
    char *names = app_alloc(size, 1), *end = names;
    *end = '\0';
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].kind != FTMRT_STATE_SLOT && p->states[i].flags & FTMRT_NEW)
            end += sprintf(end, "%s%s", end == names ? "" : "\n", p->states[i].name);
    return names;
}

static bool write_tensors(const struct session *s, const struct st_file *tensors, const char *path,
                          const struct ftmrt_training *training)
{
    const struct ftmrt_program *p = s->program;
    char *seed_text = app_format("%llu", (unsigned long long)training->seed),
         *epoch_text = app_format("%lld", (long long)training->epoch);
    char *classes = weights_class_names(&s->config), *added = added_names(p), error[512];
    const struct identity_text recipe = identity_hash_text(ftmrt_name_hash(p->resolved)),
                               data = identity_hash_text(training->data);
    struct identity_text parts[IDENTITY_PARTS];
    struct st_metadata metadata[FILE_FACTS + IDENTITY_PARTS] = {
        {"format", "pt"},
        {"program", p->name},
        {"compiler", p->compiler},
        {"classes", classes},
        {"added", added},
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
    enum ftmrt_status status = st_write(&f, path, error, sizeof(error));
    free(seed_text);
    free(epoch_text);
    free(classes);
    free(added);
    return status == FTMRT_OK || report_error("%s", error);
}

bool session_save(const struct session *s, const char *path, const struct ftmrt_training *training)
{
    const struct ftmrt_program *p = s->program;
    struct st_file f = {.tensors = app_alloc(p->state_count, sizeof(struct st_tensor))};
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->state_count; i++)
        if (p->states[i].kind != FTMRT_STATE_SLOT)
            ok = state_tensor_take(s, i, &f.tensors[f.tensor_count++]);
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
    const struct ftmrt_tensor *source = &p->tensors[s->source];
    if (t && t->dtype == (enum ftmrt_dtype)source->dtype && t->bytes == source->bytes &&
        memcmp(t->data, p->blob + source->offset, (size_t)t->bytes) == 0)
        return true;
    return report_error(
        "%s: the frozen tensor '%s' differs from the program's: the file belongs to "
        "other pretrained weights",
        path, s->name);
}

static bool take_tensors(struct session *s, const struct st_file *f, const char *path)
{
    const struct ftmrt_program *p = s->program;
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct ftmrt_state *state = &p->states[i];
        const struct st_tensor *t = st_find(f, state->name);
        const bool own = t && is_frozen(state) && state->source >= 0;
        if (state->kind != FTMRT_STATE_SLOT &&
            !(own ? check_frozen(p, state, t, path) : state_tensor_check(state, t, path)))
            return false;
    }
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].kind != FTMRT_STATE_SLOT && !is_frozen(&p->states[i]) &&
            !state_tensor_give(s, i, st_find(f, p->states[i].name), path))
            return false;
    return true;
}

bool session_load(struct session *s, const char *path)
{
    struct state_file f;
    if (!state_file_open(&f, path))
        return false;
    const bool ok = weights_check(s, &f.st, path) && take_tensors(s, &f.st, path);
    if (ok)
        weights_say_differences(s->program, &f.st, path);
    state_file_close(&f);
    return ok;
}
