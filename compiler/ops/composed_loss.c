/* The table of losses that are made of several nodes, and sums of losses. */
#include "composed_loss.h"

#include <string.h>

#include "op.h"

compose_fn *composed_loss(const char *name)
{
    static const struct {
        const char *name;
        compose_fn *compose;
    } rows[] = {
#define FTM_COMPOSED_LOSS(name) {#name, compose_##name},
#include "composed_loss.def"
#undef FTM_COMPOSED_LOSS
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].compose;
    return NULL;
}

value_id loss_plus(struct graph *g, value_id sum, value_id term)
{
    return value_valid(sum) ? graph_op(g, OP_add, NULL, sum, term) : term;
}
