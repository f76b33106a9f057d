/*
 * Names of Java frames. The virtual machine numbers the classes and libraries
 * that it generates, so that one function would have a name in every process;
 * those numbers are replaced by "_" (spec/pyroscope-api 16.2).
 */
#ifndef SERVER_JFR_NAMES_H
#define SERVER_JFR_NAMES_H

#include "common/arena.h"

/* The symbol itself, or its general form in the arena. */
struct fk_slice jfr_name_merge(struct fk_slice symbol, struct fk_arena *arena);
/* "class.method", ".method" of what is in no class. */
struct fk_slice jfr_name_join(
    struct fk_slice class, struct fk_slice method, struct fk_arena *arena);

#endif
