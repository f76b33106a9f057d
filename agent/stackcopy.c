#include "agent/stackcopy.h"

#include "agent/peek.h"

#define FIRST_BYTES (8u << 10)
#define GROWTH      4
#define REST        100 /* looks after one whose frames end nowhere */

static _Alignas(16) char room[FK_STACKCOPY_MAX];

static uint32_t larger(uint32_t bytes)
{
    return bytes < FK_STACKCOPY_MAX / GROWTH ? bytes * GROWTH
                                             : FK_STACKCOPY_MAX;
}

static unsigned walk(struct fk_stackcopy *stack, uint32_t want, size_t *got,
    uintptr_t *pcs, unsigned max)
{
    uintptr_t from = (stack->sp - FK_RED_ZONE) & ~(uintptr_t)15;
    struct fk_regs regs = {.pc = stack->pc, .sp = stack->sp};
    *got = fk_peek(room, from, want);
    struct fk_stack copy = {
        .lo = from,
        .hi = from + *got / 16 * 16,
        .delta = (ptrdiff_t)((uintptr_t)room - from),
    };
    return fk_unwind(fk_objects_current(), &regs, &copy, pcs, max, &stack->why);
}

static bool ends_early(const struct fk_stackcopy *stack)
{
    return stack->why == FK_UNWIND_OFF_STACK || stack->why == FK_UNWIND_NO_RULE;
}

unsigned fk_stackcopy_unwind(
    struct fk_stackcopy *stack, uintptr_t *pcs, unsigned max)
{
    uint32_t want = stack->size.bytes ? stack->size.bytes : FIRST_BYTES;
    size_t got;
    unsigned n = walk(stack, want, &got, pcs, max);
    stack->refused = got == 0;
    if (stack->size.rest > 0)
        stack->size.rest--;
    while (ends_early(stack) && got == want && stack->size.rest == 0 &&
           want < FK_STACKCOPY_MAX) {
        want = larger(want);
        n = walk(stack, want, &got, pcs, max);
        if (!ends_early(stack))
            stack->size.bytes = want;
    }
    if (ends_early(stack) && stack->size.rest == 0)
        stack->size.rest = REST;
    return n;
}
