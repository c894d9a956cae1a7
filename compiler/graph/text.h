/* The text form of programs (.ftg): what --emit=graph prints and --from=graph reads; it round-trips.
 *
 *     program digits batch 32 shards 4 {
 *       state @fc.weight : f32[10, 1280] parameter trainable layout conv
 *       state @bn.running_mean : f32[32] buffer
 *       optimizer sgd nesterov momentum
 *       func train training {
 *         %0 = input {label = "image"} : f32[N, 3, 64, 64]
 *         %1 = state @fc.weight : f32[10, 1280]
 *         %2 = conv2d(%0, %1) {stride = [1, 1], padding = [0, 0, 0, 0], dilation = [1, 1], groups = 1} then bias_add(%3) then relu6 : f32[N, 32, 32, 32] blocked
 *         output "loss" = %9
 *       }
 *     }
 *
 * Types of results are printed and, when read, inferred and compared. Grammar: grammar/README.md. */
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
