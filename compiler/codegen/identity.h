/* What network a program has: the hashes of struct ftmrt_identity, by which it tells its runs from those of others.
 *
 * They are functions of what the network means: not of passes, instruction set, batch, optimizer or schedule. */
#ifndef FTM_CODEGEN_IDENTITY_H
#define FTM_CODEGEN_IDENTITY_H

#include "ftmrt.h"
#include "graph.h"

/* A hash of what predicts: ops, attributes and types of the first function of its kind, as they are before the passes (0 if there is
 * none). */
uint64_t identity_network(const struct program *p);

/* A hash of what a function computes, as it is. */
uint64_t identity_graph(const struct graph *g);

/* All parts, from finished tables and the hash of the network that they were made of. */
struct ftmrt_identity identity_of(const struct ftmrt_program *p, uint64_t network);

#endif
