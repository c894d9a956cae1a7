/* The table of operations, made of ops.def. The emission rules have a table of their own
 * (op_emit.c). */
#include "op.h"

#include <ctype.h>
#include <string.h>

#include "op_shape.h"
#include "rules.h"

#define A(name)           (UINT64_C(1) << ATTR_INDEX_##name)
#define CONV              A(stride) | A(padding) | A(dilation) | A(groups)
#define POOL              A(kernel) | A(stride) | A(padding) | A(ceil_mode)
#define AVG_POOL          POOL | A(count_include_pad) | A(divisor_override)
#define CONST             OP_CONST
#define STEPS             OP_STEPS
#define ZERO              OP_ZERO
#define COMM              OP_COMM
#define RANDOM            OP_RANDOM
#define GRAD_DIFF(name)   grad_##name
#define GRAD_NODIFF(name) NULL

static const struct op_info table[OP_COUNT] = {
#define FTM_OP(name, operands, shape, cls, flags, diff, attrs, meaning)                            \
    {#name,          operands, shape_##shape, eval_##name, GRAD_##diff(name),                      \
     OP_CLASS_##cls, flags,    attrs,         meaning},
#include "ops.def"
#undef FTM_OP
};

static op_parts_fn *const parts[OP_COUNT] = {
#define FTM_OP(...)
#define FTM_OP_PARTS(op, rule) [OP_##op] = parts_##rule,
#include "ops.def"
#undef FTM_OP
};

#undef A
#undef CONV
#undef POOL
#undef AVG_POOL
#undef CONST
#undef STEPS
#undef ZERO
#undef COMM
#undef RANDOM

const struct op_info *op_info(enum op op)
{
    FTM_BUG_ON((unsigned)op >= OP_COUNT, "operation %d does not exist", (int)op);
    return &table[op];
}

op_parts_fn *op_parts(enum op op)
{
    FTM_BUG_ON((unsigned)op >= OP_COUNT, "operation %d does not exist", (int)op);
    return parts[op];
}

enum op op_by_name(const char *name)
{
    unsigned i = 0;
    while (i < OP_COUNT && strcmp(table[i].name, name) != 0)
        i++;
    return (enum op)i;
}

/* ---- what the rows say ---- */

/* An optimizer's: the gradient, the parameter and the slots, which it writes, and the scalars. */
static char optimizer_letter(const struct optimizer_rule *r, uint32_t i)
{
    return i == 0 ? 't' : i < 2 + optimizer_slots(r) ? 'T' : 'o';
}

/* The letter of operand i: a + repeats the one before it. */
static char letter(enum op op, uint32_t i)
{
    const char *operands = op_info(op)->operands;
    if (!operands)
        return optimizer_letter(optimizer_rule(op), i);
    size_t length = strlen(operands);
    bool repeats = length > 0 && operands[length - 1] == '+';
    size_t last = length - (repeats ? 2 : 1);
    FTM_BUG_ON(length == 0 || (i > last && !repeats), "%s has no operand %u", table[op].name, i);
    return operands[i < last ? i : last];
}

char op_operand(enum op op, uint32_t i) { return (char)tolower((unsigned char)letter(op, i)); }

bool op_writes(enum op op, uint32_t i) { return isupper((unsigned char)letter(op, i)); }

uint32_t op_first_written(enum op op)
{
    for (uint32_t i = 0; i < op_least_operands(op); i++)
        if (op_writes(op, i))
            return i;
    return UINT32_MAX;
}

uint32_t op_least_operands(enum op op)
{
    const char *operands = op_info(op)->operands;
    if (operands)
        return (uint32_t)strcspn(operands, "+");
    const struct optimizer_rule *r = optimizer_rule(op);
    FTM_BUG_ON(!r, "%s has neither operands nor a rule", table[op].name);
    return 2 + optimizer_slots(r) + optimizer_scalars(r);
}

bool op_takes(enum op op, uint32_t count)
{
    const char *operands = op_info(op)->operands;
    uint32_t least = op_least_operands(op);
    return count == least || (count > least && operands && operands[least] == '+');
}

bool op_takes_steps(enum op op)
{
    return op_info(op)->cls == OP_CLASS_ELEMWISE || (op_info(op)->flags & OP_STEPS);
}

bool op_pure(enum op op)
{
    const struct op_info *info = op_info(op);
    return op != OP_input && info->cls != OP_CLASS_EFFECT && !(info->flags & OP_RANDOM);
}

bool op_keeps_zero(enum op op, const struct attrs *attrs)
{
    const struct op_info *info = op_info(op);
    bool eps = (info->attrs >> ATTR_INDEX_eps & 1U) != 0;
    bool exponent = (info->attrs >> ATTR_INDEX_exponent & 1U) != 0;
    return (info->flags & OP_ZERO) && (!eps || (float)attrs->eps > 0) &&
           (!exponent || attrs->exponent > 0);
}
