#include "demoapp/digest.h"

#include "common/hash.h"
#include "demoapp/teaching.h"

enum { LANES = 4, ROUNDS = 1600000 };

static TEACHING uint64_t hash_rounds(uint64_t lane[LANES])
{
    teaching_keep_frame();
    for (int round = 0; round < ROUNDS; round++) {
        lane[0] += lane[1] ^ (uint64_t)round;
        lane[3] = (lane[3] ^ lane[0]) << 16 | (lane[3] ^ lane[0]) >> 48;
        lane[2] += lane[3];
        lane[1] = (lane[1] ^ lane[2]) << 21 | (lane[1] ^ lane[2]) >> 43;
    }
    return lane[0] ^ lane[1] ^ lane[2] ^ lane[3];
}

TEACHING uint64_t compute_hash(struct fk_slice text)
{
    uint64_t lane[LANES];
    for (uint64_t i = 0; i < LANES; i++)
        lane[i] = fk_hash_bytes(i, text.ptr, text.len);
    return fk_hash_mix(hash_rounds(lane));
}
