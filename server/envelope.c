#include "server/envelope.h"

#include "common/hash.h"

enum { AT_VERSION = 0, AT_FLAGS = 1, AT_CRC = 2 };

static uint32_t crc_of(const uint8_t *start, size_t n)
{
    uint32_t crc = fk_crc32c(0, start, AT_CRC);
    return fk_crc32c(crc, start + ENVELOPE_BYTES, n - ENVELOPE_BYTES);
}

void envelope_close(uint8_t *start, size_t n, uint8_t version, unsigned flags)
{
    start[AT_VERSION] = version;
    start[AT_FLAGS] = (uint8_t)flags;
    uint32_t crc = crc_of(start, n);
    for (int i = 0; i < 4; i++)
        start[AT_CRC + i] = (uint8_t)(crc >> 8 * i);
}

bool envelope_check(struct fk_slice bytes, uint8_t version, unsigned *flags)
{
    const uint8_t *start = (const uint8_t *)bytes.ptr;
    uint32_t crc = 0;
    if (bytes.len < ENVELOPE_BYTES || start[AT_VERSION] != version)
        return false;
    for (int i = 0; i < 4; i++)
        crc |= (uint32_t)start[AT_CRC + i] << 8 * i;
    *flags = start[AT_FLAGS];
    return crc == crc_of(start, bytes.len);
}
