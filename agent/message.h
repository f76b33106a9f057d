/*
 * push.v1.PusherService/Push: the message that carries profiles. Encoded
 * once; a retry sends the same bytes, so the UUID of each profile tells the
 * server that it has seen it before. Agent thread only.
 */
#ifndef FK_AGENT_MESSAGE_H
#define FK_AGENT_MESSAGE_H

#include "agent/flamekit.h"
#include "agent/queue.h"
#include "common/buf.h"

#define FK_UUID_TEXT 37

struct fk_series {
    const char *name;      /* __name__, such as "process_cpu" */
    struct fk_slice pprof; /* not compressed */
};

/* Labels: __name__, service_name and the static tags, where a later tag of
 * the same key wins and none replaces the first two. Errors: out->err. */
void fk_message_add(struct fk_buf *out, const flamekit_config *config,
    const struct fk_series *series);

/* Compressed, as the queue takes it. False: no room or memory. */
bool fk_message_pack(
    const struct fk_buf *message, uint64_t weight, struct fk_payload *payload);

void fk_uuid_text(char text[FK_UUID_TEXT]); /* random, version 4 */

#endif
