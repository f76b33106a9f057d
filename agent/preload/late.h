/*
 * libcurl and zlib for the preload library. A host should not get twenty
 * libraries it did not ask for, and a profile may go to a file: they live in
 * libflamekit_push.so, beside this library, and are loaded when needed.
 */
#ifndef FK_AGENT_PRELOAD_LATE_H
#define FK_AGENT_PRELOAD_LATE_H

#include "agent/push.h"
#include "common/gzip.h"

/* What libflamekit_push.so exports, as flamekit_late_calls. */
struct fk_late_calls {
    struct fk_push *(*open)(const flamekit_config *, struct fk_diag *);
    void (*free)(struct fk_push *);
    void (*begin)(struct fk_push *, const struct fk_push_body *);
    void (*wait)(struct fk_push *, int);
    void (*crank)(struct fk_push *, struct fk_push_result *);
    bool (*busy)(const struct fk_push *);
    void (*cancel)(struct fk_push *);
    enum fk_err (*gzip_write)(struct fk_slice, int, struct fk_buf *);
};

/* Before the agent starts, while the host has one thread: nobody waits for
 * the loader's lock then. Without the library nothing is uploaded, and the
 * log says so. */
void fk_late_load(const flamekit_config *config);

#endif
