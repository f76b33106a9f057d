/*
 * Rust's names: scheme "v0" (RFC 2603), _R..., as rustc writes it today; the
 * older one, _ZN...17h<hash>E, is in demangle.c. Crates' hashes are left out,
 * so that a function has one name whatever it was linked with.
 *
 * The bytes are not trusted: time, depth and the length of the text have
 * limits. Agent thread only.
 */
#ifndef FK_AGENT_RUST_H
#define FK_AGENT_RUST_H

#include <stdbool.h>
#include <stddef.h>

/* False: not such a name, or longer than `room`; `out` is undefined then. */
bool fk_rust_name(const char *raw, char *out, size_t room);

#endif
