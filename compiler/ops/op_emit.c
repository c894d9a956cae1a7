/* The emission rules of the element-wise operations, made of ops.def. Apart from op.c, so that what
 * only needs types and reference values does not link them. */
#include "op.h"

#include "rules.h"

#define EMIT_LEAF(name)     NULL
#define EMIT_ANCHOR(name)   NULL
#define EMIT_LOSS(name)     emit_##name
#define EMIT_ELEMWISE(name) emit_##name
#define EMIT_VIEW(name)     NULL
#define EMIT_COMPOUND(name) NULL
#define EMIT_EFFECT(name)   NULL
#define EMIT_UPDATE(name)   NULL

static op_emit_fn *const table[OP_COUNT] = {
#define FTM_OP(name, operands, shape, cls, flags, diff, attrs, meaning) EMIT_##cls(name),
#include "ops.def"
#undef FTM_OP
};

op_emit_fn *op_emit(enum op op)
{
    FTM_BUG_ON((unsigned)op >= OP_COUNT || !table[op], "operation %d has no emission rule",
               (int)op);
    return table[op];
}
