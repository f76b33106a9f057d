/* A profile as a file of speedscope (speedscope.app). */
#ifndef CLI_SPEEDSCOPE_H
#define CLI_SPEEDSCOPE_H

#include "common/pprof.h"

/* One sample type, as a "sampled" profile. */
FK_MUST_USE enum fk_err speedscope_write(
    const struct fk_pprof *p, uint32_t type, struct fk_buf *out);

#endif
