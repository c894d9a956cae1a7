/* Instruction set levels that code can be made for. */
#ifndef FTM_CODEGEN_CPU_H
#define FTM_CODEGEN_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct cpu {
    const char *name; /* "x86-64-v4" */
    const char *llvm_name;
    uint32_t lanes; /* f32 lanes of a vector register; divides FTMRT_CB */
    uint32_t registers;
    bool fma;
    uint32_t l1, l2; /* bytes per core */
};

/* A level by name; "native": the highest level the host has. NULL if unknown. */
const struct cpu *cpu_find(const char *name);
uint32_t cpu_count(void);
const struct cpu *cpu_at(uint32_t i);

#endif
