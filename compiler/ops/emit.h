/* What the emission half of an op sees of the target: vector arithmetic, nothing else.
 *
 * A value is a vector of consecutive channels (the target's vector width of f32 lanes) at one position of the result.
 * The same rule serves as a kernel of its own and as a step behind an anchor. The builder is reached through a table
 * of functions: codegen/ emits LLVM IR through it, a unit test evaluates the rules in double precision through it. */
#ifndef FTM_OPS_EMIT_H
#define FTM_OPS_EMIT_H

#include <stdint.h>

#include "op.h"

/* Parameters and arguments of a function of so many vectors. */
#define EMIT_PARAMS_1 emit_value a
#define EMIT_PARAMS_2 emit_value a, emit_value b
#define EMIT_PARAMS_3 emit_value a, emit_value b, emit_value c
#define EMIT_PARAMS_4 emit_value a, emit_value b, emit_value c, emit_value d
#define EMIT_ARGS_1   a
#define EMIT_ARGS_2   a, b
#define EMIT_ARGS_3   a, b, c
#define EMIT_ARGS_4   a, b, c, d

/* What a random number is drawn for. */
enum draw_for { DRAW_FOR_ELEMENT, DRAW_FOR_CHANNEL, DRAW_FOR_IMAGE };

struct emit_builder {
    /* Operand i at the current position: an operand of the result's shape gives its lanes there; one of
     * one channel or one pixel is broadcast; [C] and [R,C] operands give the channel's lanes (row r of [R,C]);
     * scalars are broadcast. Operand 0 of a step is the value
     * so far. A label that is an index is seen as a distribution: 1 in the lane of its class, else 0. */
    emit_value (*in)(struct emit *e, uint32_t i, uint32_t row);
    /* The number of elements per channel of operand 0 in the whole step, n*H*W, as f32 in every lane. */
    emit_value (*count)(struct emit *e);
    /* The number of elements of operand 0 in the whole step, n*C*H*W, as f32 in every lane. */
    emit_value (*size)(struct emit *e);
    emit_value (*constant)(struct emit *e, double value);
    /* 1 in every lane, or 0 where operand i is a label that is the index `ignored`. */
    emit_value (*kept)(struct emit *e, uint32_t i, int64_t ignored);
    /* A number in [0, 1) of 24 bits, drawn by the layer of that number for each element of the result, for each channel of
     * an image, or for each image: draw_uniform() of draw.h. */
    emit_value (*uniform)(struct emit *e, int64_t layer, enum draw_for draw_for);
    /* Of updates only: the new value of operand i, which the op writes. */
    void (*out)(struct emit *e, uint32_t i, emit_value value);
#define FTM_EMIT(name, operands, value, meaning)                                                   \
    emit_value (*name)(struct emit * e, EMIT_PARAMS_##operands); /* emit.def */
#include "emit.def"
#undef FTM_EMIT
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
static inline emit_value lanes_size(struct emit *e) { return e->builder->size(e); }
static inline emit_value lanes_const(struct emit *e, double v)
{
    return e->builder->constant(e, v);
}
static inline emit_value lanes_kept(struct emit *e, uint32_t i, int64_t ignored)
{
    return e->builder->kept(e, i, ignored);
}
static inline emit_value lanes_uniform(struct emit *e, int64_t layer, enum draw_for draw_for)
{
    return e->builder->uniform(e, layer, draw_for);
}
static inline void lanes_out(struct emit *e, uint32_t i, emit_value v) { e->builder->out(e, i, v); }
#define FTM_EMIT(name, operands, value, meaning)                                                   \
    static inline emit_value lanes_##name(struct emit *e, EMIT_PARAMS_##operands)                  \
    {                                                                                              \
        return e->builder->name(e, EMIT_ARGS_##operands);                                          \
    }
#include "emit.def"
#undef FTM_EMIT

#endif
