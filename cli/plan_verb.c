/* `flamekit plan explain NAME`: what a load plan will do; the generator knows.
 */
#include "cli/process.h"
#include "cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int verb_plan(struct kit *kit, int argc, char **argv)
{
    char program[PATH_MAX];
    struct fk_diag diag = {""};
    if (argc != 2 || strcmp(argv[0], "explain") != 0) {
        fprintf(stderr, "usage: flamekit plan explain NAME|FILE\n");
        return 2;
    }
    const char *args[] = {program, "--explain", argv[1], NULL};
    if (!kit_path(program, kit->bin, "loadgen"))
        process_become(args);
    fk_diag_set(&diag, FK_ERR_IO, "cannot run %s: %s; try `make all`", program,
        strerror(errno));
    return verb_fail(3, &diag);
}
