/*
 * .eh_frame, compiled into rows that a signal handler can search: sorted by
 * address, two loads away from any pc through an index of 256-byte buckets.
 *
 * fk_cfi_build takes bytes that nobody vouches for: every read is inside the
 * image, time and memory are bounded by its size. Agent thread only; the
 * result is immutable and may be searched anywhere, also in a handler.
 */
#ifndef FK_AGENT_CFI_H
#define FK_AGENT_CFI_H

#include "agent/cursor.h"
#include "agent/rule.h"
#if defined(__x86_64__)
#include "agent/unwind_x86_64.h"
#elif defined(__aarch64__)
#include "agent/unwind_aarch64.h"
#endif

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    FK_CFI_BYTES_MAX = 64 << 20, /* rows of all objects together */
    FK_CFI_BUCKET_BITS = 8,
};

/* Addresses [lo, hi). */
struct fk_range {
    uintptr_t lo, hi;
};

struct fk_cfi {
    uintptr_t lo, hi; /* addresses that rows speak of */
    struct fk_row *rows;
    size_t row_count;
    uint32_t *index; /* bucket -> first row at or after its start */
    struct fk_rule *extras;
    size_t extra_count;
    size_t bytes; /* memory of all of it */
};

/* Compile the table that .eh_frame_hdr, loaded at `hdr`, lists, for code at
 * [lo, hi). At most `limit` bytes: FK_ERR_LIMIT beyond, FK_ERR_FORMAT when
 * there is no readable table, FK_ERR_NOMEM; then `cfi` is empty. Descriptions
 * that make no sense are left out. */
enum fk_err fk_cfi_build(struct fk_cfi *cfi, const struct fk_image *image,
    uintptr_t hdr, struct fk_range code, size_t limit);
void fk_cfi_free(struct fk_cfi *cfi);
/* The row that covers pc, or NULL. Safe in a handler. */
const struct fk_row *fk_cfi_row(const struct fk_cfi *cfi, uintptr_t pc);
/* Where the function of pc starts; 0 when unknown. */
uintptr_t fk_cfi_function(const struct fk_cfi *cfi, uintptr_t pc);

#endif
