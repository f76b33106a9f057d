/*
 * FK_ASSERT: a programmer's mistake in one of our own processes. Always on;
 * prints file, line and the expression on stderr and aborts. Never used in
 * agent/, which is a guest in somebody else's process.
 */
#ifndef FK_COMMON_CHECK_H
#define FK_COMMON_CHECK_H

_Noreturn void fk_assert_failed(const char *file, int line, const char *expr);

#define FK_ASSERT(expr)                                                        \
    ((expr) ? (void)0 : fk_assert_failed(__FILE__, __LINE__, #expr))

#endif
