/*
 * Reads bytes that nobody vouches for, as a copy of loaded memory: forward
 * only, never outside the image. Any thread; allocates nothing.
 */
#ifndef FK_AGENT_CURSOR_H
#define FK_AGENT_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A copy of the part of a loaded object that holds .eh_frame_hdr and
 * .eh_frame. */
struct fk_image {
    const uint8_t *bytes;
    size_t size;
    uintptr_t address; /* where bytes[0] is loaded */
};

/* Reads forward; past the end it yields zeros and stays `bad`. */
struct fk_cursor {
    const struct fk_image *image;
    size_t at, end;
    bool bad;
};

struct fk_cursor fk_cursor_at(const struct fk_image *image, uintptr_t address);
/* n bytes, or NULL. */
const uint8_t *fk_cursor_take(struct fk_cursor *c, size_t n);
/* Little-endian, 1 to 8 bytes. */
uint64_t fk_cursor_uint(struct fk_cursor *c, size_t bytes);
uint64_t fk_cursor_uleb(struct fk_cursor *c);
int64_t fk_cursor_sleb(struct fk_cursor *c);
/* A pointer in the DW_EH_PE_* encoding `how`; data-relative ones count from
 * `data`. Indirect and unknown encodings are bad. */
uintptr_t fk_cursor_pointer(struct fk_cursor *c, uint8_t how, uintptr_t data);

#endif
