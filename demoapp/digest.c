#include "demoapp/digest.h"

#include "common/hash.h"
#include "demoapp/teaching.h"

enum { ROUNDS = 1600000 };

static TEACHING uint64_t hash_rounds(
    uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    teaching_keep_frame();
    for (int round = 0; round < ROUNDS; round++) {
        a += b ^ (uint64_t)round;
        d = (d ^ a) << 16 | (d ^ a) >> 48;
        c += d;
        b = (b ^ c) << 21 | (b ^ c) >> 43;
    }
    return fk_hash_mix(a ^ b ^ c ^ d);
}

/* The call comes last: in the build "tail" it is a jump, and takes this
 * function off the stack. */
TEACHING uint64_t compute_hash(struct fk_slice text)
{
    uint64_t lane[4];
    for (uint64_t i = 0; i < 4; i++)
        lane[i] = fk_hash_bytes(i, text.ptr, text.len);
    return hash_rounds(lane[0], lane[1], lane[2], lane[3]);
}
