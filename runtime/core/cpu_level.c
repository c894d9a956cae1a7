/* Whether this machine runs code of an instruction set level (x86-64 psABI, "microarchitecture
 * levels"): asked of CPUID, and for the wide registers also whether the operating system saves them.
 *
 * Not by the compiler's builtins, which bring a constructor and a variable into every library. */
#include "core.h"

#ifdef __x86_64__
#include <cpuid.h>

/* Words of bits that a machine says of itself. */
enum word { LEAF_1_ECX, LEAF_7_EBX, EXTENDED_ECX, SAVED, WORD_COUNT };

static const struct feature {
    unsigned char level, word, bit;
} features[] = {
    {2, LEAF_1_ECX, 0},   /* SSE3 */
    {2, LEAF_1_ECX, 9},   /* SSSE3 */
    {2, LEAF_1_ECX, 13},  /* CMPXCHG16B */
    {2, LEAF_1_ECX, 19},  /* SSE4.1 */
    {2, LEAF_1_ECX, 20},  /* SSE4.2 */
    {2, LEAF_1_ECX, 23},  /* POPCNT */
    {2, EXTENDED_ECX, 0}, /* LAHF */
    {3, LEAF_1_ECX, 12},  /* FMA */
    {3, LEAF_1_ECX, 22},  /* MOVBE */
    {3, LEAF_1_ECX, 28},  /* AVX */
    {3, LEAF_1_ECX, 29},  /* F16C */
    {3, LEAF_7_EBX, 3},   /* BMI1 */
    {3, LEAF_7_EBX, 5},   /* AVX2 */
    {3, LEAF_7_EBX, 8},   /* BMI2 */
    {3, EXTENDED_ECX, 5}, /* LZCNT */
    {3, SAVED, 1},        /* registers of 128 bits, */
    {3, SAVED, 2},        /* of 256 bits, */
    {4, SAVED, 5},        /* masks, */
    {4, SAVED, 6},        /* of 512 bits, */
    {4, SAVED, 7},        /* and the upper 16 of them */
    {4, LEAF_7_EBX, 16},  /* AVX512F */
    {4, LEAF_7_EBX, 17},  /* AVX512DQ */
    {4, LEAF_7_EBX, 28},  /* AVX512CD */
    {4, LEAF_7_EBX, 30},  /* AVX512BW */
    {4, LEAF_7_EBX, 31},  /* AVX512VL */
};

enum { OSXSAVE = 27 }; /* bit of LEAF_1_ECX: there is a word SAVED */

static void ask(uint32_t words[WORD_COUNT])
{
    unsigned a, b, c, d;
    for (int i = 0; i < WORD_COUNT; i++)
        words[i] = 0;
    if (__get_cpuid(1, &a, &b, &c, &d))
        words[LEAF_1_ECX] = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
        words[LEAF_7_EBX] = b;
    if (__get_cpuid(0x80000001U, &a, &b, &c, &d))
        words[EXTENDED_ECX] = c;
    if (words[LEAF_1_ECX] >> OSXSAVE & 1U) {
        __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
        words[SAVED] = a;
    }
}

/* The number of a level from its name, which ends in -v2 or the like; 0: there is none of that name. */
static int level_of(const char *cpu)
{
    static const char base[] = "x86-64";
    int i = 0;
    for (; base[i]; i++)
        if (cpu[i] != base[i])
            return 0;
    if (cpu[i] == '\0')
        return 1;
    const int known = cpu[i] == '-' && cpu[i + 1] == 'v' && cpu[i + 2] >= '2' && cpu[i + 2] <= '4';
    return known && cpu[i + 3] == '\0' ? cpu[i + 2] - '0' : 0;
}

int ftmrt_cpu_supported(const char *cpu)
{
    uint32_t words[WORD_COUNT];
    const int level = level_of(cpu);
    ask(words);
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        if (features[i].level <= level && !(words[features[i].word] >> features[i].bit & 1U))
            return 0;
    return level > 0;
}
#else
/* Of other processors there is one level each, which every one of them has. */
int ftmrt_cpu_supported(const char *cpu)
{
#ifdef __aarch64__
    static const char level[] = "armv8-a";
#else
    static const char level[] = "";
#endif
    int i = 0;
    while (level[i] && cpu[i] == level[i])
        i++;
    return i > 0 && cpu[i] == level[i];
}
#endif
