#include "common/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void fk_assert_failed(const char *file, int line, const char *expr)
{
    fprintf(
        stderr, "%s:%d: this must hold and does not: %s\n", file, line, expr);
    abort();
}
