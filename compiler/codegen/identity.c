/* What network a program has. */
#include "identity.h"

#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "recipe.h"
#include "text.h"

static uint64_t add_text(const char *text, uint64_t hash)
{
    return fingerprint_bytes(text, strlen(text), hash);
}

/* ---- the network ---- */

static const struct graph *find_predict(const struct program *p)
{
    for (uint32_t i = 0; i < p->functions.len; i++)
        if (p->functions.at[i]->kind == FTMRT_ENTRY_PREDICT)
            return p->functions.at[i];
    return NULL;
}

static void print_network(const struct graph *g, FILE *out)
{
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (!g->nodes.at[i].dead)
            node_print(g, (value_id){i}, out);
    for (uint32_t i = 0; i < g->outputs.len; i++)
        fprintf(out, "%s=%u ", g->outputs.at[i].name, g->outputs.at[i].value.i);
}

uint64_t identity_graph(const struct graph *g)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    FTM_BUG_ON(!out, "out of memory");
    print_network(g, out);
    FTM_BUG_ON(fclose(out) != 0, "out of memory");
    const uint64_t hash = fingerprint_bytes(text, size, 0);
    free(text);
    return hash;
}

uint64_t identity_network(const struct program *p)
{
    const struct graph *g = find_predict(p);
    return g ? identity_graph(g) : 0;
}

/* Slots are the optimizer's. */
static uint64_t hash_states(const struct ftmrt_program *p, uint64_t hash)
{
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct ftmrt_state *s = &p->states[i];
        if (!ftmrt_is_in_state_dict(s))
            continue;
        const uint32_t facts[] = {s->dtype, s->flags};
        hash = add_text(s->name, hash);
        hash = fingerprint_bytes(facts, sizeof facts, hash);
        hash = fingerprint_bytes(s->dim, s->rank * sizeof s->dim[0], hash);
    }
    return hash;
}

static uint64_t hash_weights(const struct ftmrt_program *p)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < p->tensor_count; i++) {
        const struct ftmrt_tensor *t = &p->tensors[i];
        if (t->origin == FTMRT_ORIGIN_TEACHER)
            continue;
        hash = add_text(t->name, hash);
        hash = t->hashed
                   ? fingerprint_bytes(p->blob + t->offset, sizeof hash, hash ^ t->dtype)
                   : fingerprint_bytes(p->blob + t->offset, (size_t)t->bytes, hash ^ t->dtype);
    }
    return hash;
}

/* ---- the recipe ---- */

static uint64_t hash_call(const struct ftmrt_call *c, uint64_t hash);

static uint64_t hash_arg(const struct ftmrt_arg *a, uint64_t hash)
{
    switch (a->kind) {
    case FTMRT_ARG_NONE: break;
    case FTMRT_ARG_INTEGER: return fingerprint_bytes(&a->integer, sizeof a->integer, hash);
    case FTMRT_ARG_NUMBER: return fingerprint_bytes(&a->number, sizeof a->number, hash);
    case FTMRT_ARG_TEXT: return add_text(a->text, hash);
    case FTMRT_ARG_NUMBERS:
        return fingerprint_bytes(a->numbers, a->count * sizeof a->numbers[0], hash);
    case FTMRT_ARG_TEXTS:
        for (uint32_t i = 0; i < a->count; i++)
            hash = add_text(a->texts[i], hash);
        return hash;
    case FTMRT_ARG_CALLS:
        for (uint32_t i = 0; i < a->count; i++)
            hash = hash_call(&a->calls[i], hash);
        return hash;
    }
    return hash;
}

/* By the names of its parameters: rows that are added later change nothing where they are left out. */
static uint64_t hash_call(const struct ftmrt_call *c, uint64_t hash)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    hash = add_text(info->name, hash);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (c->args[i].kind != FTMRT_ARG_NONE)
            hash = hash_arg(&c->args[i], add_text(info->params[i].name, hash));
    return hash;
}

/* From a file's pixels to the input: the pipeline, and what decoding does beside it. */
static uint64_t hash_transform(const struct ftmrt_call *finetune)
{
    const struct ftmrt_call *transform = ftmrt_call_inner(finetune, FTMRT_PARAM_finetune_transform);
    const struct ftmrt_call *data = ftmrt_call_inner(finetune, FTMRT_PARAM_finetune_data);
    static const enum ftmrt_param decoding[] = {FTMRT_PARAM_data_alpha, FTMRT_PARAM_data_exif,
                                                FTMRT_PARAM_data_jpeg};
    uint64_t hash = 0;
    for (size_t i = 0; data && i < sizeof decoding / sizeof *decoding; i++)
        hash = hash_arg(ftmrt_call_arg(data, decoding[i]), hash);
    return transform ? hash_arg(ftmrt_call_arg(transform, FTMRT_PARAM_transform_eval), hash) : hash;
}

struct ftmrt_identity identity_of(const struct ftmrt_program *p, uint64_t network)
{
    struct ftmrt_identity id = {.graph = hash_states(p, network), .weights = hash_weights(p)};
    if (p->recipe) {
        const struct ftmrt_call *f = &p->recipe->finetune;
        id.transform = hash_transform(f);
        id.classes = hash_arg(ftmrt_call_arg(f, FTMRT_PARAM_finetune_labels), 0);
    }
    return id;
}
