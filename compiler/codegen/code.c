/* Kernels of the same code: see code.h. */
#include "code.h"

#include <string.h>

#include <llvm-c/BitWriter.h>

/* A kernel as bitcode. */
struct emitted {
    struct arena arena; /* of what it asked for */
    kernel_numbers asked;
    LLVMMemoryBufferRef bitcode;
    uint64_t hash;
};

static uint64_t hash_of(LLVMMemoryBufferRef bytes)
{
    const char *at = LLVMGetBufferStart(bytes);
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < LLVMGetBufferSize(bytes); i++)
        hash = (hash ^ (unsigned char)at[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Under a name that is the same for all. */
static void emit_alone(struct emitted *e, const struct kernel *k, const struct cpu *cpu)
{
    struct ir *ir = ir_new("", cpu, IR_NONE);
    FTM_BUG_ON(!ir, "LLVM has no target machine for %s", cpu->name);
    arena_init(&e->arena, "numbers");
    kernel_emit(ir, k->graph, k->node, "kernel", &e->arena, &e->asked);
    e->bitcode = LLVMWriteBitcodeToMemoryBuffer(ir->module);
    e->hash = hash_of(e->bitcode);
    ir_free(ir);
}

static bool same_bitcode(const struct emitted *a, const struct emitted *b)
{
    const size_t size = LLVMGetBufferSize(a->bitcode);
    return a->hash == b->hash && size == LLVMGetBufferSize(b->bitcode) &&
           memcmp(LLVMGetBufferStart(a->bitcode), LLVMGetBufferStart(b->bitcode), size) == 0;
}

/* The first kernel that is the same as kernel i. */
static uint32_t first_same(const struct emitted *all, uint32_t i)
{
    uint32_t first = 0;
    while (first < i && !same_bitcode(&all[first], &all[i]))
        first++;
    return first;
}

struct code *code_of(struct arena *arena, const struct schedule *s, const struct cpu *cpu)
{
    const uint32_t count = s->kernels.len;
    struct code *codes = arena_array(arena, struct code, count);
    struct emitted *all = arena_array(arena, struct emitted, count);
#pragma omp parallel for schedule(dynamic, 1)
    for (uint32_t i = 0; i < count; i++)
        emit_alone(&all[i], &s->kernels.at[i], cpu);
    for (uint32_t i = 0; i < count; i++) {
        codes[i].kernel = first_same(all, i);
        for (uint32_t j = 0; j < all[i].asked.len; j++)
            vec_push(arena, &codes[i].asked, all[i].asked.at[j]);
    }
    for (uint32_t i = 0; i < count; i++) {
        LLVMDisposeMemoryBuffer(all[i].bitcode);
        arena_clear(&all[i].arena);
    }
    return codes;
}

uint32_t code_count(const struct schedule *s, const struct code *codes)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->kernels.len; i++)
        count += codes[i].kernel == i;
    return count;
}
