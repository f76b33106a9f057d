/* What a load plan expects of its phases, judged: see expect.c. */
#ifndef CLI_EXPECT_H
#define CLI_EXPECT_H

#include "cli/kit.h"

/* Prints a line an expectation; returns the worst verdict. */
int plan_expect(const struct kit *kit, const char *name);

#endif
