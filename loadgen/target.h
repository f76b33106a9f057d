/*
 * The service under load: is somebody there, at which address, and does it
 * belong to our run of the kit? Asked once, before anything is sent.
 */
#ifndef FK_LOADGEN_TARGET_H
#define FK_LOADGEN_TARGET_H

#include "common/err.h"

#include <stdint.h>

struct target {
    char base_url[512];
    char address[64];   /* numeric, that answered */
    int64_t resolve_ns; /* to find it */
    char service[128];  /* its name in profiles, or "" */
    char run[64];       /* its run id, or "" */
    char component[32]; /* "demoapp": it takes faults and flushes */
};

/* `kit_run` "" = any. FK_ERR_ARG: not a URL; FK_ERR_UNAVAILABLE: nobody
 * there; FK_ERR_EXISTS: it belongs to another run. */
FK_MUST_USE enum fk_err target_ask(const char *url, const char *kit_run,
    struct target *out, struct fk_diag *diag);

#endif
