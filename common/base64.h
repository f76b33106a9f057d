/* Base64, standard and URL alphabets, with or without padding. */
#ifndef FK_COMMON_BASE64_H
#define FK_COMMON_BASE64_H

#include "common/slice.h"

/* How many bytes, or -1. `out` has room for len * 3 / 4 + 3. */
ptrdiff_t fk_base64_decode(struct fk_slice text, uint8_t *out);

#endif
