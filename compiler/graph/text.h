/* The text form of programs (.ftg): what --emit=graph prints and --from=graph reads; it
 * round-trips.
 *
 *     program digits batch 32 shards 4 {
 *       state @conv.weight : f32[32, 3, 3, 3] parameter source 0
 *       state @bn.running_mean : f32[32] buffer
 *       optimizer sgd {lr = 0.03, momentum = 0.9, nesterov = true}
 *       func predict {
 *         %0 = input {label = "image"} : f32[N, 3, 64, 64]
 *         %1 = state @conv.weight : f32[32, 3, 3, 3]
 *         %2 = state @bn.running_mean : f32[32]
 *         %3 = conv2d(%0, %1) {...} then bias_add(%2) then relu6 : f32[N, 32, 62, 62] at "conv"
 *         output "features" = %3
 *       }
 *     }
 *
 * Types of results are printed and, when read, inferred and compared. README.md has the grammar. */
#ifndef FTM_GRAPH_TEXT_H
#define FTM_GRAPH_TEXT_H

#include <stdio.h>

#include "graph.h"

void program_print(const struct program *p, FILE *out);
/* One node as a line, without a line end. */
void node_print(const struct graph *g, value_id v, FILE *out);

/* Reads a program; NULL after a report. */
struct program *program_read(struct arena *arena, struct diag *diag, const struct source *source);

#endif
