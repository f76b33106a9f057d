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

#include "agent/rule.h"
#if defined(__x86_64__)
#include "agent/unwind_x86_64.h"
#elif defined(__aarch64__)
#include "agent/unwind_aarch64.h"
#endif

#include <stddef.h>
#include <stdint.h>

enum {
    FK_CFI_BYTES_MAX = 64 << 20, /* rows of all objects together */
    FK_CFI_BUCKET_BITS = 8,
};

/* A copy of the part of a loaded object that holds .eh_frame_hdr and
 * .eh_frame. */
struct fk_cfi_image {
    const uint8_t *bytes;
    size_t size;
    uintptr_t address; /* where bytes[0] is loaded */
    uintptr_t hdr;     /* where .eh_frame_hdr is loaded */
    uintptr_t lo, hi;  /* where code is loaded */
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

#endif
