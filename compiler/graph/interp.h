/* The interpreter: evaluates a function in double precision by the ops' reference rules. Oracle of
 * all numeric tests. */
#ifndef FTM_GRAPH_INTERP_H
#define FTM_GRAPH_INTERP_H

#include "graph.h"
#include "op.h"

/* The values of all states, row-major doubles by state index (graph shape). */
struct interp {
    struct arena *arena;
    const struct program *program;
    struct tensor *states;
    /* If not NULL: called with every value that was computed, before anything reads it; may change
     * it (tests put in the rounding of another precision). */
    void (*computed)(void *context, const struct node *n, struct tensor *value);
    void *context;
    struct draw_keys keys; /* of the run, for ops that draw random numbers; 0 until they are set */
};

/* An interpreter in `arena`, which owns it, for p, which must outlive it and get no further state. States are zero until they
 * are set. */
struct interp *interp_new(struct arena *arena, const struct program *p);

/* Fills a state from float or integer data of the state's own dtype. */
void interp_set_state(struct interp *in, uint32_t state, const void *data);

/* Runs a function on a batch of n. inputs: one tensor per OP_input in node order; outputs: one per
 * named output, allocated in `arena` (scratch: may be cleared by the caller afterwards). Effects
 * update in->states. If values is not NULL it receives every node's tensor (indexed by value id).
 */
void interp_run(struct interp *in, struct arena *arena, const struct graph *g, int64_t n,
                const struct tensor *inputs, struct tensor *outputs, struct tensor **values);

#endif
