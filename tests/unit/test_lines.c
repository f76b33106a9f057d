/* Lines and inlined functions of this very program, which has them. */
#include "agent/lines.h"

#include "tests/tap.h"

#include <dlfcn.h>
#include <string.h>

#define PLENTY INT64_C(10000000000)

static int inner_line, outer_line;

static inline __attribute__((always_inline)) uintptr_t inlined_here(void)
{
    uintptr_t pc;
    inner_line = __LINE__ + 2;
#if defined(__x86_64__)
    __asm__ volatile("lea 0f(%%rip), %0\n0:" : "=r"(pc));
#else
    __asm__ volatile("adr %0, 0f\n0:" : "=r"(pc));
#endif
    return pc - 1;
}

__attribute__((noipa)) static uintptr_t outer_function(void)
{
    outer_line = __LINE__ + 1;
    return inlined_here();
}

static struct fk_object *object_of(uintptr_t pc)
{
    CHECK(fk_objects_refresh() >= 0);
    struct fk_object *object = fk_objects_locate(pc);
    CHECK(object);
    return object;
}

static void need_libdw(void)
{
    const struct fk_line *lines;
    uintptr_t pc = outer_function();
    fk_lines_budget(PLENTY);
    if (!fk_lines_of(object_of(pc), pc, &lines) &&
        !dlopen("libdw.so.1", RTLD_LAZY))
        tap_skip("libdw.so.1 is not installed");
}

static bool ends(struct fk_slice text, const char *tail)
{
    size_t n = strlen(tail);
    return text.len >= n && !memcmp(text.ptr + text.len - n, tail, n);
}

TEST(an_inlined_function_has_its_line_and_its_callers)
{
    const struct fk_line *lines = NULL;
    need_libdw();
    uintptr_t pc = outer_function();
    CHECK_INT(fk_lines_of(object_of(pc), pc, &lines), 2);
    CHECK(fk_slice_eqz(lines[0].function, "inlined_here"));
    CHECK(ends(lines[0].file, "tests/unit/test_lines.c"));
    CHECK_INT(lines[0].line, inner_line);
    CHECK_INT(lines[1].function.len, 0);
    CHECK(ends(lines[1].file, "tests/unit/test_lines.c"));
    CHECK_INT(lines[1].line, outer_line);
}

TEST(past_the_budget_only_what_is_known_has_lines)
{
    const struct fk_line *lines = NULL;
    need_libdw();
    uintptr_t pc = outer_function(), other = (uintptr_t)ends;
    struct fk_object *object = object_of(pc);
    fk_lines_budget(PLENTY);
    CHECK(fk_lines_of(object, pc, &lines) > 0);
    fk_lines_budget(-PLENTY);
    CHECK(fk_lines_of(object, pc, &lines) > 0);
    CHECK_INT(fk_lines_of(object, other, &lines), 0);
    fk_lines_budget(PLENTY / 2); /* half of the debt is left */
    CHECK_INT(fk_lines_of(object, other, &lines), 0);
    fk_lines_budget(PLENTY);
    CHECK(fk_lines_of(object, other, &lines) > 0);
}

TEST(code_without_information_has_no_lines)
{
    const struct fk_line *lines = NULL;
    need_libdw();
    char path[] = "/dev/null";
    struct fk_object nowhere = {.lo = 4096, .hi = 8192, .path = path};
    fk_lines_budget(PLENTY);
    CHECK_INT(fk_lines_of(&nowhere, 5000, &lines), 0);
    CHECK_INT(fk_lines_of(&nowhere, 5000, &lines), 0);
    fk_lines_free(nowhere.lines);
    uintptr_t pc = outer_function();
    struct fk_object *object = object_of(pc);
    CHECK_INT(fk_lines_of(object, object->hi - 1, &lines), 0);
    fk_objects_fini();
}

TAP_MAIN
