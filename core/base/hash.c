/* SPDX-License-Identifier: MIT */
/* FNV-1a over the bytes, then a mix so that all 64 bits are good for tables. Knows no keys and no tables. */
#include "core/base/hash.h"

uint64_t hash_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t hash_bytes(uint64_t seed, const void *p, size_t n)
{
    const unsigned char *c = p;
    uint64_t h = 0xcbf29ce484222325u ^ hash_mix(seed);
    size_t i;

    for (i = 0; i < n; i++)
        h = (h ^ c[i]) * 0x100000001b3u;
    return hash_mix(h);
}
