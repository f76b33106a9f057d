/*
 * Names of functions, from the ELF files on disk.
 *
 * Order of trust: .symtab of the file, .symtab of its separate debug file (by
 * build id, then by .gnu_debuglink), .dynsym. A symbol names exactly the bytes
 * it says it has. Code outside every symbol is named after the start of its
 * function in the unwind table: "libc.so.6+0x3f8f0". A file whose build id is
 * not the one in memory names nothing.
 *
 * Threads: the agent thread only. Files are read with pread, bounded and
 * checked: a corrupt or truncated one gives fewer names, never a crash.
 */
#ifndef FK_AGENT_SYMBOLS_H
#define FK_AGENT_SYMBOLS_H

#include "agent/objects.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FK_SYMBOL_NAME_MAX = 1024,
    /* Kept between uploads; above it every index is dropped and read again
     * when asked for. */
    FK_SYMBOLS_KEEP_BYTES = 8 << 20,
    /* One object's index; a larger one gives no names. */
    FK_SYMBOLS_OBJECT_BYTES = 32 << 20,
};

struct fk_symbol {
    char name[FK_SYMBOL_NAME_MAX];        /* for people: demangled */
    char system_name[FK_SYMBOL_NAME_MAX]; /* as in the file */
    uint64_t start; /* first byte of the function, as in the file */
};

/* Name the function at pc, which lies in `object`. False when nothing better
 * than "name+0xOFFSET" of the very pc is known; that text is then in `out`. */
bool fk_symbols_name(
    struct fk_object *object, uintptr_t pc, struct fk_symbol *out);
/* After an upload: give memory back if the indexes have grown too large. */
void fk_symbols_trim(void);
/* objects.c calls it for an object that goes away. */
void fk_symbols_free(struct fk_symbols *symbols);

#endif
