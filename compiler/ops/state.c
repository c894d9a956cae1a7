/* A state as it is when the function starts. The interpreter holds the states and never evaluates
 * the node. */
#include "rules.h"

void eval_state(struct eval *e) { FTM_BUG("state %u has no value", e->attrs->state); }
