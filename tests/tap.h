/*
 * The kit's test runner: every test is a function run in a child process of
 * its own, so that one that crashes, hangs, installs signal handlers or leaks
 * threads cannot touch the next. Output is TAP (testanything.org), read by
 * `prove`.
 *
 *   TEST(buf_refuses_to_grow_past_its_limit) { ... CHECK(x); ... }
 *   TAP_MAIN
 *
 * `test_x NAME` runs the tests whose names contain NAME; FK_TEST_TIMEOUT sets
 * the hang guard in seconds (default 60). Not thread-safe: CHECK is for the
 * test's own thread; other threads report through variables.
 */
#ifndef FK_TAP_H
#define FK_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct tap_test {
    const char *name;
    void (*fn)(void);
    const char *file;
    int line;
    int timeout_s; /* 0 = default */
    struct tap_test *next;
};

void tap_register(struct tap_test *test);
int tap_main(int argc, char **argv);

/* End the test. A failure prints where and both sides. */
_Noreturn void tap_fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void tap_skip(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
void tap_diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void tap_check_str(const char *file, int line, const char *expr,
    const char *got, const char *want);
void tap_check_mem(const char *file, int line, const char *expr,
    const void *got, size_t got_len, const void *want, size_t want_len);

#define TEST_TIMED(id, seconds)                                                \
    static void id(void);                                                      \
    static struct tap_test tap_##id = {                                        \
        #id, id, __FILE__, __LINE__, seconds, NULL};                           \
    __attribute__((constructor)) static void tap_register_##id(void)           \
    {                                                                          \
        tap_register(&tap_##id);                                               \
    }                                                                          \
    static void id(void)
#define TEST(id) TEST_TIMED(id, 0)

#define CHECK(expr)                                                            \
    do {                                                                       \
        if (!(expr))                                                           \
            tap_fail(__FILE__, __LINE__, "%s", #expr);                         \
    } while (0)

/* Integers of any width; both sides are printed. */
#define CHECK_INT(got, want)                                                   \
    do {                                                                       \
        long long got_ = (long long)(got), want_ = (long long)(want);          \
        if (got_ != want_)                                                     \
            tap_fail(__FILE__, __LINE__, "%s: got %lld, want %lld", #got,      \
                got_, want_);                                                  \
    } while (0)

#define CHECK_STR(got, want) tap_check_str(__FILE__, __LINE__, #got, got, want)
#define CHECK_MEM(got, got_len, want, want_len)                                \
    tap_check_mem(__FILE__, __LINE__, #got, got, got_len, want, want_len)

#define TAP_MAIN                                                               \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        return tap_main(argc, argv);                                           \
    }

#endif
