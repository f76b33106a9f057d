/*
 * What code is loaded: executable, libraries and vDSO, with their unwind
 * tables, as an immutable snapshot sorted by address.
 *
 * Threads: the signal-safe half may run anywhere at any time; everything else
 * belongs to the agent thread alone. Tables are copies in our own memory, so
 * dlclose never makes a handler touch unmapped pages.
 * Ownership: snapshots and objects belong to this file. A pointer got from
 * fk_objects_current() stays good until fk_objects_reclaim() was called twice
 * after the refresh that replaced it.
 * Limits: FK_OBJECTS_MAX objects and FK_CFI_BYTES_MAX bytes of rows; what does
 * not fit has no table and is unwound by frame pointers. Counted in the stats.
 */
#ifndef FK_AGENT_OBJECTS_H
#define FK_AGENT_OBJECTS_H

#include "agent/cfi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FK_OBJECTS_MAX = 4096, FK_BUILD_ID_MAX = 32 };

#define FK_VDSO_PATH "[vdso]"

struct fk_symbols;
struct fk_lines;

struct fk_object {
    uintptr_t lo, hi;   /* executable addresses */
    uintptr_t base;     /* address = base + address in the file */
    uint64_t lo_offset; /* place of `lo` in the file, for pprof's mapping */
    struct fk_cfi cfi;
    uint8_t build_id[FK_BUILD_ID_MAX];
    unsigned build_id_len;      /* 0: it has none */
    char *path;                 /* absolute; or FK_VDSO_PATH */
    const char *name;           /* last component of path */
    struct fk_symbols *symbols; /* of symbols.c; NULL until asked for */
    struct fk_lines *lines;     /* of lines.c, likewise */
    bool program;               /* the executable itself */
    /* Bookkeeping of objects.c. */
    unsigned seen;     /* last answer of the loader that had it */
    unsigned reclaims; /* since it was unloaded */
    struct fk_object *next;
};

struct fk_objects {
    struct fk_objects *next; /* bookkeeping of objects.c */
    unsigned reclaims;       /* since it was replaced */
    uint16_t epoch;          /* never 0; another number for another snapshot */
    size_t count;

    struct fk_span {
        uintptr_t lo, hi;
        struct fk_object *object;
    } spans[];
};

/* ---- in a signal handler --------------------------------------------------
 */

/* The newest snapshot; an empty one before the first refresh. */
const struct fk_objects *fk_objects_current(void);
/* NULL when no object covers pc. */
const struct fk_object *fk_objects_find(
    const struct fk_objects *objects, uintptr_t pc);
/* A pc was in no object: set by fk_unwind, read and cleared by the agent
 * thread, which then refreshes. */
void fk_objects_miss(void);

/* ---- on the agent thread --------------------------------------------------
 */

/* What all tables together may take; FK_CFI_BYTES_MAX until told. An object
 * whose table does not fit is walked by its frame pointers. */
void fk_objects_limit(size_t table_bytes);
bool fk_objects_missed(void);
/* Look for loaded and unloaded objects; cheap when nothing changed. Returns 1
 * for a new snapshot, 0 for no change, -errno when memory ran out (the old
 * snapshot stays). */
int fk_objects_refresh(void);
/* The caller's word that one more generation of tables was flipped and that
 * no handler is left in the old one. What was replaced two calls ago is
 * freed. */
void fk_objects_reclaim(void);
/* Where was pc, for naming what was sampled up to two generations ago? Also
 * finds objects unloaded since then. NULL when unknown, or when two different
 * objects used the address in that time: no name rather than a wrong one. */
struct fk_object *fk_objects_locate(uintptr_t pc);

struct fk_objects_stats {
    size_t objects, rows, table_bytes;
    size_t without_table; /* objects that did not fit or had no .eh_frame */
};

void fk_objects_stats(struct fk_objects_stats *stats);
/* Free everything; no handler may run any more. For tests. */
void fk_objects_fini(void);

#endif
