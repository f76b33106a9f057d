/*
 * A power cut for SQLite: a file system layer in front of the real one that
 * remembers what every write since the last sync replaced. After the cut all
 * operations fail; then, of each file, a random choice of the 512-byte
 * sectors that were not synced goes back to what it was, as on a disk that
 * had not written them yet.
 *
 * One process, set up before the first connection. Files made since the last
 * sync of their folder stay: the kit syncs the folder (db.c).
 */
#ifndef FK_TESTS_CUT_VFS_H
#define FK_TESTS_CUT_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* Becomes the default; the cut comes at the operation of this number. A disk
 * that lies says it has synced when it has not. */
void cut_install(int64_t at_operation, bool lies);
bool cut_happened(void);
/* After everything is closed: lose sectors, forget the layer. */
void cut_lose(uint64_t seed);

#endif
