/* SPDX-License-Identifier: MIT */
/* 64-bit FNV-1a with a final mix: for tables and tie-breaks, never for security. Algorithm: Fowler, Noll, Vo (public
 * domain); the mix is the finaliser of SplitMix64. Same bytes and seed give the same value on every machine. */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(uint64_t seed, const void *p, size_t n);
uint64_t hash_mix(uint64_t x);

#endif
