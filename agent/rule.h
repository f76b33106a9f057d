/*
 * How to get from one frame to its caller, in full. Rows (unwind_<arch>.h) are
 * the packed form of nearly all rules; those that do not fit are kept as they
 * are, in fk_cfi.extras.
 */
#ifndef FK_AGENT_RULE_H
#define FK_AGENT_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum fk_rule_kind {
    FK_RULE_FRAME,  /* the fields below */
    FK_RULE_END,    /* return address undefined: entry of the thread */
    FK_RULE_SIGNAL, /* registers are in the ucontext at sp */
    FK_RULE_PLT,    /* cfa = sp + 8, or 16 from byte `plt_pushed` of 16 on */
    FK_RULE_NONE,   /* between functions, or a rule we cannot express */
};

enum fk_base { FK_BASE_SP, FK_BASE_FP, FK_BASE_REG };

enum fk_saved {
    FK_SAVED_SAME, /* still in its register */
    FK_SAVED_CFA,  /* in memory at cfa + offset */
    FK_SAVED_FP,   /* in memory at fp + offset */
    FK_SAVED_LOST, /* nobody knows */
};

struct fk_place {
    enum fk_saved how;
    int32_t offset;
};

struct fk_rule {
    enum fk_rule_kind kind;
    /* cfa = base + offset; with deref, cfa = *(base + offset) + add. */
    enum fk_base base;
    uint8_t reg; /* FK_BASE_REG: DWARF's number */
    bool deref;
    uint8_t plt_pushed;
    int32_t offset, add;
    struct fk_place fp, ra;
};

#endif
