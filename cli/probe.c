/* `flamekit probe URL`: does it answer 200? For health checks of images that
 * have no shell and no curl. */
#include "cli/client.h"
#include "cli/verbs.h"

#include <stdio.h>

enum { PROBE_TIMEOUT_S = 2 };

int verb_probe(struct kit *kit, int argc, char **argv)
{
    struct fk_diag diag = {""};
    struct fk_buf answer;
    int status = 0;
    (void)kit;
    if (argc != 1) {
        fprintf(stderr, "usage: flamekit probe URL\n");
        return 2;
    }
    struct client_request ask = {"GET", argv[0], "", NULL, PROBE_TIMEOUT_S};
    enum fk_err err = client_send(&ask, &status, &answer, &diag);
    fk_buf_fini(&answer);
    if (err)
        return verb_fail(1, &diag);
    return status == 200 ? 0 : 1;
}
