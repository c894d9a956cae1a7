/* What an optimizer is: a call of runtime/recipe/calls.def, which is also its op, of the class UPDATE, and a rule.
 *
 * The op's operands are the gradient, the parameter, the slots, then the scalars; it writes parameter and slots. The
 * rule is in the op's file beside its reference evaluation (eval_<op>) and says everything else: backward.c, the text
 * form and the one kernel family of updates read it. Names and defaults of what the user sets are the optimizer's row in
 * runtime/recipe/calls.def; a scalar has the name of its parameter there.
 *
 * Source of the split into slots and scalars: torch.optim's state and param_groups. */
#ifndef FTM_OPS_OPTIMIZER_H
#define FTM_OPS_OPTIMIZER_H

#include "emit.h"
#include "op.h"

/* The new values of parameter and slots at one position: operands through lanes_in(e, i, 0), each result once through
 * lanes_out. Where all tensors are 0 the new values must be 0: padding is swept like everything else. */
typedef void optimizer_update_fn(struct emit *e, const struct attrs *attrs);

/* The op that serves instead where a setting, a scalar or what is true or false, is 0, or where it is not. */
struct optimizer_variant {
    const char *setting; /* NULL: no variant */
    enum { WHERE_ZERO, WHERE_SET } where;
    enum op op;
};

enum { OPTIMIZER_MAX_VARIANTS = 2 };

struct optimizer_rule {
    /* States "<parameter>/<slot>", zero at first; PyTorch's names. */
    const char *slots[OPTIMIZER_MAX_SLOTS];
    /* Inputs of a training function, f32 scalars: the parameters of the optimizer's call that are numbers, and `step`,
     * the number of the step from 1 (exact up to 2^24, where what it corrects for is long gone). */
    const char *scalars[OPTIMIZER_MAX_SCALARS];
    /* How many of them the op itself takes, if others of its variants have more; 0: all. */
    uint32_t own_scalars;
    optimizer_update_fn *update;
    struct optimizer_variant variants[OPTIMIZER_MAX_VARIANTS]; /* the first that fits serves */
};

/* The rule of an op, or NULL if it is no optimizer's. */
const struct optimizer_rule *optimizer_rule(enum op op);

uint32_t optimizer_slots(const struct optimizer_rule *r);
uint32_t optimizer_scalars(const struct optimizer_rule *r);
/* The number of values that an optimizer has: its scalars and those of its variants. */
uint32_t optimizer_values(const struct optimizer_rule *r);
/* Whether an update's code depends on a setting's being 0. */
bool optimizer_varies(const struct optimizer_rule *r, const char *setting);
/* Index of a scalar by name, or UINT32_MAX. */
uint32_t optimizer_scalar(const struct optimizer_rule *r, const char *name);

/* A group by name, or NULL; of its factors that of a scalar, which is 1 for most. */
const struct optimizer_group *optimizer_group(const struct optimizer *o, const char *name);
double optimizer_factor(const struct optimizer_group *group, const char *scalar);

/* The op that updates with these settings: the optimizer's own, or a variant. */
enum op optimizer_op(const struct optimizer *o);
/* Whether a training function has the value as an input: those of the optimizer's own op, and what the variant takes. */
bool optimizer_takes(const struct optimizer *o, uint32_t value);

#endif
