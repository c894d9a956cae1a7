/* The table of instruction set levels, made of cpu.def. */
#include "cpu.h"

#include <string.h>

#include "ftmrt.h"

static const struct cpu cpus[] = {
#define FTM_CPU(name, llvm_name, lanes, registers, fma, l1, l2)                                    \
    {name, llvm_name, lanes, registers, fma, l1, l2},
#include "cpu.def"
#undef FTM_CPU
};

uint32_t cpu_count(void) { return sizeof cpus / sizeof cpus[0]; }

const struct cpu *cpu_at(uint32_t i) { return &cpus[i]; }

/* The rows go from the highest level down. */
const struct cpu *cpu_find(const char *name)
{
    bool native = strcmp(name, "native") == 0;
    for (uint32_t i = 0; i < cpu_count(); i++) {
        if (native ? ftmrt_cpu_supported(cpus[i].name) != 0 : strcmp(name, cpus[i].name) == 0)
            return &cpus[i];
    }
    return NULL;
}
