/* What an operation is: the table made of ops.def, and the rules each op's file defines.
 *
 * A rule never looks at layouts; shapes are logical. Gradient rules build ordinary nodes, so that the backward part is
 * a graph like any other: frozen, fused and checked with the same code. */
#ifndef FTM_OPS_OP_H
#define FTM_OPS_OP_H

#include "graph.h"

enum op_class {
    OP_CLASS_LEAF,
    OP_CLASS_ANCHOR,
    OP_CLASS_LOSS,
    OP_CLASS_ELEMWISE,
    OP_CLASS_VIEW,
    OP_CLASS_COMPOUND,
    OP_CLASS_EFFECT,
    OP_CLASS_UPDATE = OP_CLASS_EFFECT /* an effect that is an optimizer's (optimizer.h) */
};

/* Flags of ops.def. */
enum op_flag { OP_CONST = 1, OP_STEPS = 2, OP_ZERO = 4, OP_COMM = 8, OP_RANDOM = 16 };

/* One bit per attribute of attrs.def. */
enum attr_index {
#define FTM_ATTR_INT(name)    ATTR_INDEX_##name,
#define FTM_ATTR_INT2(name)   ATTR_INDEX_##name,
#define FTM_ATTR_INT4(name)   ATTR_INDEX_##name,
#define FTM_ATTR_LIST(name)   ATTR_INDEX_##name,
#define FTM_ATTR_FLOAT(name)  ATTR_INDEX_##name,
#define FTM_ATTR_FLOAT2(name) ATTR_INDEX_##name,
#define FTM_ATTR_BOOL(name)   ATTR_INDEX_##name,
#define FTM_ATTR_STRING(name) ATTR_INDEX_##name,
#define FTM_ATTR_SHAPE(name)  ATTR_INDEX_##name,
#define FTM_ATTR_LAYOUT(name) ATTR_INDEX_##name,
#define FTM_ATTR_ROLE(name)   ATTR_INDEX_##name,
#define FTM_ATTR_STATE(name)  ATTR_INDEX_##name,
#include "attrs.def"
    ATTR_INDEX_COUNT
};

/* ---- reference evaluation ---- */

/* A tensor of the reference evaluation: row-major doubles (labels too: small integers are exact). */
struct tensor {
    struct shape shape; /* dim[0] is the actual n where the type is batched */
    double *data;
};

/* What random numbers are keyed by, besides a layer's own number and a place (draw.h): as ftmrt_context has it. */
struct draw_keys {
    uint64_t seed;
    int64_t step;
    int64_t first_image; /* the step's number of image 0 */
};

/* One evaluation: out.shape is set and out.data allocated and zeroed before the rule runs; an EFFECT writes the states'
 * tensors through `state`. */
struct eval {
    const struct graph *graph;
    const struct attrs *attrs;
    const value_id *inputs;  /* the operands' values; NULL in a step */
    const struct tensor *in; /* operands */
    struct tensor out;
    struct tensor *const
        *state; /* of an EFFECT: by operand, the tensor of the state that it is, or NULL */
    int64_t n;  /* actual batch */
    struct draw_keys keys;
};

/* ---- gradients ---- */

/* Building the gradient of one node. The rule calls grad_accumulate for each operand that grad_wanted. */
struct grad {
    struct graph *graph;
    value_id node;          /* whose gradient is built */
    value_id dy;            /* gradient of its result; VALUE_NONE if it has several: grad_of_part */
    struct backward *state; /* of passes/backward.c */
    /* How grad_wanted and grad_accumulate (ops/grad.c) reach the pass, which sets both: the graph links without
     * passes/. */
    bool (*wanted)(const struct backward *state, value_id operand);
    void (*add)(struct backward *state, value_id operand, value_id dx);
    void (*add_part)(struct backward *state, value_id packed, uint32_t part, value_id dx);
    value_id (*part)(const struct backward *state, value_id packed, uint32_t part);
};

/* Operand i of the node. */
value_id grad_in(const struct grad *g, uint32_t i);
/* Whether operand i lies above a trainable parameter. */
bool grad_wanted(const struct grad *g, uint32_t i);
/* Accumulates dx into the gradient of operand i. */
void grad_accumulate(struct grad *g, uint32_t i, value_id dx);
/* Accumulates dx into the gradient of one of the results of operand 0, which has several. */
void grad_accumulate_part(struct grad *g, uint32_t part, value_id dx);
/* The gradient of one of the node's several results: a constant 0 where nothing reads it. */
value_id grad_of_part(struct grad *g, uint32_t part);

