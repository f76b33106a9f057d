/* What call frame instructions mean on x86-64; part of test_cfi.c. */
#ifndef FK_TESTS_UNIT_CFI_X86_64_H
#define FK_TESTS_UNIT_CFI_X86_64_H

#include "tests/unit/cfi_meaning.h"

/* Factors 1 and -8, return address in column 16; cfa = rsp + 8, the return
 * address below it. */
#define CIE_TAIL 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1

enum { FP = 6 };

#define FRAME(cfa, at, ...)                                                    \
    {                                                                          \
        .kind = FK_RULE_FRAME, .base = FK_BASE_##cfa, .offset = at,            \
        .ra = {FK_SAVED_CFA, -8}, __VA_ARGS__                                  \
    }
#define NO_RULE                                                                \
    {                                                                          \
        .kind = FK_RULE_NONE                                                   \
    }
#define PUSH_FP 0x41, 0x0e, 16, 0x86, 2

static const struct meaning meanings[] = {
    {"entry", OPS(0), 0, FRAME(SP, 8, )},
    {"still before the push", OPS(PUSH_FP), 0, FRAME(SP, 8, )},
    {"push", OPS(PUSH_FP), 1, FRAME(SP, 16, .fp = {FK_SAVED_CFA, -16})},
    {"frame pointer", OPS(PUSH_FP, 0x43, 0x0d, 6), 9,
        FRAME(FP, 16, .fp = {FK_SAVED_CFA, -16})},
    {"def_cfa", OPS(0x0c, 6, 24), 0, FRAME(FP, 24, )},
    {"def_cfa_sf", OPS(0x12, 7, 0x7e), 0, FRAME(SP, 16, )},
    {"def_cfa_offset_sf", OPS(0x13, 0x7d), 0, FRAME(SP, 24, )},
    {"advance by 2 bytes", OPS(0x03, 0, 1, 0x0e, 16), 256, FRAME(SP, 16, )},
    {"advance by 4 bytes", OPS(0x04, 0, 2, 0, 0, 0x0e, 16), 511,
        FRAME(SP, 8, )},
    {"remember and restore", OPS(0x0a, PUSH_FP, 0x41, 0x0b), 2, FRAME(SP, 8, )},
    {"restore fp", OPS(PUSH_FP, 0x41, 0xc6), 2, FRAME(SP, 16, )},
    {"restore fp, long form", OPS(PUSH_FP, 0x41, 0x06, 6), 2, FRAME(SP, 16, )},
    {"same value", OPS(PUSH_FP, 0x41, 0x08, 6), 2, FRAME(SP, 16, )},
    {"offset, long forms", OPS(0x05, 6, 3), 0,
        FRAME(SP, 8, .fp = {FK_SAVED_CFA, -24})},
    {"offset, signed", OPS(0x11, 6, 0x7c), 0,
        FRAME(SP, 8, .fp = {FK_SAVED_CFA, 32})},
    {"other registers do not matter", OPS(0x83, 4, 0x8c, 5, 0x07, 12), 0,
        FRAME(SP, 8, )},
    {"args size", OPS(0x2e, 32), 0, FRAME(SP, 8, )},
    {"fp lost", OPS(0x07, 6), 0, FRAME(SP, 8, .fp = {FK_SAVED_LOST, 0})},
    {"fp in another register", OPS(0x09, 6, 3), 0,
        FRAME(SP, 8, .fp = {FK_SAVED_LOST, 0})},
    {"fp computed", OPS(0x16, 6, 2, 0x76, 0), 0,
        FRAME(SP, 8, .fp = {FK_SAVED_LOST, 0})},
    {"a frame too large for a row", OPS(0x0e, 0x80, 0x80, 0x40), 0,
        FRAME(SP, 1 << 20, )},
    {"not a multiple of 8", OPS(0x0e, 12), 0, FRAME(SP, 12, )},
    {"cfa from r10", OPS(0x0c, 10, 0), 0, FRAME(REG, 0, .reg = 10)},
    {"realigned", OPS(0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0), 0,
        FRAME(FP, -8, .deref = true, .fp = {FK_SAVED_FP, 0})},
    {"deref and add", OPS(0x0f, 6, 0x77, 0xc0, 0, 0x06, 0x23, 8), 0,
        FRAME(SP, 64, .deref = true, .add = 8)},
    {"deref and add a literal", OPS(0x0f, 5, 0x77, 40, 0x06, 0x38, 0x22), 0,
        FRAME(SP, 40, .deref = true, .add = 8)},
    {"lazy PLT",
        OPS(0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24,
            0x22),
        0, {.kind = FK_RULE_PLT, .plt_pushed = 11}},
    {"entry of a thread", OPS(0x07, 16), 0, {.kind = FK_RULE_END}},
    {"an expression too clever", OPS(0x0f, 3, 0x77, 8, 0x1f), 0, NO_RULE},
    {"an expression that ends early", OPS(0x0f, 9, 0x77), 0, NO_RULE},
    {"cfa from rax", OPS(0x0d, 0), 0, FRAME(REG, 8, .reg = 0)},
    {"cfa from the flags", OPS(0x0d, 49), 0, NO_RULE},
    {"return address nowhere", OPS(0x08, 16), 0, NO_RULE},
    {"return address in a register", OPS(0x09, 16, 5), 0, NO_RULE},
    {"offset beyond 32 bits",
        OPS(0x0e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), 0, NO_RULE},
    {"unknown instruction", OPS(0x3e), 0, NO_RULE},
    {"unknown later", OPS(PUSH_FP, 0x41, 0x3e), 1,
        FRAME(SP, 16, .fp = {FK_SAVED_CFA, -16})},
    {"nothing to restore", OPS(0x0b), 0, NO_RULE},
    {"remembered too often",
        OPS(0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a,
            0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a),
        0, NO_RULE},
    {"a number too long",
        OPS(0x0e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
        0, NO_RULE},
};

#endif
