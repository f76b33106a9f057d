/* An index of functions per object, made when first asked for. */
#include "agent/symbols.h"

#include "agent/demangle.h"
#include "agent/symfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* How far back a symbol that encloses others is looked for. */
    ENCLOSING_MAX = 16,
};

struct entry {
    uint64_t start, size;
    uint32_t name; /* in fk_symbols.text */
    uint32_t rank; /* of several names for one address, the lowest wins */
};

struct fk_symbols {
    struct fk_object *object;
    struct entry *list; /* by start */
    size_t count;
    char *text;
    size_t bytes;
    struct fk_symbols *next;
};

static struct fk_symbols *all;

/* ---- an index
 * ------------------------------------------------------------------- */

static uint32_t leading_underscores(const char *name)
{
    return (uint32_t)strspn(name, "_");
}

/* Public over local, plain over __internal, short over long. */
static uint32_t rank_of(const Elf64_Sym *sym, const char *name, size_t len)
{
    static const uint8_t by_binding[16] = {
        [STB_LOCAL] = 2, [STB_GLOBAL] = 0, [STB_WEAK] = 1};
    uint32_t binding = by_binding[ELF64_ST_BIND(sym->st_info)];
    uint32_t underscores = leading_underscores(name);
    return (uint32_t)(binding == 2) << 31 | (underscores & 0xff) << 18 |
           binding << 16 | (uint32_t)len;
}

/* Assembly may leave the type out; data never counts. */
static bool is_function(const Elf64_Sym *sym, const struct fk_elf *elf)
{
    unsigned type = ELF64_ST_TYPE(sym->st_info);
    if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= elf->section_count)
        return false;
    return type == STT_FUNC || type == STT_GNU_IFUNC ||
           (type == STT_NOTYPE && !sym->st_size &&
               elf->sections[sym->st_shndx].sh_flags & SHF_EXECINSTR);
}

