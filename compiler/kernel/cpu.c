/* The tables of targets and of instruction set levels, made of target.def and cpu.def. */
#include "cpu.h"

#include <string.h>

#include "ftmrt.h"

enum target_id {
#define FTM_TARGET(id, name, triple, cpu, page, tools, options, packages) TARGET_##id,
#include "target.def"
#undef FTM_TARGET
};

static const struct cpu_target targets[] = {
#define FTM_TARGET(id, name, triple, cpu, page, tools, options, packages)                          \
    [TARGET_##id] = {name, triple, cpu, page, tools, options, packages},
#include "target.def"
#undef FTM_TARGET
};

static const struct cpu cpus[] = {
#define FTM_CPU(name, target, llvm_name, lanes, registers, fma, l1, l2)                            \
    {name, &targets[TARGET_##target], llvm_name, lanes, registers, fma, l1, l2},
#include "cpu.def"
#undef FTM_CPU
};

uint32_t target_count(void) { return sizeof targets / sizeof targets[0]; }

const struct cpu_target *target_at(uint32_t i) { return &targets[i]; }

const struct cpu_target *target_find(const char *name)
{
    for (uint32_t i = 0; i < target_count(); i++)
        if (!name || strcmp(name, targets[i].name) == 0)
            return &targets[i];
    return NULL;
}

bool target_is_host(const struct cpu_target *t) { return t == targets; }

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
