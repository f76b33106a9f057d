/*
 * The six bytes before everything that is stored packed: version, flags and
 * CRC-32C (little-endian) of all other bytes.
 */
#ifndef SERVER_ENVELOPE_H
#define SERVER_ENVELOPE_H

#include "common/slice.h"

#define ENVELOPE_BYTES 6

/* Fill in the first six of n bytes. */
void envelope_close(uint8_t *start, size_t n, uint8_t version, unsigned flags);
bool envelope_check(struct fk_slice bytes, uint8_t version, unsigned *flags);

#endif
