/*
 * The UUID under which clients know a stored profile: its series and its
 * time, so that finding it needs no index and keeping it no byte. Version 8
 * (RFC 9562), with a check so that other UUIDs are not taken for one.
 */
#ifndef SERVER_PROFILE_ID_H
#define SERVER_PROFILE_ID_H

#include "common/err.h"
#include "common/slice.h"

#define PROFILE_ID_MAX_SERIES ((1u << 24) - 1)
#define PROFILE_ID_TEXT       37 /* with its NUL */

struct profile_id {
    uint32_t series;
    int64_t time_ms; /* 0 to 2^48 */
};

void profile_id_print(const struct profile_id *id, char text[PROFILE_ID_TEXT]);
/* FK_ERR_FORMAT: no UUID at all. FK_ERR_NOT_FOUND: one that is not ours. */
FK_MUST_USE enum fk_err profile_id_parse(
    struct fk_slice text, struct profile_id *out);

#endif
