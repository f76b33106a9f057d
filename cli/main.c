/* `flamekit VERB ...`: finds the verb, then the kit, and hands over. */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    struct fk_diag diag = {""};
    struct kit kit;
    if (!strcmp(name, "--help") || !strcmp(name, "help"))
        return verbs_help();
    if (!strcmp(name, "--version")) {
        printf("flamekit %s\n", FK_VERSION);
        return 0;
    }
    const struct verb *verb = verbs_find(name);
    if (!verb) {
        fprintf(stderr,
            "flamekit: there is no verb '%s'; see flamekit --help\n", name);
        return 2;
    }
    if (kit_open(&kit, &diag) && verbs_need_kit(verb))
        return verb_fail(2, &diag);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return verb->fn(&kit, argc - 2, argv + 2);
}
