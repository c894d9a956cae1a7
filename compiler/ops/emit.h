/* What the emission half of an op sees of the target: vector arithmetic, nothing else.
 *
 * A value is a vector of consecutive channels (the target's vector width of f32 lanes) at one position of the result.
 * The same rule serves as a kernel of its own and as a step behind an anchor. The builder is reached through a table
 * of functions: codegen/ emits LLVM IR through it, a unit test evaluates the rules in double precision through it. */
#ifndef FTM_OPS_EMIT_H
#define FTM_OPS_EMIT_H

#include <stdint.h>

#include "op.h"

struct emit_builder {
    /* Operand i at the current position: an operand of the result's shape gives its lanes there; [C] and [R,C]
     * operands give the channel's lanes (row r of [R,C]); scalars are broadcast. Operand 0 of a step is the value
     * so far. */
    emit_value (*in)(struct emit *e, uint32_t i, uint32_t row);
    /* The number of elements per channel, n*H*W of operand 0, as f32 in every lane (the actual n). */
    emit_value (*count)(struct emit *e);
    emit_value (*constant)(struct emit *e, double value);
    emit_value (*add)(struct emit *e, emit_value a, emit_value b);
    emit_value (*sub)(struct emit *e, emit_value a, emit_value b);
    emit_value (*mul)(struct emit *e, emit_value a, emit_value b);
    emit_value (*div)(struct emit *e, emit_value a, emit_value b);
    /* a * b + c: fused where the target has FMA, two roundings elsewhere. */
    emit_value (*fma)(struct emit *e, emit_value a, emit_value b, emit_value c);
    emit_value (*max)(struct emit *e, emit_value a, emit_value b); /* NaN in a gives NaN */
    emit_value (*min)(struct emit *e, emit_value a, emit_value b); /* NaN in a gives NaN */
    emit_value (*sqrt)(struct emit *e, emit_value a);
    /* a > b ? t : f, lane by lane; f for NaN. */
    emit_value (*select_gt)(struct emit *e, emit_value a, emit_value b, emit_value t, emit_value f);
};

/* Embedded as the first member of the builder's own structure. */
struct emit {
    const struct emit_builder *builder;
};

/* lanes_, since emit_<op> names the rules of the ops (emit_add is that of the op add). */
static inline emit_value lanes_in(struct emit *e, uint32_t i, uint32_t row)
{
    return e->builder->in(e, i, row);
}
static inline emit_value lanes_count(struct emit *e) { return e->builder->count(e); }
static inline emit_value lanes_const(struct emit *e, double v)
{
    return e->builder->constant(e, v);
}
static inline emit_value lanes_add(struct emit *e, emit_value a, emit_value b)
{
    return e->builder->add(e, a, b);
}
static inline emit_value lanes_sub(struct emit *e, emit_value a, emit_value b)
{
    return e->builder->sub(e, a, b);
}
static inline emit_value lanes_mul(struct emit *e, emit_value a, emit_value b)
{
    return e->builder->mul(e, a, b);
}
static inline emit_value lanes_div(struct emit *e, emit_value a, emit_value b)
{
    return e->builder->div(e, a, b);
}
static inline emit_value lanes_fma(struct emit *e, emit_value a, emit_value b, emit_value c)
{
    return e->builder->fma(e, a, b, c);
}
static inline emit_value lanes_max(struct emit *e, emit_value a, emit_value b)
{
    return e->builder->max(e, a, b);
}
static inline emit_value lanes_min(struct emit *e, emit_value a, emit_value b)
{
    return e->builder->min(e, a, b);
}
static inline emit_value lanes_sqrt(struct emit *e, emit_value a) { return e->builder->sqrt(e, a); }
static inline emit_value lanes_select_gt(struct emit *e, emit_value a, emit_value b, emit_value t,
                                         emit_value f)
{
    return e->builder->select_gt(e, a, b, t, f);
}

#endif