static int by_start(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (!x->size != !y->size)
        return x->size ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void keep_best_names(struct fk_symbols *s)
{
    size_t kept = 0;
    qsort(s->list, s->count, sizeof *s->list, by_start);
    for (size_t i = 0; i < s->count; i++)
        if (!kept || s->list[i].start != s->list[kept - 1].start)
            s->list[kept++] = s->list[i];
    s->count = kept;
}

struct source {
    const struct fk_elf *elf;
    Elf64_Sym *syms;
    size_t count;
    char *strings;
    size_t strings_len;
};

static bool load_source(struct source *src, const struct fk_elf *elf)
{
    const Elf64_Shdr *table = fk_elf_section(elf, SHT_SYMTAB, NULL);
    if (!table)
        table = fk_elf_section(elf, SHT_DYNSYM, NULL);
    if (!table || table->sh_entsize != sizeof *src->syms)
        return false;
    const Elf64_Shdr *strings = fk_elf_linked(elf, table);
    src->elf = elf;
    src->syms = fk_elf_load(elf, table, FK_SYMBOLS_OBJECT_BYTES);
    src->strings = fk_elf_load(elf, strings, FK_SYMBOLS_OBJECT_BYTES);
    src->count = table->sh_size / sizeof *src->syms;
    src->strings_len = strings ? strings->sh_size : 0;
    return src->syms && src->strings;
}

/* Counts functions and the room their names need; with room, stores them. */
static void collect(
    struct fk_symbols *s, const struct source *src, size_t *text_len)
{
    s->count = *text_len = 0;
    for (size_t i = 0; i < src->count; i++) {
        const Elf64_Sym *sym = &src->syms[i];
        if (!is_function(sym, src->elf) || sym->st_name >= src->strings_len)
            continue;
        const char *name = src->strings + sym->st_name;
        size_t len = strnlen(name, FK_SYMBOL_NAME_MAX - 1);
        if (!len || name[0] == '$')
            continue;
        if (s->list) {
            s->list[s->count] = (struct entry){sym->st_value, sym->st_size,
                (uint32_t)*text_len, rank_of(sym, name, len)};
            memcpy(s->text + *text_len, name, len);
            s->text[*text_len + len] = '\0';
        }
        s->count++;
        *text_len += len + 1;
    }
}

static void build(struct fk_symbols *s, const struct source *src)
{
    size_t text_len;
    collect(s, src, &text_len);
    size_t bytes = s->count * sizeof *s->list + text_len;
    if (!s->count || bytes > FK_SYMBOLS_OBJECT_BYTES) {
        s->count = 0;
        return;
    }
    s->list = malloc(s->count * sizeof *s->list);
    s->text = malloc(text_len);
    if (!s->list || !s->text) {
        s->count = 0;
        return;
    }
    collect(s, src, &text_len);
    s->bytes = bytes;
    keep_best_names(s);
}

/* An index without entries stands for "we tried". */
static struct fk_symbols *open_symbols(struct fk_object *object)
{
    struct fk_symbols *s = calloc(1, sizeof *s);
    struct fk_elf elf;
    if (!s)
        return NULL;
    s->object = object;
    s->next = all;
    all = s;
    object->symbols = s;
    if (fk_symfile_open(object, &elf)) {
        struct source src = {0};
        if (load_source(&src, &elf))
            build(s, &src);
        free(src.syms);
        free(src.strings);
        fk_elf_close(&elf);
    }
    return s;
}

/* ---- a name
 * ------------------------------------------------------------------------ */

/* The last entry that starts at or before `at`, or NULL. */
static const struct entry *entry_before(const struct fk_symbols *s, uint64_t at)
{
    size_t lo = 0, hi = s->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->list[mid].start <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? &s->list[lo - 1] : NULL;
}

static const struct entry *entry_around(const struct fk_symbols *s, uint64_t at)
{
    const struct entry *e = entry_before(s, at);
    for (int i = 0; e && i < ENCLOSING_MAX; i++) {
        if (at - e->start < e->size)
            return e;
        e = e > s->list ? e - 1 : NULL;
    }
    return NULL;
}

/* A symbol without a size is trusted for the function that starts there. */
static const struct entry *entry_of(
    const struct fk_symbols *s, uint64_t at, uint64_t function)
{
    const struct entry *e = entry_around(s, at);
    if (e || !function)
        return e;
    e = entry_before(s, function);
    return e && e->start == function && !e->size ? e : NULL;
}

bool fk_symbols_name(
    struct fk_object *object, uintptr_t pc, struct fk_symbol *out)
{
    struct fk_symbols *s =
        object->symbols ? object->symbols : open_symbols(object);
    uintptr_t function = fk_cfi_function(&object->cfi, pc);
    uint64_t at = pc - object->base;
    if (function)
        function -= object->base;
    const struct entry *e = s ? entry_of(s, at, function) : NULL;
    if (e) {
        const char *raw = s->text + e->name;
        out->start = e->start;
        snprintf(out->system_name, sizeof out->system_name, "%s", raw);
        fk_demangle(raw, out->name, sizeof out->name);
        return true;
    }
    out->start = function ? function : at;
    snprintf(out->name, sizeof out->name, "%s+0x%llx", object->name,
        (unsigned long long)out->start);
    memcpy(out->system_name, out->name, sizeof out->name);
    return function != 0;
}

/* ---- memory
 * ------------------------------------------------------------------------- */

void fk_symbols_free(struct fk_symbols *symbols)
{
    if (!symbols)
        return;
    struct fk_symbols **at = &all;
    while (*at != symbols)
        at = &(*at)->next;
    *at = symbols->next;
    symbols->object->symbols = NULL;
    free(symbols->list);
    free(symbols->text);
    free(symbols);
}

void fk_symbols_trim(void)
{
    size_t bytes = 0;
    for (const struct fk_symbols *s = all; s; s = s->next)
        bytes += s->bytes;
    while (all && bytes > FK_SYMBOLS_KEEP_BYTES)
        fk_symbols_free(all);
}
