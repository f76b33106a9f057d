/* stack_remove: a file, or a folder with all in it. */
#include "cli/stack.h"

#include <ftw.h>
#include <stdio.h>

enum { MAX_OPEN_FOLDERS = 16 };

static int remove_one(
    const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

/* FTW_PHYS: a link is removed, never followed. */
bool stack_remove(const char *path)
{
    return nftw(path, remove_one, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0;
}
