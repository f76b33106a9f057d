/*
 * multipart/form-data (RFC 7578) bodies that are in memory as a whole.
 * Limits: 16 parts, 8 KiB of head a part, boundaries of 70 bytes.
 */
#ifndef SERVER_MULTIPART_H
#define SERVER_MULTIPART_H

#include "common/err.h"
#include "common/slice.h"

#define MULTIPART_MAX_PARTS    16
#define MULTIPART_MAX_HEAD     (8 * 1024)
#define MULTIPART_MAX_BOUNDARY 70

struct multipart_part {
    struct fk_slice name, filename, body; /* views into the request */
    bool is_file; /* it has a filename, even an empty one */
};

struct multipart {
    struct multipart_part part[MULTIPART_MAX_PARTS];
    size_t count;
};

bool multipart_is(struct fk_slice content_type);
FK_MUST_USE enum fk_err multipart_read(struct fk_slice content_type,
    struct fk_slice body, struct multipart *out, struct fk_diag *diag);
/* The first file of this name, or NULL. */
const struct multipart_part *multipart_file(
    const struct multipart *m, const char *name);

#endif
