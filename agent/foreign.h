/*
 * Libraries that help where they are installed, and that a host should not
 * get only because it is profiled. Agent thread only; statically linked
 * programs have no loader and get NULL.
 */
#ifndef FK_AGENT_FOREIGN_H
#define FK_AGENT_FOREIGN_H

#include <stdbool.h>

enum fk_foreign_how { FK_FOREIGN_IF_LOADED, FK_FOREIGN_LOAD };

/* By the name that the loader looks for; NULL: not there. */
void *fk_foreign_open(const char *name, enum fk_foreign_how how);
/* The address of one of its symbols, or of the libraries it needs. */
void *fk_foreign_symbol(void *library, const char *name);

#endif
