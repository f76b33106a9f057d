/*
 * The search table that some linkers leave out: static programs have .eh_frame
 * but no .eh_frame_hdr, and only the file's section headers know where it is.
 *
 * Agent thread only. The bytes come from memory and are not trusted; at most
 * FK_FRAMES_BYTES_MAX of them are read.
 */
#ifndef FK_AGENT_FRAMES_H
#define FK_AGENT_FRAMES_H

#include "agent/cursor.h"
#include "agent/objects.h"

enum { FK_FRAMES_BYTES_MAX = 64 << 20 };

/* An image of .eh_frame behind a .eh_frame_hdr of our own, which starts it.
 * NULL when the object's file does not tell or memory ran out; the caller
 * frees. */
uint8_t *fk_frames_image(
    const struct fk_object *object, struct fk_image *image);

/* The same for a copy of .eh_frame that the caller has. */
uint8_t *fk_frames_index(const struct fk_image *frames, struct fk_image *image);

#endif
