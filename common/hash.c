#include "common/hash.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

uint64_t fk_hash_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* Both halves of the 128-bit product with an odd constant. */
static uint64_t fold(uint64_t x)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)x * 0x9E3779B97F4A7C15u;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t fk_hash_bytes(uint64_t seed, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint64_t h = fk_hash_mix(seed ^ n), word;
    size_t left = n;
    for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
        memcpy(&word, at, sizeof word);
        h = fold(h ^ word) + h;
    }
    if (left) {
        word = 0;
        memcpy(&word, at, left);
        h = fold(h ^ word) + h;
    }
    return fk_hash_mix(h);
}

uint64_t fk_hash_seed(void)
{
    static _Atomic uint64_t chosen;
    uint64_t seed = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (seed)
        return seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        seed = fk_hash_mix((uint64_t)now.tv_nsec ^ (uintptr_t)&now);
    }
    seed |= 1;
    uint64_t none = 0;
    return atomic_compare_exchange_strong(&chosen, &none, seed) ? seed : none;
}

/* CRC-32C four bits at a time: entry i is i pushed through the reflected
 * polynomial 0x82F63B78. Small and good enough where the CPU has no
 * instruction for it. */
static uint32_t crc_plain(uint32_t crc, const unsigned char *at, size_t n)
{
    static const uint32_t nibble[16] = {0x00000000, 0x105EC76F, 0x20BD8EDE,
        0x30E349B1, 0x417B1DBC, 0x5125DAD3, 0x61C69362, 0x7198540D, 0x82F63B78,
        0x92A8FC17, 0xA24BB5A6, 0xB21572C9, 0xC38D26C4, 0xD3D3E1AB, 0xE330A81A,
        0xF36E6F75};
    for (size_t i = 0; i < n; i++) {
        crc ^= at[i];
        crc = (crc >> 4) ^ nibble[crc & 15];
        crc = (crc >> 4) ^ nibble[crc & 15];
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_instruction(
    uint32_t crc, const unsigned char *at, size_t n)
{
    uint64_t word, wide = crc;
    for (; n >= sizeof word; at += sizeof word, n -= sizeof word) {
        memcpy(&word, at, sizeof word);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    return crc_plain((uint32_t)wide, at, n);
}

static int has_crc_instruction(void)
{
    return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t crc_instruction(uint32_t crc, const unsigned char *at, size_t n)
{
    return crc_plain(crc, at, n);
}

static int has_crc_instruction(void)
{
    return 0;
}
#endif

uint32_t fk_crc32c(uint32_t crc, const void *bytes, size_t n)
{
    if (has_crc_instruction())
        return ~crc_instruction(~crc, bytes, n);
    return ~crc_plain(~crc, bytes, n);
}
