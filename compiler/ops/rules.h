/* The rules of every row of ops.def, declared once: what the ops' files define and op.c puts into
 * its tables.
 *
 * A row names each rule it could have; only those its columns call for exist (op.h says which).
 * Included first by every file of an op. */
#ifndef FTM_OPS_RULES_H
#define FTM_OPS_RULES_H

#include "emit.h"
#include "op.h"
#include "optimizer.h"

#define FTM_OP(name, operands, shape, cls, flags, diff, attrs, meaning)                            \
    op_eval_fn eval_##name;                                                                        \
    op_grad_fn grad_##name;                                                                        \
    op_emit_fn emit_##name;                                                                        \
    extern const struct optimizer_rule optimizer_##name;
#define FTM_OP_PARTS(op, rule) op_parts_fn parts_##rule;
#include "ops.def"
#undef FTM_OP

#endif
