/* dl_iterate_phdr, and the vDSO where the loader does not list it. */
#include "agent/loader.h"

#include "agent/objects.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

enum { ROOM_AT_FIRST = 64, NAMES_AT_FIRST = 8192 };

struct question {
    struct fk_loader *loader;
    unsigned long long adds, subs;
    uintptr_t vdso;
    bool first, same, full, vdso_seen;
};

/* ---- one object -------------------------------------------------------------
 */

static void add_segment(struct fk_loaded *l, const ElfW(Phdr) * p)
{
    uintptr_t lo = l->base + p->p_vaddr, hi = lo + p->p_memsz;
    if (lo < l->start)
        l->start = lo;
    if (!(p->p_flags & PF_X) || hi <= lo)
        return;
    if (l->lo == l->hi) {
        l->lo = lo;
        l->hi = hi;
        l->lo_offset = p->p_offset;
    } else if (lo > l->lo && hi > l->hi) {
        l->hi = hi;
    }
}

static void add_note(struct fk_loaded *l, const ElfW(Phdr) * p)
{
    for (size_t i = 0; i < FK_NOTES_MAX; i++) {
        if (l->notes[i].size)
            continue;
        l->notes[i].at = l->base + p->p_vaddr;
        l->notes[i].size = p->p_memsz;
        return;
    }
}

static struct fk_loaded describe(
    uintptr_t base, const ElfW(Phdr) * phdrs, size_t count)
{
    struct fk_loaded l = {.base = base, .start = UINTPTR_MAX};
    for (size_t i = 0; i < count; i++) {
        if (phdrs[i].p_type == PT_LOAD)
            add_segment(&l, &phdrs[i]);
        else if (phdrs[i].p_type == PT_NOTE)
            add_note(&l, &phdrs[i]);
        else if (phdrs[i].p_type == PT_GNU_EH_FRAME)
            l.hdr = base + phdrs[i].p_vaddr;
    }
    for (size_t i = 0; i < count; i++) {
        uintptr_t lo = base + phdrs[i].p_vaddr;
        if (phdrs[i].p_type == PT_LOAD && l.hdr >= lo &&
            l.hdr - lo < phdrs[i].p_memsz) {
            l.hdr_lo = lo;
            l.hdr_hi = lo + phdrs[i].p_memsz;
        }
    }
    return l;
}

static void keep(struct question *q, struct fk_loaded l, const char *name)
{
    struct fk_loader *loader = q->loader;
    if (l.start == q->vdso) {
        q->vdso_seen = true;
        name = FK_VDSO_PATH;
    }
    size_t len = strlen(name) + 1;
    if (loader->count == loader->room ||
        len > loader->names_room - loader->names_len) {
        q->full = true;
        return;
    }
    l.name = loader->names_len;
    memcpy(loader->names + l.name, name, len);
    loader->names_len += len;
    loader->list[loader->count++] = l;
}

/* ---- the question
 * ------------------------------------------------------------- */

static int answer(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct question *q = arg;
    if (q->first && size >= sizeof *info) {
        q->adds = info->dlpi_adds;
        q->subs = info->dlpi_subs;
        q->same = q->loader->asked && q->adds == q->loader->adds &&
                  q->subs == q->loader->subs;
    }
    q->first = false;
    if (q->same)
        return 1;
    /* The first one; only glibc leaves its name out. */
    bool is_program = q->loader->count == 0;
    keep(q, describe(info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum),
        is_program || !info->dlpi_name ? "" : info->dlpi_name);
    return q->full;
}

/* The kernel maps the vDSO's file image as a whole. */
static void add_vdso(struct question *q)
{
    if (!q->vdso || q->vdso_seen || q->full)
        return;
    const ElfW(Ehdr) *ehdr = (const void *)q->vdso;
    const ElfW(Phdr) *phdrs = (const void *)(q->vdso + ehdr->e_phoff);
    uintptr_t first = 0;
    for (size_t i = 0; i < ehdr->e_phnum; i++)
        if (phdrs[i].p_type == PT_LOAD)
            first = phdrs[i].p_vaddr;
    keep(q, describe(q->vdso - first, phdrs, ehdr->e_phnum), FK_VDSO_PATH);
}

static int make_room(struct fk_loader *loader)
{
    size_t room = loader->room ? loader->room * 2 : ROOM_AT_FIRST;
    size_t names = loader->room ? loader->names_room * 2 : NAMES_AT_FIRST;
    void *list = realloc(loader->list, room * sizeof *loader->list);
    if (!list)
        return -ENOMEM;
    loader->list = list;
    loader->room = room;
    char *text = realloc(loader->names, names);
    if (!text)
        return -ENOMEM;
    loader->names = text;
    loader->names_room = names;
    return 0;
}

static struct question ask(struct fk_loader *loader)
{
    struct question q = {
        .loader = loader, .first = true, .vdso = getauxval(AT_SYSINFO_EHDR)};
    loader->count = loader->names_len = 0;
    dl_iterate_phdr(answer, &q);
    if (!q.same)
        add_vdso(&q);
    return q;
}

int fk_loader_ask(struct fk_loader *loader)
{
    int err = loader->room ? 0 : make_room(loader);
    if (err)
        return err;
    struct question q = ask(loader);
    /* Past FK_OBJECTS_MAX the rest stays unknown. */
    while (q.full && loader->room < FK_OBJECTS_MAX) {
        err = make_room(loader);
        if (err)
            return err;
        q = ask(loader);
    }
    if (q.same)
        return 0;
    loader->asked = true;
    loader->unloaded = q.subs != loader->subs;
    loader->adds = q.adds;
    loader->subs = q.subs;
    return 1;
}

void fk_loader_forget(struct fk_loader *loader)
{
    loader->asked = false;
}

void fk_loader_fini(struct fk_loader *loader)
{
    free(loader->list);
    free(loader->names);
    *loader = (struct fk_loader){0};
}
