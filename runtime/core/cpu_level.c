/* Whether this machine runs code of an instruction set level (x86-64 psABI, "microarchitecture
 * levels").
 *
 * The compiler's builtin asks CPUID and, for the wide registers, also whether the operating system
 * saves them. */
#include "core.h"

#include <string.h>

int ftmrt_cpu_supported(const char *cpu)
{
#ifdef __x86_64__
    __builtin_cpu_init();
    if (strcmp(cpu, "x86-64") == 0)
        return 1;
    const int v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("ssse3") &&
                   __builtin_cpu_supports("popcnt");
    if (strcmp(cpu, "x86-64-v2") == 0)
        return v2;
    const int v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (strcmp(cpu, "x86-64-v3") == 0)
        return v3;
    if (strcmp(cpu, "x86-64-v4") == 0)
        return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    return 0;
#else
    (void)cpu;
    return 0;
#endif
}
