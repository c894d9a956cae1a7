/* A named input of the function. Its value is the caller's: the interpreter sets it and never
 * evaluates the node. */
#include "rules.h"

void eval_input(struct eval *e)
{
    FTM_BUG("input '%s' has no value", e->attrs->label ? e->attrs->label : "");
}
