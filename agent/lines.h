/*
 * Source lines, and the functions that the compiler inlined, from the DWARF
 * information of a file on disk: its own, or that of its separate debug file.
 *
 * Read by elfutils' libdw, which is loaded when the first file with such
 * information is met; without it, without the information, or past the
 * budget there are no lines, and everything else is as before. Names of
 * functions that were not inlined come from agent/symbols.h.
 *
 * Threads: the agent thread only. What was found is kept, so an address is
 * looked up once. Limits: FK_LINES_DEBUG_BYTES of information a file,
 * FK_LINES_KEEP different addresses an object. The CPU time of an interval is
 * limited by its budget; a file that takes longer is paid for by intervals to
 * come, which look up nothing until then.
 */
#ifndef FK_AGENT_LINES_H
#define FK_AGENT_LINES_H

#include "agent/objects.h"
#include "common/slice.h"

#include <stdint.h>

enum {
    FK_LINES_MAX = 8, /* functions at one address */
    FK_LINES_KEEP = 1 << 16,
    FK_LINES_DEBUG_BYTES = 128 << 20,
};

struct fk_line {
    struct fk_slice function; /* empty: the one that symbols.h names */
    struct fk_slice file;
    int64_t line;
};

/* An interval begins, with so much CPU time for lookups. */
void fk_lines_budget(int64_t cpu_ns);
/* What is at pc, innermost first; the last is the function that was not
 * inlined. Returns how many, 0: nothing is known. `lines` is good until the
 * next call with this object, the texts as long as it lives. */
size_t fk_lines_of(
    struct fk_object *object, uintptr_t pc, const struct fk_line **lines);
/* objects.c calls it for an object that goes away. */
void fk_lines_free(struct fk_lines *lines);

#endif
