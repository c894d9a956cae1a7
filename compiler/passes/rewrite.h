/* What the passes share: building a node in the place of another, and sorting what changed. */
#ifndef FTM_PASSES_REWRITE_H
#define FTM_PASSES_REWRITE_H

#include "pass.h"

/* graph_op that takes name and span from the node it stands for (`like` must not point into the
 * node array). */
#define rewrite_op(g, like, op, attrs, ...)                                                        \
    rewrite_op_((g), (like), (op), (attrs), (const value_id[]){__VA_ARGS__},                       \
                (uint32_t)(sizeof((const value_id[]){__VA_ARGS__}) / sizeof(value_id)))
value_id rewrite_op_(struct graph *g, const struct node *like, enum op op,
                     const struct attrs *attrs, const value_id *inputs, uint32_t count);

/* Every use of `from` becomes a use of `to`; `from` is dead. */
void rewrite_replace(struct graph *g, value_id from, value_id to);

/* Sorts all functions and notes the change, if there was one. */
void rewrite_done(struct pass_context *c, bool changed);

/* The node of a value if it is live and has the op, otherwise NULL. */
struct node *rewrite_match(const struct graph *g, value_id v, enum op op);

/* The state that a value reads, or NULL if it is not a state leaf. */
struct state *rewrite_state(const struct graph *g, value_id v);

/* Loops over the functions of a pass's program: for_functions(c, g) { ... } */
#define for_functions(c, g)                                                                        \
    for (uint32_t g##_at = 0; g##_at < (c)->program->functions.len; g##_at++)                      \
        for (struct graph * (g) = (c)->program->functions.at[g##_at]; (g); (g) = NULL)

#endif
