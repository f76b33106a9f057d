/* Names: the right ones, or none. */
#include "agent/symbols.h"

#include "agent/demangle.h"
#include "agent/elf.h"
#include "tests/tap.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef int callback_fn(int);
typedef int run_fn(callback_fn *, int);

static void built_file(const char *name, char *path, size_t room)
{
    char self[512];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK(len > 0);
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(path, room, "%s/%s", self, name);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0700);
    CHECK(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, bytes, sizeof bytes)) > 0;)
        CHECK_INT(write(out, bytes, (size_t)n), n);
    close(in);
    close(out);
}

static void *load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        tap_fail(__FILE__, __LINE__, "%s", dlerror());
    CHECK(fk_objects_refresh() >= 0);
    return handle;
}

static struct fk_symbol name_of(uintptr_t pc)
{
    struct fk_symbol symbol = {.name = ""};
    struct fk_object *object = fk_objects_locate(pc);
    CHECK(object);
    fk_symbols_name(object, pc, &symbol);
    return symbol;
}

static uintptr_t address_of(void *handle, const char *name)
{
    uintptr_t address = (uintptr_t)dlsym(handle, name);
    CHECK(address);
    return address;
}

/* ---- this program
 * ------------------------------------------------------------------ */

__attribute__((noipa)) static int local_function(int x)
{
    return x * 5 + 1;
}

__attribute__((noipa)) static int next_function(int x)
{
    return x * 7 + 2;
}

TEST(local_functions_have_names)
{
    uintptr_t at = (uintptr_t)local_function;
    CHECK_INT(fk_objects_refresh(), 1);
    CHECK_STR(name_of(at).name, "local_function");
    CHECK_STR(name_of(at + 1).name, "local_function");
    CHECK_STR(name_of((uintptr_t)next_function).name, "next_function");
    CHECK_INT(name_of(at + 1).start, at - fk_objects_locate(at)->base);
    CHECK_INT(local_function(1) + next_function(1), 15);
}

TEST(public_names_win_over_internal_ones)
{
    CHECK_INT(fk_objects_refresh(), 1);
    CHECK_STR(name_of((uintptr_t)write).name, "write");
    CHECK_STR(name_of((uintptr_t)dlsym(RTLD_DEFAULT, "qsort")).name, "qsort");
}

TEST(the_vdso_has_names)
{
    CHECK_INT(fk_objects_refresh(), 1);
    if (!getauxval(AT_SYSINFO_EHDR))
        tap_skip("this kernel maps no vDSO");
    const struct fk_objects *all = fk_objects_current();
    for (size_t i = 0; i < all->count; i++) {
        struct fk_object *o = all->spans[i].object;
        struct fk_symbol symbol;
        if (strcmp(o->name, "[vdso]"))
            continue;
        unsigned named = 0;
        for (uintptr_t pc = o->lo; pc < o->hi; pc += 16)
            named += fk_symbols_name(o, pc, &symbol) &&
                     !strcmp(symbol.name, "clock_gettime");
        CHECK(named > 0);
        return;
    }
    tap_fail(__FILE__, __LINE__, "the vDSO is not among the objects");
}

/* ---- stripped, deleted, replaced
 * ----------------------------------------------------- */

static uintptr_t inner_pc;

static int note_caller(int n)
{
    inner_pc = (uintptr_t)__builtin_return_address(0) - 1;
    return n;
}

static void call_inner(void *handle)
{
    run_fn *run;
    *(void **)&run = dlsym(handle, "run");
    inner_pc = 0;
    run(note_caller, 1);
    CHECK(inner_pc);
}

TEST(a_static_function_has_its_name_when_the_file_has_it)
{
    char path[600];
    built_file("plugin-a.so", path, sizeof path);
    call_inner(load(path));
    CHECK_STR(name_of(inner_pc).name, "a_inner");
}

TEST(a_static_function_of_a_stripped_library_is_not_an_export)
{
    char path[600], want[64];
    built_file("plugin-stripped.so", path, sizeof path);
    void *handle = load(path);
    call_inner(handle);
    struct fk_symbol inner = name_of(inner_pc);
    snprintf(want, sizeof want, "plugin-stripped.so+0x%llx",
        (unsigned long long)inner.start);
    CHECK_STR(inner.name, want);
    CHECK(inner_pc - fk_objects_locate(inner_pc)->base > inner.start);
    CHECK_STR(name_of(address_of(handle, "s_run")).name, "s_run");
    CHECK_STR(name_of(address_of(handle, "s_after")).name, "s_after");
}

TEST(a_separate_debug_file_names_static_functions)
{
    char path[600];
    built_file("plugin-linked.so", path, sizeof path);
    call_inner(load(path));
    CHECK_STR(name_of(inner_pc).name, "l_inner");
}

static void temporary_copy(char *dir, char *path, size_t room)
{
    char from[600];
    CHECK(mkdtemp(dir));
    snprintf(path, room, "%s/plugin.so", dir);
    built_file("plugin-a.so", from, sizeof from);
    copy_file(from, path);
}

