/*
 * A slow digest of a text: absorb the bytes, then a fixed number of mixing
 * rounds, so that the cost does not depend on the text's length. Not for
 * secrets: it is a workload. Thread-safe; no state.
 */
#ifndef FK_DEMOAPP_DIGEST_H
#define FK_DEMOAPP_DIGEST_H

#include "common/slice.h"

uint64_t compute_hash(struct fk_slice text); /* about 3 ms */

#endif
