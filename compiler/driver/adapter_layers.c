#include "adapter_layers.h"

#include <string.h>

#include "finetune.h"
#include "safetensors.h"

const struct weight_tensor *trained_tensor(struct compilation *c, const struct net_param *p)
{
    if (p->source >= 0)
        return &c->binding->tensors.at[p->source];
    diag_report(&c->diag, SPAN_NONE, DIAG_ADAPTER_UNTRAINED, p->name);
    diag_note(&c->diag, "give the weights of a run: --weights=runs/NAME-001");
    return NULL;
}

struct st_tensor tensor_to_write(const struct weight_tensor *t, const char *name)
{
    struct st_tensor out = {
        .name = name, .dtype = t->dtype, .rank = t->rank, .data = t->data, .bytes = t->bytes};
    memcpy(out.dim, t->dim, sizeof out.dim);
    return out;
}

bool adapters_there(struct compilation *c)
{
    for (uint32_t i = 0; c->recipe && i < c->net->layers.len; i++)
        if (layer_is_adapter(&c->net->layers.at[i]))
            return true;
    if (c->recipe)
        diag_report(&c->diag, c->recipe->span, DIAG_ADAPTER_NONE);
    else
        diag_report(&c->diag, SPAN_NONE, DIAG_FINETUNE_COUNT, c->options->file, "no");
    return false;
}
