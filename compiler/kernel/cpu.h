/* Targets and instruction set levels that code can be made for. */
#ifndef FTM_CODEGEN_CPU_H
#define FTM_CODEGEN_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct cpu_target {
    const char *name, *triple;
    const char *cpu;      /* what libraries are made for unless told otherwise */
    uint32_t page;        /* bytes of the largest page that its kernels map */
    const char *tools;    /* what the names of its tools begin with; "": the host's own */
    const char *options;  /* that its C compiler wants, separated by spaces */
    const char *packages; /* of Debian, with these tools */
};

struct cpu {
    const char *name; /* "x86-64-v4" */
    const struct cpu_target *target;
    const char *llvm_name;
    uint32_t lanes; /* f32 lanes of a vector register; divides FTMRT_CB */
    uint32_t registers;
    bool fma;
    uint32_t l1, l2; /* bytes per core */
};

/* A target by name, as in "aarch64-linux-gnu"; NULL: the host's, which is target 0. NULL if unknown. */
const struct cpu_target *target_find(const char *name);
uint32_t target_count(void);
const struct cpu_target *target_at(uint32_t i);

/* Whether code for it is made by the host's tools. */
bool target_is_host(const struct cpu_target *t);

/* A level by name; "native": the highest level the host has. NULL if unknown. */
const struct cpu *cpu_find(const char *name);
uint32_t cpu_count(void);
const struct cpu *cpu_at(uint32_t i);

#endif
