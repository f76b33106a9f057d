#include "agent/lines.h"

#include "agent/demangle.h"
#include "agent/elf.h"
#include "agent/flamekit.h"
#include "agent/foreign.h"
#include "agent/hostlog.h"
#include "agent/symfile.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/map.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TEXT_BYTES = 4 << 20,
    UNITS_MAX = 1 << 20, /* address ranges of a file */
    COUNT_BITS = 8,
    NAME_BYTES = 1024,
};

/* ---- the library -------------------------------------------------------- */

#define FUNCTIONS(X)                                                           \
    X(elf_version)                                                             \
    X(elf_begin)                                                               \
    X(elf_end)                                                                 \
    X(dwarf_begin_elf)                                                         \
    X(dwarf_end)                                                               \
    X(dwarf_nextcu)                                                            \
    X(dwarf_offdie)                                                            \
    X(dwarf_ranges)                                                            \
    X(dwarf_getsrc_die)                                                        \
    X(dwarf_linesrc)                                                           \
    X(dwarf_lineno)                                                            \
    X(dwarf_getscopes)                                                         \
    X(dwarf_getscopes_die)                                                     \
    X(dwarf_tag)                                                               \
    X(dwarf_attr)                                                              \
    X(dwarf_attr_integrate)                                                    \
    X(dwarf_formstring)                                                        \
    X(dwarf_formudata)                                                         \
    X(dwarf_getsrcfiles)                                                       \
    X(dwarf_filesrc)

#define MEMBER(name) __typeof__ (&(name))(name);
#define ENTRY(name)  {#name, offsetof(struct library, name)},

static struct library {
    FUNCTIONS(MEMBER)
} dw;

static bool open_library(void)
{
    static const struct {
        const char *name;
        size_t at;
    } entries[] = {FUNCTIONS(ENTRY)};

    static bool tried, there;
    if (tried)
        return there;
    tried = there = true;
    void *library = fk_foreign_open("libdw.so.1", FK_FOREIGN_LOAD);
    for (size_t i = 0; there && i < sizeof entries / sizeof *entries; i++) {
        void *found =
            library ? fk_foreign_symbol(library, entries[i].name) : NULL;
        memcpy((char *)&dw + entries[i].at, &found, sizeof found);
        there = found != NULL;
    }
    if (there)
        dw.elf_version(EV_CURRENT);
    else
        fk_hostlog(FLAMEKIT_LOG_WARN,
            "functions without lines: libdw.so.1 cannot be loaded; install "
            "libdw1, or set PYROSCOPE_SYMBOLIZE=functions");
    return there;
}

/* ---- the budget --------------------------------------------------------- */

static int64_t budget_ns;

static int64_t cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

/* What is left over is not saved up; what was overdrawn is owed. */
void fk_lines_budget(int64_t cpu_ns)
{
    budget_ns = cpu_ns + (budget_ns < 0 ? budget_ns : 0);
}

/* ---- a file ------------------------------------------------------------- */

/* Addresses [lo, hi) of a compilation unit, whose description is at `die`. */
struct unit {
    uint64_t lo, hi;
    Dwarf_Off die;
};

struct fk_lines {
    bool opened;
    struct fk_elf file;
    Elf *elf;
    Dwarf *dwarf;
    struct unit *units; /* by lo */
    size_t num_units, cap_units;
    struct fk_map known; /* address in the file -> first line << 8 | count */
    struct fk_line *lines;
    size_t num_lines, cap_lines;
    struct fk_arena text;
};

/* Decides whether this file may be read at all, as libdw reads all of it. */
static bool has_information(const struct fk_elf *file)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < file->section_count; i++) {
        const Elf64_Shdr *s = &file->sections[i];
        if (s->sh_name < file->names_len &&
            !strncmp(file->names + s->sh_name, ".debug_", 7) &&
            s->sh_size <= FK_LINES_DEBUG_BYTES)
            sum += s->sh_size;
        else if (s->sh_size > FK_LINES_DEBUG_BYTES)
            return false;
    }
    return sum <= FK_LINES_DEBUG_BYTES &&
           fk_elf_section(file, SHT_PROGBITS, ".debug_info") != NULL;
}

