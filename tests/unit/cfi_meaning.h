/* One row of what call frame instructions mean; of test_cfi.c. */
#ifndef FK_TESTS_UNIT_CFI_MEANING_H
#define FK_TESTS_UNIT_CFI_MEANING_H

#include "agent/rule.h"

#include <stddef.h>

struct program {
    size_t len;
    uint8_t ops[32];
};

struct meaning {
    const char *what;
    struct program program;
    uint32_t at; /* bytes from the function's start */
    struct fk_rule want;
};

#define OPS(...)                                                               \
    {                                                                          \
        sizeof((uint8_t[]){__VA_ARGS__}),                                      \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

#endif
