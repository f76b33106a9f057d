/* What call frame instructions mean on aarch64; part of test_cfi.c. */
#ifndef FK_TESTS_UNIT_CFI_AARCH64_H
#define FK_TESTS_UNIT_CFI_AARCH64_H

#include "tests/unit/cfi_meaning.h"

/* Factors 4 and -8, return address in column 30; cfa = sp. */
#define CIE_TAIL 4, 0x78, 30, 1, 0x1b, 0x0c, 31, 0

enum { FP = 29 };

#define FRAME(cfa, at, ...)                                                    \
    {                                                                          \
        .kind = FK_RULE_FRAME, .base = FK_BASE_##cfa, .offset = at,            \
        __VA_ARGS__                                                            \
    }
#define NO_RULE                                                                \
    {                                                                          \
        .kind = FK_RULE_NONE                                                   \
    }
/* stp x29, x30, [sp, -32]! */
#define PUSH_FP 0x41, 0x0e, 32, 0x9d, 4, 0x9e, 3
#define PUSHED  .fp = {FK_SAVED_CFA, -32}, .ra = {FK_SAVED_CFA, -24}

static const struct meaning meanings[] = {
    {"entry: everything is in its register", OPS(0), 0, FRAME(SP, 0, )},
    {"still before the push", OPS(PUSH_FP), 3, FRAME(SP, 0, )},
    {"push", OPS(PUSH_FP), 4, FRAME(SP, 32, PUSHED)},
    {"frame pointer", OPS(PUSH_FP, 0x41, 0x0d, 29), 8, FRAME(FP, 32, PUSHED)},
    {"signed", OPS(0x41, 0x2d), 4, FRAME(SP, 0, )},
    {"signed, then pushed", OPS(0x41, 0x2d, PUSH_FP), 8, FRAME(SP, 32, PUSHED)},
    {"popped", OPS(PUSH_FP, 0x41, 0xde, 0xdd, 0x0e, 0), 8, FRAME(SP, 0, )},
    {"popped and checked", OPS(PUSH_FP, 0x41, 0xde, 0xdd, 0x0e, 0, 0x41, 0x2d),
        12, FRAME(SP, 0, )},
    {"frame pointer popped",
        OPS(PUSH_FP, 0x41, 0x0d, 29, 0x41, 0x0c, 31, 0, 0xde, 0xdd), 12,
        FRAME(SP, 0, )},
    {"remember and restore",
        OPS(PUSH_FP, 0x0a, 0x41, 0xde, 0xdd, 0x0e, 0, 0x41, 0x0b), 12,
        FRAME(SP, 32, PUSHED)},
    {"a leaf with room", OPS(0x41, 0x0e, 64), 4, FRAME(SP, 64, )},
    {"only lr saved", OPS(0x0e, 16, 0x9e, 2), 0,
        FRAME(SP, 16, .ra = {FK_SAVED_CFA, -16})},
    {"only fp saved", OPS(0x0e, 16, 0x9d, 2), 0,
        FRAME(SP, 16, .fp = {FK_SAVED_CFA, -16})},
    {"other registers do not matter", OPS(0x93, 4, 0x94, 5, 0x05, 72, 6), 0,
        FRAME(SP, 0, )},
    {"return address untouched", OPS(0x08, 30), 0, FRAME(SP, 0, )},
    {"fp lost", OPS(0x07, 29), 0, FRAME(SP, 0, .fp = {FK_SAVED_LOST, 0})},
    {"a frame too large for a row", OPS(0x0e, 0x80, 0x80, 0x40), 0,
        FRAME(SP, 1 << 20, )},
    {"not a multiple of 8", OPS(0x0e, 12), 0, FRAME(SP, 12, )},
    {"cfa from x10", OPS(0x0c, 10, 0), 0, FRAME(REG, 0, .reg = 10)},
    {"entry of a thread", OPS(0x07, 30), 0, {.kind = FK_RULE_END}},
    {"return address in a register", OPS(0x09, 30, 5), 0, NO_RULE},
    {"a vector's length in the cfa",
        OPS(0x0f, 8, 0x8f, 16, 0x92, 46, 0, 0x48, 0x1e, 0x22), 0, NO_RULE},
    {"unknown instruction", OPS(0x3e), 0, NO_RULE},
    {"unknown later", OPS(PUSH_FP, 0x41, 0x3e), 4, FRAME(SP, 32, PUSHED)},
    {"nothing to restore", OPS(0x0b), 0, NO_RULE},
};

#endif
