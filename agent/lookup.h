/*
 * Publishing a snapshot: the one store that objects.c makes and handlers see.
 * The lookups themselves are declared where they belong, in objects.h and
 * cfi.h.
 */
#ifndef FK_AGENT_LOOKUP_H
#define FK_AGENT_LOOKUP_H

#include "agent/objects.h"

/* NULL: the empty one. */
void fk_objects_publish(const struct fk_objects *objects);

#endif
