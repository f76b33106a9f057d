/* Base64: read in the standard and URL alphabets, with or without padding;
 * written in the standard one, padded. */
#ifndef FK_COMMON_BASE64_H
#define FK_COMMON_BASE64_H

#include "common/buf.h"

/* How many bytes, or -1. `out` has room for len * 3 / 4 + 3. */
ptrdiff_t fk_base64_decode(struct fk_slice text, uint8_t *out);
void fk_base64_encode(struct fk_slice bytes, struct fk_buf *out);

#endif