/* A value times a constant (ops/mul.c); v itself where the factor is 1. */
value_id scalar_times(struct graph *g, value_id v, double factor);
/* x [N,C,H,W] or [N,C] added up, or averaged, over some of its dimensions behind the batch; those stay with the size 1, or go
 * (ops/sum_channels.c). */
value_id sum_over(struct graph *g, value_id x, const bool over[4], bool mean, bool keepdim);

/* The greatest of x [N,C,H,W] or [N,C] over some of its dimensions, as sum_over() (ops/amax.c). */
value_id max_over(struct graph *g, value_id x, const bool over[4], bool keepdim);

/* The product of a and b, of which one at least has the batch, as torch.matmul has it; VALUE_NONE: their shapes do not fit, or it
 * would mix images (ops/matmul_broadcast.c). */
value_id matmul_broadcast(struct graph *g, value_id a, value_id b);

/* A value as another shape of as many elements; itself where it has that shape (ops/reshape.c). */
value_id reshape_to(struct graph *g, value_id x, struct shape shape);

/* A parameter as an operand of kind b (ops.def) beside x: a number, or one for each channel. Its last dimension goes with x's
 * last one, as in PyTorch: beside a map channels are [C,1,1], beside one that is seen with channels last [C]. VALUE_NONE: it
 * is neither (ops/mul.c). */
value_id broadcast_operand(struct graph *g, value_id x, value_id param, bool channels_last);

/* What undoes a channel_affine: (x - offset) / factor (ops/channel_affine.c). */
value_id channel_affine_inverse(struct graph *g, value_id x, value_id factor, value_id offset,
                                struct span span);

/* The first `count` channels of x, which has as many at least (ops/narrow.c). */
value_id first_channels(struct graph *g, value_id x, int64_t count);

/* The sum of x over everything that an operand of kind b (ops.def) is the same for; x itself where it has x's shape (ops/mul.c).
 */
value_id broadcast_sum(struct graph *g, value_id x, value_id operand);

/* ---- the table ---- */

struct emit;
typedef struct emit_opaque *emit_value;

/* A shape rule: fills n->type from the operands' types, or reports at n->span and returns false. */
typedef bool op_shape_fn(struct graph *g, struct node *n);
typedef void op_eval_fn(struct eval *e);
typedef void op_grad_fn(struct grad *g);
/* Of an op with several results: the type of result `i`, or false if there are fewer. All are f32; all are [N,C,H,W] or
 * [N,C], or all [C]. In the reference evaluation they are packed image by image, each row-major; in memory each
 * lies whole and as is usual for its type, one behind the other. */
typedef bool op_parts_fn(const struct graph *g, const struct node *n, uint32_t i,
                         struct type *type);
/* The vector expression of an element-wise op: a vector of consecutive channels at one position (emit.h). */
typedef emit_value op_emit_fn(struct emit *e, const struct attrs *attrs);

struct op_info {
    const char *name;
    const char *operands; /* a letter each, see ops.def; NULL: an optimizer's (optimizer.h) */
    op_shape_fn *shape;
    op_eval_fn *eval;
    op_grad_fn *grad; /* NULL: no gradient */
    enum op_class cls;
    uint32_t flags;
    uint64_t attrs; /* bits 1 << ATTR_INDEX_x */
    const char *meaning;
};

const struct op_info *op_info(enum op op);
/* The emission rule of an ELEMWISE op (a table of its own, so that the graph links without codegen/). */
op_emit_fn *op_emit(enum op op);
/* The rule of an op with several results; NULL: it has one. */
op_parts_fn *op_parts(enum op op);
/* The op of a name, or OP_COUNT. */
enum op op_by_name(const char *name);

/* The kind of operand i as ops.def has it, in lower case; i may be any operand that the op can have. */
char op_operand(enum op op, uint32_t i);
/* Whether operand i is a state that the op writes. */
bool op_writes(enum op op, uint32_t i);
/* The first operand that the op writes, or UINT32_MAX. */
uint32_t op_first_written(enum op op);
/* The fewest operands of an op; and whether it takes as many as `count`. */
uint32_t op_least_operands(enum op op);
bool op_takes(enum op op, uint32_t count);
/* Whether steps may stand behind a node of this op. */
bool op_takes_steps(enum op op);
/* Whether an element-wise op with these attributes gives 0 where all its operands are: its flag ZERO, an
 * eps under a root is not lost in f32, and an exponent is above 0. */
bool op_keeps_zero(enum op op, const struct attrs *attrs);
/* Whether equal nodes of this op have equal values, so that one may stand for the other: not what is a
 * thing of its own (an input), writes states or draws random numbers. */
bool op_pure(enum op op);

#endif
