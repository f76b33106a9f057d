/*
 * x86-64: rows of 8 bytes, DWARF register numbers, the kernel's signal frame.
 * Included by agent/cfi.h and nowhere else.
 */
#ifndef FK_AGENT_UNWIND_X86_64_H
#define FK_AGENT_UNWIND_X86_64_H

#include "agent/rule.h"

#include <stddef.h>
#include <ucontext.h>

enum {
    FK_DWARF_FP = 6,   /* rbp */
    FK_DWARF_SP = 7,   /* rsp */
    FK_DWARF_AUX = 10, /* r10 */
    FK_DWARF_RA = 16,
};

/* What differs from row to row in `word`, from the lowest bit:
 *   2 bits  base of the cfa: sp, fp, r10, or 3 for the specials
 *  14 bits  its offset / 8, signed; or enum fk_row_special
 *   1 bit   a function starts here
 *   1 bit   the caller's fp is lost
 *  14 bits  the caller's fp is at cfa + this * 8, signed, 0 = in the register;
 *           PLT: plt_pushed; EXTRA: index in fk_cfi.extras
 * The return address is at cfa - 8. */
struct fk_row {
    uint32_t pc; /* from fk_cfi.lo */
    uint32_t word;
};

#endif
