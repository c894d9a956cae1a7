/* Fingerprints: FNV-1a over words of eight bytes, each mixed once more so that a word's high bits count, too. */
#include "fingerprint.h"

#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

uint64_t fingerprint_bytes(const void *bytes, size_t size, uint64_t before)
{
    const unsigned char *at = bytes;
    uint64_t hash = mix(before, size), word = 0;
    for (; size >= sizeof word; at += sizeof word, size -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, at, size);
    return mix(hash, word);
}

uint64_t fingerprint_blocks(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0;
    for (size_t block; size; at += block, size -= block) {
        block = size < FINGERPRINT_BLOCK ? size : FINGERPRINT_BLOCK;
        hash = fingerprint_bytes(at, block, hash);
    }
    return hash;
}
