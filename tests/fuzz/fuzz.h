/* What fuzzing harnesses share. A harness is one file NAME_fuzz.c that defines the entry of
 * libFuzzer; without libFuzzer, replay.c calls it on the files of the corpus. */
#ifndef FTM_FUZZ_H
#define FTM_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads the ends of a block, so that the address sanitizer checks where it lies. */
static inline void fuzz_touch(const unsigned char *data, uint64_t bytes)
{
    volatile unsigned sum = 0;
    if (bytes)
        sum += data[0] + (unsigned)data[bytes - 1];
    (void)sum;
}

#endif
