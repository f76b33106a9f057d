#include "server/stacks.h"

size_t stacks_split(struct fk_slice stack, struct fk_slice *frames)
{
    struct fk_slice one;
    size_t n = 0;

    while (n < STACKS_MAX_DEPTH && fk_slice_split(&stack, ';', &one))
        if (one.len > 0)
            frames[n++] = one;
    return n;
}