TEST(a_replaced_library_gives_no_names)
{
    char dir[] = "/tmp/flamekit-test-XXXXXX", path[600], other[600];
    temporary_copy(dir, path, sizeof path);
    void *handle = load(path);
    call_inner(handle);
    unlink(path);
    built_file("plugin-b.so", other, sizeof other);
    copy_file(other, path);
    CHECK(!strncmp(name_of(inner_pc).name, "plugin.so+0x", 12));
    CHECK(!strncmp(
        name_of(address_of(handle, "a_run")).name, "plugin.so+0x", 12));
    unlink(path);
    rmdir(dir);
}

TEST(a_deleted_library_gives_no_names)
{
    char dir[] = "/tmp/flamekit-test-XXXXXX", path[600];
    temporary_copy(dir, path, sizeof path);
    call_inner(load(path));
    unlink(path);
    rmdir(dir);
    CHECK(!strncmp(name_of(inner_pc).name, "plugin.so+0x", 12));
}

/* Every name may be dropped and read again. */
TEST(names_survive_a_trim)
{
    CHECK_INT(fk_objects_refresh(), 1);
    CHECK_STR(name_of((uintptr_t)local_function).name, "local_function");
    fk_symbols_trim();
    CHECK_STR(name_of((uintptr_t)local_function).name, "local_function");
    fk_objects_fini();
}

/* ---- damaged files
 * ---------------------------------------------------------------- */

/* A library whose file is damaged after it was loaded: the build id is kept,
 * so the file is believed to be the right one. */
static void damage(const char *path, size_t at, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY);
    CHECK(fd >= 0);
    CHECK_INT(pwrite(fd, bytes, len, (off_t)at), (ssize_t)len);
    close(fd);
}

static void name_everything(struct fk_object *object)
{
    struct fk_symbol symbol;
    for (uintptr_t pc = object->lo; pc < object->hi; pc += 7) {
        fk_symbols_name(object, pc, &symbol);
        CHECK(symbol.name[0]);
    }
    fk_symbols_free(object->symbols);
}

/* The loaded pages belong to one file, the damage to another of that name. */
TEST_TIMED(damaged_files_are_survived, 120)
{
    static const uint8_t values[] = {0, 0x7f, 0xff};
    char dir[] = "/tmp/flamekit-test-XXXXXX", path[600], from[600];
    temporary_copy(dir, path, sizeof path);
    call_inner(load(path));
    struct fk_object *object = fk_objects_locate(inner_pc);
    CHECK(object);
    struct stat st;
    built_file("plugin-a.so", from, sizeof from);
    CHECK(!stat(from, &st));
    struct fk_elf elf;
    CHECK(fk_elf_open(&elf, from));
    size_t headers = elf.head.e_shoff;
    fk_elf_close(&elf);
    for (size_t i = 0; i < 64 + (size_t)st.st_size - headers; i++) {
        size_t at = i < 64 ? i : headers + i - 64;
        unlink(path);
        copy_file(from, path);
        damage(path, at, &values[i % sizeof values], 1);
        name_everything(object);
    }
    for (size_t len = 0; len < (size_t)st.st_size; len += 509) {
        unlink(path);
        copy_file(from, path);
        CHECK(!truncate(path, (off_t)len));
        name_everything(object);
    }
    unlink(path);
    rmdir(dir);
}

/* ---- spelling
 * ---------------------------------------------------------------------- */

/* What a C++ program has, as far as this test goes. */
char *__cxa_demangle(const char *name, char *buf, size_t *len, int *status);

char *__cxa_demangle(const char *name, char *buf, size_t *len, int *status)
{
    (void)buf;
    (void)len;
    *status = strcmp(name, "_ZN2ns1fEi") ? -2 : 0;
    return *status ? NULL : strdup("ns::f(int)");
}

static const struct {
    const char *raw, *want;
} spellings[] = {
    {"plain", "plain"},
    {"is_prime_slow.constprop.0", "is_prime_slow"},
    {"is_prime_slow.isra.0.cold", "is_prime_slow"},
    {"hash.part.3", "hash"},
    {"memcpy@@GLIBC_2.14", "memcpy"},
    {".cold", ".cold"},
    {"_ZN2ns1fEi", "ns::f(int)"},
    {"_ZN2ns1fEi.part.0", "ns::f(int)"},
    {"_ZN2ns1gEi", "_ZN2ns1gEi"},
    {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE",
        "core::fmt::Formatter::pad"},
    {"_ZN60_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$Drop$GT$4drop17h"
     "00000000000000ffE",
        "_ZN60_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$Drop$GT$4drop17h"
        "00000000000000ffE"},
    {"_ZN49_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$Drop$GT$4drop17h"
     "00000000000000ffE",
        "<alloc::vec::Vec<T> as Drop>::drop"},
    {"_ZN99999999999999999999E", "_ZN99999999999999999999E"},
    {"_ZN3foo17h", "_ZN3foo17h"},
    {"_RNvNtCs1234_3app5inner3run.llvm.123", "app::inner::run"},
    {"_RNvnonsense", "_RNvnonsense"},
    {"", ""},
};

TEST(names_are_spelled_for_people)
{
    char out[256];
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        fk_demangle(spellings[i].raw, out, sizeof out);
        CHECK_STR(out, spellings[i].want);
    }
}

TEST(long_names_are_cut)
{
    char raw[3000], out[64];
    memset(raw, 'x', sizeof raw);
    raw[sizeof raw - 1] = '\0';
    fk_demangle(raw, out, sizeof out);
    CHECK_INT(strlen(out), sizeof out - 1);
}

TAP_MAIN
