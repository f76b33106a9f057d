/* `flamekit plan`: what a load plan will do and how two differ, which the
 * generator knows; and whether what it expects came true. */
#include "cli/expect.h"
#include "cli/process.h"
#include "cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int verb_plan(struct kit *kit, int argc, char **argv)
{
    char program[PATH_MAX];
    struct fk_diag diag = {""};
    const char *explain[] = {program, "--explain", NULL, NULL};
    const char *diff[] = {program, "--diff", NULL, "--plan", NULL, NULL};
    const char **args = NULL;
    if (argc == 2 && !strcmp(argv[0], "expect"))
        return plan_expect(kit, argv[1]);
    if (argc == 2 && !strcmp(argv[0], "explain"))
        args = explain;
    else if (argc == 3 && !strcmp(argv[0], "diff"))
        args = diff;
    if (!args) {
        fprintf(stderr, "usage: flamekit plan explain NAME|FILE\n"
                        "       flamekit plan expect NAME|FILE\n"
                        "       flamekit plan diff NAME|FILE NAME|FILE\n");
        return 2;
    }
    args[2] = argv[1];
    if (args == diff)
        diff[4] = argv[2];
    if (!kit_path(program, kit->bin, "loadgen"))
        process_become(args);
    fk_diag_set(&diag, FK_ERR_IO, "cannot run %s: %s; try `make all`", program,
        strerror(errno));
    return verb_fail(3, &diag);
}
