/*
 * .eh_frame: one description per function (FDE), with what many have in common
 * kept apart (CIE).
 *
 * The bytes are not trusted: reads stay inside the image. Agent thread only;
 * allocates nothing.
 */
#ifndef FK_AGENT_EH_FRAME_H
#define FK_AGENT_EH_FRAME_H

#include "agent/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last one read is kept by the caller, because neighbours share it. Start
 * with zeros. */
struct fk_cie {
    size_t offset; /* in the image */
    uint64_t code_align;
    int64_t data_align;
    uint8_t pointers; /* encoding */
    bool signal, augmented;
    size_t program, program_end; /* end 0: none read yet */
};

struct fk_fde {
    uintptr_t lo, hi; /* addresses it describes */
    size_t bytes;     /* what running it costs */
    size_t program, program_end;
};

/* Reads the description at `address`; false when it makes no sense. */
bool fk_fde_read(const struct fk_image *image, uintptr_t address,
    struct fk_cie *cie, struct fk_fde *fde);

#endif
