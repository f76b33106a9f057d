#include "agent/stackcopy.h"

#include "agent/peek.h"

#define FIRST_BYTES (16u << 10)
#define GROWTH      4

static _Alignas(16) char room[FK_STACKCOPY_MAX];

unsigned fk_stackcopy_unwind(
    struct fk_stackcopy *stack, uintptr_t *pcs, unsigned max)
{
    uintptr_t from = (stack->sp - FK_RED_ZONE) & ~(uintptr_t)15;
    struct fk_regs regs = {.pc = stack->pc, .sp = stack->sp};
    uint32_t want = stack->bytes ? stack->bytes : FIRST_BYTES;
    for (;; want *= GROWTH) {
        size_t got = fk_peek(room, from, want);
        struct fk_stack copy = {
            .lo = from,
            .hi = from + got / 16 * 16,
            .delta = (ptrdiff_t)((uintptr_t)room - from),
        };
        stack->refused = got == 0;
        stack->bytes = want;
        unsigned n = fk_unwind(
            fk_objects_current(), &regs, &copy, pcs, max, &stack->why);
        bool cut = stack->why == FK_UNWIND_OFF_STACK ||
                   stack->why == FK_UNWIND_NO_RULE;
        if (!cut || got < want || want * GROWTH > FK_STACKCOPY_MAX)
            return n;
    }
}
