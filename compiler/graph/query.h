/* Questions about nodes that several passes and the schedule ask. */
#ifndef FTM_GRAPH_QUERY_H
#define FTM_GRAPH_QUERY_H

#include "graph.h"

/* Whether two nodes compute the same from the same: op, attributes, operands, steps, type and
 * layout. */
bool node_equal(const struct node *a, const struct node *b);

/* Whether the steps of two nodes are the same, apart from their operands. */
bool node_steps_equal(const struct node *a, const struct node *b);

/* Results of a node that has several; 0 if it has one. */
uint32_t node_parts(const struct graph *g, const struct node *n);
/* The type of one of them, which exists. */
struct type node_part(const struct graph *g, const struct node *n, uint32_t part);

/* Whether the op of a node is evaluated at compile time where its operands are known: a derivation (runtime/core/derive.c) goes
 * element by element, so it broadcasts numbers only. */
bool node_derivable(const struct graph *g, const struct node *n);
/* Whether a value is known at compile time: ops of flag CONST over constant states and numbers. */
bool graph_value_constant(const struct graph *g, value_id v);

#endif
