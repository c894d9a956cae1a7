#include "feature_key.h"

#include <stdlib.h>
#include <string.h>

#include "call_json.h"
#include "fingerprint.h"

/* text: or NULL. */
static uint64_t add_text(const char *text, uint64_t key)
{
    return text ? fingerprint_bytes(text, strlen(text), key) : key;
}

static uint64_t add_number(uint64_t number, uint64_t key)
{
    return fingerprint_bytes(&number, sizeof number, key);
}

/* Whether a constant of the program was drawn, by its recipe's seed or another. */
static bool has_drawn(const struct ftmrt_program *p)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].source < 0 && !(p->states[i].flags & FTMRT_MUTABLE))
            return true;
    return false;
}

static uint64_t add_states(const struct ftmrt_program *p, const unsigned char *workspace,
                           const struct ftmrt_entry *e, uint64_t key)
{
    for (uint32_t i = 0; i < e->read_count; i++) {
        const struct ftmrt_state *s = &p->states[e->reads[i]];
        key = add_text(s->name, key);
        if (s->flags & FTMRT_MUTABLE) /* what is constant is the program's */
            key = fingerprint_bytes(workspace + s->offset, ftmrt_state_space(s), key);
        else if (s->source < 0)
            key = add_number(s->init, key);
    }
    return has_drawn(p) ? add_number(add_text(p->resolved, 0), key) : key;
}

uint64_t feature_key(const struct ftmrt_program *p, const void *workspace, const struct config *c,
                     const struct ftmrt_entry *prefix)
{
    const struct ftmrt_least *l = &c->pictures.least;
    const int64_t pictures[] = {c->pictures.alpha, c->pictures.exif, l->height, l->width,
                                l->shorter};
    uint64_t key = add_number(p->compiler_hash, add_text(p->cpu, 0));
    key = add_number(p->identity.weights, add_number(prefix->hash, key));
    for (uint32_t i = 0; i < prefix->output_count; i++)
        key = add_number(ftmrt_value_bytes(&prefix->outputs[i], 1), key);
    key = add_states(p, workspace, prefix, key);
    return fingerprint_bytes(pictures, sizeof pictures, key);
}

uint64_t feature_key_behind(uint64_t key, const struct ftmrt_pipeline *p, enum field_kind kind)
{
    char *json = pipeline_json(p);
    key = add_number((uint64_t)kind, add_text(json, key));
    free(json);
    return key;
}
