/* Data in memory: where the elements of a value lie, and as what they are stored.
 *
 * Every load and store of elements is made here, and nowhere else (tests/lint): kernels count in elements and compute in f32,
 * and have no line that says how wide an element is. A stored type is a row of address.c. Pointers to tasks, contexts and
 * tables are no data: ir.h and abi.h. */
#ifndef FTM_CODEGEN_ADDRESS_H
#define FTM_CODEGEN_ADDRESS_H

#include "ftmrt.h"
#include "ir.h"

struct address {
    LLVMValueRef p; /* NULL, in ADDRESS_NONE: no memory */
    enum ftmrt_dtype stored;
    bool unchanging; /* nothing in the function writes there: loads may leave a loop */
    bool loose;      /* vectors there are aligned as elements are */
};

#define ADDRESS_NONE ((struct address){0})

static inline struct address address_of(LLVMValueRef p, enum ftmrt_dtype stored)
{
    return (struct address){.p = p, .stored = stored};
}

/* Address of element i after a. */
struct address ir_at(struct ir *ir, struct address a, LLVMValueRef i);
struct address ir_at_const(struct ir *ir, struct address a, int64_t i);

/* The address, unchanging. */
static inline struct address ir_unchanging(struct address a)
{
    a.unchanging = true;
    return a;
}

/* The address of vectors that begin at any element. */
static inline struct address ir_loose(struct address a)
{
    a.loose = true;
    return a;
}

/* Passes an address through an empty inline asm so that LLVM cannot reorder or merge loads across it: without it the
 * register blocks of the micro-kernels are spilled. No instruction results. */
struct address ir_launder(struct ir *ir, struct address a);

/* Asks for the cache line of element i after a, which may lie outside the data, to be fetched before it is loaded. */
void ir_prefetch(struct ir *ir, struct address a, LLVMValueRef i);

/* Room for so many f32 on the function's stack, aligned to 64 bytes. */
struct address ir_stack(struct ir *ir, int64_t count);

/* One element, or a vector of cpu->lanes, between memory and an f32 or ir->vec in a register: loads widen exactly, stores
 * round to nearest even. A vector is aligned to its own size, but for loose addresses: packed data begins at multiples of 64
 * bytes. */
LLVMValueRef ir_load_f32(struct ir *ir, struct address a);
LLVMValueRef ir_load_vec(struct ir *ir, struct address a);
void ir_store_f32(struct ir *ir, LLVMValueRef v, struct address a);
void ir_store_vec(struct ir *ir, LLVMValueRef v, struct address a);

/* One integer (a label, a counter), which has the type that it is stored as. */
LLVMValueRef ir_load_int(struct ir *ir, struct address a);
void ir_store_int(struct ir *ir, LLVMValueRef v, struct address a);

/* One element of any type: 0; or what lies elsewhere, bit for bit if it is stored alike, else by way of f32. */
void ir_clear(struct ir *ir, struct address a);
void ir_copy(struct ir *ir, struct address from, struct address to);

#endif
