/* SHA-256 (FIPS 180-4), for short inputs: one call, no state. */
#ifndef FK_COMMON_SHA256_H
#define FK_COMMON_SHA256_H

#include "common/slice.h"

#define FK_SHA256_BYTES 32

void fk_sha256(struct fk_slice bytes, uint8_t out[FK_SHA256_BYTES]);

#endif
