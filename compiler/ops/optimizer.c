/* The table of optimizers, made of the rows of ops.def whose class is UPDATE. */
#include "optimizer.h"

#include <string.h>

#include "rules.h"

#define RULE_LEAF(name)     NULL
#define RULE_ANCHOR(name)   NULL
#define RULE_LOSS(name)     NULL
#define RULE_ELEMWISE(name) NULL
#define RULE_VIEW(name)     NULL
#define RULE_COMPOUND(name) NULL
#define RULE_EFFECT(name)   NULL
#define RULE_UPDATE(name)   &optimizer_##name

static const struct optimizer_rule *const table[OP_COUNT] = {
#define FTM_OP(name, operands, shape, cls, flags, diff, attrs, meaning) RULE_##cls(name),
#include "ops.def"
#undef FTM_OP
};

const struct optimizer_rule *optimizer_rule(enum op op)
{
    return (unsigned)op < OP_COUNT ? table[op] : NULL;
}

static uint32_t count_names(const char *const *names, uint32_t room)
{
    uint32_t count = 0;
    while (count < room && names[count])
        count++;
    return count;
}

uint32_t optimizer_slots(const struct optimizer_rule *r)
{
    return count_names(r->slots, OPTIMIZER_MAX_SLOTS);
}

uint32_t optimizer_scalars(const struct optimizer_rule *r)
{
    return r->own_scalars ? r->own_scalars : optimizer_values(r);
}

uint32_t optimizer_values(const struct optimizer_rule *r)
{
    return count_names(r->scalars, OPTIMIZER_MAX_SCALARS);
}

bool optimizer_varies(const struct optimizer_rule *r, const char *setting)
{
    for (uint32_t i = 0; i < OPTIMIZER_MAX_VARIANTS && r->variants[i].setting; i++)
        if (strcmp(r->variants[i].setting, setting) == 0)
            return true;
    return false;
}

uint32_t optimizer_scalar(const struct optimizer_rule *r, const char *name)
{
    uint32_t count = optimizer_values(r);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(r->scalars[i], name) == 0)
            return i;
    return UINT32_MAX;
}

const struct optimizer_group *optimizer_group(const struct optimizer *o, const char *name)
{
    for (uint32_t i = 0; i < o->groups.len; i++)
        if (strcmp(o->groups.at[i].name, name) == 0)
            return &o->groups.at[i];
    return NULL;
}

double optimizer_factor(const struct optimizer_group *group, const char *scalar)
{
    if (strcmp(scalar, "lr") == 0)
        return group->lr;
    return strcmp(scalar, "weight_decay") == 0 ? group->weight_decay : 1;
}

static bool is_set(const struct optimizer *o, const char *setting)
{
#define FTM_ATTR_BOOL(name)                                                                        \
    if (strcmp(setting, #name) == 0)                                                               \
        return o->attrs.name;
#include "attrs.def"
    uint32_t scalar = optimizer_scalar(optimizer_rule(o->op), setting);
    FTM_BUG_ON(scalar >= OPTIMIZER_MAX_SCALARS, "the optimizer has no scalar %s", setting);
    return o->values[scalar] != 0;
}

enum op optimizer_op(const struct optimizer *o)
{
    enum op op = o->op;
    const struct optimizer_rule *r = optimizer_rule(op);
    for (uint32_t i = 0; r && i < OPTIMIZER_MAX_VARIANTS && r->variants[i].setting; i++) {
        const struct optimizer_variant *v = &r->variants[i];
        if (is_set(o, v->setting) != (v->where == WHERE_SET))
            continue;
        op = v->op;
        r = optimizer_rule(op);
        i = UINT32_MAX; /* a variant may have variants: from its first again */
    }
    return op;
}

bool optimizer_takes(const struct optimizer *o, uint32_t value)
{
    const struct optimizer_rule *r = optimizer_rule(o->op), *used = optimizer_rule(optimizer_op(o));
    return value < optimizer_scalars(r) ||
           optimizer_scalar(used, r->scalars[value]) < optimizer_scalars(used);
}
