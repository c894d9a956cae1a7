/* What the commands explain, map, inspect and models print. */
#ifndef FTM_DRIVER_REPORTS_H
#define FTM_DRIVER_REPORTS_H

#include <stdio.h>

#include "bind.h"
#include "model_list.h"

/* Facts of later stages for report_explain; zero where unknown. */
struct explain_plan {
    uint64_t states_bytes, arena_bytes, workspace_bytes, constants_bytes;
    uint32_t kernels, calls_predict, calls_train;
    const struct graph *predict;   /* as scheduled: which kernel computes a layer; NULL: unknown */
    const struct program *program; /* behind all passes; NULL: unknown */
    int64_t samples;               /* of `train`; negative: unknown */
};

/* A row per layer: shape, parameters, frozen or trained, multiplications, memory; then totals. Where training has images of
 * another size, the rows are those of evaluation and what a step takes is that of training. plan may be NULL. */
void report_explain(const struct net *net, const struct recipe *r, const struct explain_plan *plan,
                    FILE *out);

/* Which tensor goes to which parameter, and what is left over on both sides and why. */
void report_map(const struct net *net, const struct recipe *r, const struct binding *binding,
                FILE *out);

/* What is in a weight file: format, tensors with statistics, totals, metadata, entries passed over.
 */
void report_inspect(const struct weights *w, FILE *out);

/* The published models by size; one: all that is known about each of the list. */
void report_models(struct arena *arena, const struct model_list *models, bool one, FILE *out);

#endif
