#include "agent/foreign.h"

#include <dlfcn.h>
#include <stddef.h>

/* Weak, so that a static program is linked without a loader. */
#pragma weak dlopen
#pragma weak dlsym

void *fk_foreign_open(const char *name, enum fk_foreign_how how)
{
    int flags = RTLD_LAZY | RTLD_LOCAL;
    if (how == FK_FOREIGN_IF_LOADED)
        flags |= RTLD_NOLOAD;
    return dlopen != NULL ? dlopen(name, flags) : NULL;
}

void *fk_foreign_symbol(void *library, const char *name)
{
    return dlsym != NULL ? dlsym(library, name) : NULL;
}
