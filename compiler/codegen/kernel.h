/* Kernels: one function in LLVM IR per distinct configuration of a computing node.
 *
 *     void kernel(const struct ftmrt_task *task)      (ftmrt_kernel)
 *
 * does the work units begin <= u < end of its task; buffers are the node's operands in order, then its result,
 * then its scratch, then the numbers that its code has not: the sizes (facts.h) if it is for any size, and what its family
 * asked kernel_number() for. A family is the code of a row of kernel/kernel.def. A kernel may have two phases, run
 * one after the other: shards write partial results to scratch, then the tree over the shards
 * combines them. A result over the batch then passes the hook of ftmrt.h, and what it was not yet divided by divides it
 * in one more function, `finish`. */
#ifndef FTM_CODEGEN_KERNEL_H
#define FTM_CODEGEN_KERNEL_H

#include "address.h"
#include "emit.h"
#include "facts.h"
#include "graph.h"

/* The number of units as a function of the actual n: fixed + per_group * ceil(n / images). */
struct kernel_units {
    int64_t fixed, per_group, images;
};

/* What a call gives its kernel to read, in order. */
typedef VEC(int64_t) kernel_numbers;

/* A kernel under construction. */
struct kernel_build {
    struct ir *ir;
    const struct graph *graph;
    const struct node *node;
    uint32_t phase;
    LLVMValueRef buffers, n, step_images, begin, end; /* of the task */
    /* what draws are keyed by, if an op of the kernel draws */
    LLVMValueRef first_image, seed, step;
    struct address *buffer;        /* loaded at the function's entry; see kernel_buffer */
    bool any_size;                 /* the sizes are read at run time */
    LLVMValueRef size[SIZE_COUNT]; /* of the value that the kernel is sized by: i64 */
    LLVMValueRef numbers;          /* their address */
    struct arena *arena;           /* of the list */
    kernel_numbers *list;          /* of all phases: those of the node that is emitted */
    LLVMValueRef blocks,
        pixels; /* of the result, where the epilogue is to read them; NULL: they are constants */
};

struct kernel_family {
    const char *name;
    uint32_t (*phases)(const struct graph *g, const struct node *n, const struct cpu *cpu);
    struct kernel_units (*units)(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase);
    void (*emit)(struct kernel_build *k);
    void (*finish)(struct kernel_build *k); /* behind the hook, in one unit; NULL: nothing */
};

#define FTM_KERNEL(op, variant, facts, family) extern const struct kernel_family kernel_##family;
#include "kernel.def"
#undef FTM_KERNEL
extern const struct kernel_family kernel_elementwise, kernel_mean_loss, kernel_update;

/* The family of the kernel that computes a node (kernel_of() in facts.h). */
const struct kernel_family *kernel_family(const struct graph *g, const struct node *n);

/* Emits all phases of a kernel as functions named "<name>" and "<name>.<phase>", and "<name>.finish" if there is that. What it
 * reads is appended to *numbers, in the arena; it is for the calls of this node alone unless the code is for any size. */
void kernel_emit(struct ir *ir, const struct graph *g, value_id node, const char *name,
                 struct arena *arena, kernel_numbers *numbers);

/* The numbers of a call: the sizes of its node, where the code is for any size, then `asked`, what its kernel asked for. */
kernel_numbers kernel_call_numbers(struct arena *arena, const struct graph *g, const struct node *n,
                                   const kernel_numbers *asked);

/* A number that follows from the node, as an i64 that the code reads at its start: no part of the code, so that nodes that
 * differ in nothing else share it (code.h), only that code for numbers above 0 knows it. For what no inner loop needs as a
 * constant. Where the code is for any size, v must
 * not follow from the sizes. */
LLVMValueRef kernel_number(struct kernel_build *k, int64_t v);
/* Has the epilogue read the result's channel blocks and pixels, k->blocks and k->pixels, so. */
void kernel_number_result(struct kernel_build *k);

/* The value of the node. */
value_id kernel_self(const struct kernel_build *k);

/* The vector of an operand that is an immediate; NULL: it is in memory. */
LLVMValueRef kernel_immediate(const struct kernel_build *k, uint32_t i);

/* Address of buffer i (operand index; input_count: the result; input_count + 1: the scratch). */
struct address kernel_buffer(struct kernel_build *k, uint32_t i);

/* The images *lo <= i < *hi of a shard (an i64): its fixed range of the maximum batch, cut at the
 * actual n. */
void kernel_shard(struct kernel_build *k, LLVMValueRef shard, LLVMValueRef *lo, LLVMValueRef *hi);

/* ---- the epilogue ---- */

/* Where in the result the values are: image, channel block and lane offset inside it, pixel. */
struct position {
    LLVMValueRef image; /* i64 */
    LLVMValueRef block; /* i64: channel block */
    LLVMValueRef pixel; /* i64: h * W + w */
    uint32_t part;      /* which vector of the block: 0 .. FTMRT_CB / lanes - 1 */
    int64_t image_add;  /* constants added to image, block and pixel: they become address offsets */
    int64_t block_add, pixel_add;
    LLVMValueRef
        lane; /* if not NULL: elements added to `part`, for a loop over the vectors of a block */
};

/* Applies the node's steps to a value at a position and stores the result there. The result and all
 * operands of its shape are BLOCKED, as are those that have one channel or one pixel for all of the
 * result's; [C] and [R,C] operands are VECTOR; scalars are broadcast; an
 * operand that is a `constant` node is an immediate. Of values in any other layout (CONV, ...)
 * image and pixel are ignored and block counts groups of 16 elements in memory order. */
void epilogue_store(struct kernel_build *k, LLVMValueRef value, const struct position *at);

/* The value of an element-wise node itself at a position, from its operands in memory, before its
 * steps. */
LLVMValueRef epilogue_value(struct kernel_build *k, const struct position *at);

/* Address of a value (operand index, or input_count: the result) at a position, by its layout; row
 * is of [R,C]. */
struct address epilogue_address(struct kernel_build *k, uint32_t buffer, const struct position *at,
                                uint32_t row);

#endif