static void add_unit(struct fk_lines *l, struct unit unit)
{
    if (unit.lo >= unit.hi || unit.lo == 0 || l->num_units == UNITS_MAX)
        return;
    if (l->num_units == l->cap_units) {
        size_t cap = l->cap_units ? 2 * l->cap_units : 64;
        void *more = realloc(l->units, cap * sizeof *l->units);
        if (!more)
            return;
        l->units = more;
        l->cap_units = cap;
    }
    l->units[l->num_units++] = unit;
}

static int by_lo(const void *a, const void *b)
{
    const struct unit *x = a, *y = b;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

static void list_units(struct fk_lines *l)
{
    size_t header;
    Dwarf_Off next;
    for (Dwarf_Off at = 0;
         dw.dwarf_nextcu(l->dwarf, at, &next, &header, NULL, NULL, NULL) == 0;
         at = next) {
        Dwarf_Die die;
        if (!dw.dwarf_offdie(l->dwarf, at + header, &die))
            continue;
        struct unit unit = {.die = at + header};
        Dwarf_Addr base;
        for (ptrdiff_t i = 0;
             (i = dw.dwarf_ranges(&die, i, &base, &unit.lo, &unit.hi)) > 0;)
            add_unit(l, unit);
    }
    qsort(l->units, l->num_units, sizeof *l->units, by_lo);
}

static void open_file(struct fk_lines *l, const struct fk_object *object)
{
    if (!fk_symfile_open(object, &l->file))
        return;
    l->opened = true;
    if (l->file.fd < 0 || !has_information(&l->file) || !open_library())
        return;
    /* Read, not mapped: a file that shrinks must not end the host. */
    l->elf = dw.elf_begin(l->file.fd, ELF_C_READ, NULL);
    l->dwarf = l->elf ? dw.dwarf_begin_elf(l->elf, DWARF_C_READ, NULL) : NULL;
    if (l->dwarf)
        list_units(l);
}

static struct fk_lines *lines_of(struct fk_object *object)
{
    if (object->lines)
        return object->lines;
    struct fk_lines *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    fk_map_init(&l->known, FK_LINES_KEEP);
    fk_arena_init(&l->text, TEXT_BYTES);
    object->lines = l;
    open_file(l, object);
    return l;
}

void fk_lines_free(struct fk_lines *l)
{
    if (!l)
        return;
    if (l->dwarf)
        dw.dwarf_end(l->dwarf);
    if (l->elf)
        dw.elf_end(l->elf);
    if (l->opened)
        fk_elf_close(&l->file);
    fk_map_fini(&l->known);
    fk_arena_fini(&l->text);
    free(l->units);
    free(l->lines);
    free(l);
}

/* ---- an address --------------------------------------------------------- */

static bool find_unit(const struct fk_lines *l, uint64_t at, Dwarf_Die *die)
{
    size_t lo = 0, hi = l->num_units;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (l->units[mid].lo <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo > 0 && at < l->units[lo - 1].hi &&
           dw.dwarf_offdie(l->dwarf, l->units[lo - 1].die, die) != NULL;
}

static struct fk_slice keep(struct fk_lines *l, const char *text)
{
    return text ? fk_arena_dup(&l->text, fk_slice_of(text))
                : (struct fk_slice){0};
}

static const char *text_of(Dwarf_Die *die, unsigned what)
{
    Dwarf_Attribute a;
    return dw.dwarf_attr_integrate(die, what, &a) ? dw.dwarf_formstring(&a)
                                                  : NULL;
}

static struct fk_slice name_of(struct fk_lines *l, Dwarf_Die *die)
{
    char name[NAME_BYTES];
    const char *raw = text_of(die, DW_AT_linkage_name);
    if (!raw)
        return keep(l, text_of(die, DW_AT_name));
    fk_demangle(raw, name, sizeof name);
    return keep(l, name);
}

static uint64_t number_of(Dwarf_Die *die, unsigned what)
{
    Dwarf_Attribute a;
    Dwarf_Word value = 0;
    if (dw.dwarf_attr(die, what, &a))
        dw.dwarf_formudata(&a, &value);
    return value;
}

/* Where the function around this inlined one calls it. */
static void call_place(struct fk_lines *l, Dwarf_Die *unit, Dwarf_Die *inlined,
    struct fk_line *place)
{
    Dwarf_Files *files;
    size_t count;
    uint64_t file = number_of(inlined, DW_AT_call_file);
    place->line = (int64_t)number_of(inlined, DW_AT_call_line);
    if (dw.dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
        place->file = keep(l, dw.dwarf_filesrc(files, file, NULL, NULL));
}

/* From the innermost scope outwards, up to the function's own. */
static size_t walk_scopes(struct fk_lines *l, Dwarf_Die *unit, uint64_t at,
    struct fk_line place, struct fk_line *out)
{
    Dwarf_Die *inner = NULL, *scopes = NULL;
    size_t n = 0;
    int count = dw.dwarf_getscopes(unit, at, &inner);
    /* The scopes around a pc are those of the source; those around the
     * innermost one are those of the code. */
    count = count > 0 ? dw.dwarf_getscopes_die(inner, &scopes) : 0;
    for (int i = 0; i < count && n + 1 < FK_LINES_MAX; i++) {
        if (dw.dwarf_tag(&scopes[i]) == DW_TAG_subprogram)
            break;
        if (dw.dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine)
            continue;
        place.function = name_of(l, &scopes[i]);
        out[n++] = place;
        call_place(l, unit, &scopes[i], &place);
    }
    free(inner);
    free(scopes);
    place.function = (struct fk_slice){0};
    out[n++] = place;
    return n;
}

static size_t look_up(struct fk_lines *l, uint64_t at, struct fk_line *out)
{
    Dwarf_Die unit;
    struct fk_line place = {.line = 0};
    int line = 0;
    if (!find_unit(l, at, &unit))
        return 0;
    Dwarf_Line *row = dw.dwarf_getsrc_die(&unit, at);
    if (row) {
        place.file = keep(l, dw.dwarf_linesrc(row, NULL, NULL));
        dw.dwarf_lineno(row, &line);
        place.line = line;
    }
    return walk_scopes(l, &unit, at, place, out);
}

/* Room for as many lines as one address may have. */
static bool make_room(struct fk_lines *l)
{
    if (l->cap_lines - l->num_lines >= FK_LINES_MAX)
        return true;
    size_t cap = l->cap_lines ? 2 * l->cap_lines : 256;
    void *more = realloc(l->lines, cap * sizeof *l->lines);
    if (!more)
        return false;
    l->lines = more;
    l->cap_lines = cap;
    return true;
}

static uint64_t learn(struct fk_lines *l, uint64_t at)
{
    size_t n = 0;
    if (!make_room(l))
        return 0;
    if (l->dwarf && !l->text.failed)
        n = look_up(l, at, l->lines + l->num_lines);
    uint64_t place = (uint64_t)l->num_lines << COUNT_BITS | n;
    if (l->text.failed || fk_map_put(&l->known, at, place) != FK_OK)
        return 0;
    l->num_lines += n;
    return place;
}

size_t fk_lines_of(
    struct fk_object *object, uintptr_t pc, const struct fk_line **lines)
{
    uint64_t at = pc - object->base, place;
    if (!object->lines && budget_ns <= 0)
        return 0;
    int64_t before = cpu_now();
    struct fk_lines *l = lines_of(object);
    if (!l)
        return 0;
    place = fk_map_get(&l->known, at);
    if (place == FK_MAP_NONE && budget_ns > 0) {
        place = learn(l, at);
        budget_ns -= cpu_now() - before;
    }
    if (place == FK_MAP_NONE)
        return 0;
    *lines = l->lines + (place >> COUNT_BITS);
    return place & ((1 << COUNT_BITS) - 1);
}
