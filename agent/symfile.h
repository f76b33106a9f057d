/*
 * Finds the file that names an object's functions best: its own if it has a
 * .symtab, else a separate debug file (by build id, then by .gnu_debuglink),
 * else its own again, for .dynsym. A file that is not the one in memory, by
 * build id or else by where it puts its code, is refused. Agent thread only.
 */
#ifndef FK_AGENT_SYMFILE_H
#define FK_AGENT_SYMFILE_H

#include "agent/elf.h"
#include "agent/objects.h"

/* True: the caller closes `elf`. */
bool fk_symfile_open_own(const struct fk_object *object, struct fk_elf *elf);
bool fk_symfile_open(const struct fk_object *object, struct fk_elf *elf);

#endif
