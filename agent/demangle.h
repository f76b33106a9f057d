/*
 * Names as people wrote them, from names as linkers have them.
 *
 * C++ through __cxa_demangle when the host has it; Rust's two schemes by
 * ourselves; the suffixes compilers give to parts and copies of a function
 * (".cold", ".part.0", ".constprop.1", ...) are dropped, so that they count
 * together. What we cannot read stays as it is. Agent thread only.
 */
#ifndef FK_AGENT_DEMANGLE_H
#define FK_AGENT_DEMANGLE_H

#include <stddef.h>

/* `out` gets at most room - 1 bytes and a NUL. */
void fk_demangle(const char *raw, char *out, size_t room);
/* From now on libstdc++ is loaded for the first name of C++ when the host has
 * not done so. */
void fk_demangle_may_load(void);

#endif
