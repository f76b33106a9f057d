/* The one object of libflamekit_push.so that others see. */
#include "agent/preload/late.h"

extern FLAMEKIT_API const struct fk_late_calls flamekit_late_calls;

const struct fk_late_calls flamekit_late_calls = {
    .open = fk_push_new,
    .free = fk_push_free,
    .begin = fk_push_begin,
    .wait = fk_push_wait,
    .crank = fk_push_crank,
    .busy = fk_push_busy,
    .cancel = fk_push_cancel,
    .gzip_write = fk_gzip_write,
};
