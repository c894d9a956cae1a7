/* The table of operations, made of ops.def. The emission rules have a table of their own
 * (op_emit.c). */
#include "op.h"

#include <string.h>

#include "op_shape.h"
#include "rules.h"

#define A(name)           (UINT64_C(1) << ATTR_INDEX_##name)
#define CONST             OP_TRAIT_CONST
#define GRAD_DIFF(name)   grad_##name
#define GRAD_NODIFF(name) NULL

static const struct op_info table[OP_COUNT] = {
#define FTM_OP(name, min, max, shape, cls, traits, attrs, diff, meaning)                           \
    {#name,          min,    max,   shape_##shape, eval_##name, GRAD_##diff(name),                 \
     OP_CLASS_##cls, traits, attrs, meaning},
#include "ops.def"
#undef FTM_OP
};

#undef A
#undef CONST

const struct op_info *op_info(enum op op)
{
    FTM_BUG_ON((unsigned)op >= OP_COUNT, "operation %d does not exist", (int)op);
    return &table[op];
}

enum op op_by_name(const char *name)
{
    unsigned i = 0;
    while (i < OP_COUNT && strcmp(table[i].name, name) != 0)
        i++;
    return (enum op)i;
}
