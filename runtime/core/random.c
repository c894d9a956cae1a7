/* Counter-based random numbers: a number is a function of its keys, so nothing depends on order or
 * threads and a run can be resumed anywhere.
 *
 * Philox 4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel Random Numbers: As Easy as 1,
 * 2, 3", SC 2011, section 3.3 and table 2; the unit test holds their known answers. The key is the
 * seed; the 128-bit counter holds the index and the stream, into which `use` is mixed by the
 * finaliser of splitmix64 (a bijection, so streams of one use stay distinct). */
#include "core.h"

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void ftmrt_philox(uint32_t counter[4], const uint32_t key[2])
{
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xd2511f53U * counter[0];
        const uint64_t p1 = (uint64_t)0xcd9e8d57U * counter[2];
        counter[0] = (uint32_t)(p1 >> 32) ^ counter[1] ^ k0;
        counter[2] = (uint32_t)(p0 >> 32) ^ counter[3] ^ k1;
        counter[1] = (uint32_t)p1;
        counter[3] = (uint32_t)p0;
        k0 += 0x9e3779b9U;
        k1 += 0xbb67ae85U;
    }
}

uint64_t ftmrt_random(uint64_t seed, uint64_t stream, uint64_t index, uint32_t use)
{
    const uint64_t lane = mix(stream + use * UINT64_C(0x9e3779b97f4a7c15));
    uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)lane,
                           (uint32_t)(lane >> 32)};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    ftmrt_philox(counter, key);
    return counter[0] | (uint64_t)counter[1] << 32;
}

double ftmrt_uniform(uint64_t seed, uint64_t stream, uint64_t index, uint32_t use)
{
    return (double)(ftmrt_random(seed, stream, index, use) >> 11) * 0x1p-53;
}

uint64_t ftmrt_name_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        hash = (hash ^ *c) * UINT64_C(0x100000001b3);
    return hash;
}

float ftmrt_selftest_input(uint32_t sample, uint64_t input, int64_t index)
{
    const double u = ftmrt_uniform(sample, input, (uint64_t)index, FTMRT_USE_SELFTEST);
    return (float)(2 * u - 1);
}
