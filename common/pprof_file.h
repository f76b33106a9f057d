/*
 * Profiles in files: the ending of the name says what is inside. .pb, .pprof
 * and .prof are pprof, with .gz behind it compressed; everything else is
 * folded text. Pure functions over bytes.
 */
#ifndef FK_COMMON_PPROF_FILE_H
#define FK_COMMON_PPROF_FILE_H

#include "common/pprof.h"

/* A plain pprof body in the form that the name asks for; folded text is that
 * of the profile's default sample type. */
FK_MUST_USE enum fk_err fk_pprof_convert(
    const char *path, struct fk_slice body, struct fk_buf *out);

/* The sample type that a profile wants to be shown by; the first one when it
 * does not say. */
uint32_t fk_pprof_default_type(const struct fk_pprof *profile);

#endif
