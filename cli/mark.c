/* `flamekit mark TEXT`: a note on the timeline, at the server's time. */
#include "cli/client.h"
#include "cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>

int verb_mark(struct kit *kit, int argc, char **argv)
{
    struct fk_diag diag = {""};
    if (argc != 1 || !*argv[0]) {
        fprintf(stderr, "usage: flamekit mark TEXT\n");
        return 2;
    }
    if (!*kit->server) {
        fk_diag_set(
            &diag, FK_ERR_UNAVAILABLE, "nothing is up; type `make up` first");
        return verb_fail(3, &diag);
    }
    json_t *note = json_pack(
        "{s:s, s:s, s:s}", "content", argv[0], "kind", "note", "run", kit->run);
    char *body = note ? json_dumps(note, 0) : NULL;
    json_t *answer = NULL;
    struct client_request post = {
        "POST", kit->server, "/api/annotations", body, 0};
    enum fk_err err =
        body ? client_json(&post, &answer, &diag)
             : fk_diag_set(&diag, FK_ERR_ARG, "the text is not UTF-8");
    if (!err)
        printf("marked    %s\n", argv[0]);
    json_decref(answer);
    json_decref(note);
    free(body);
    return err ? verb_fail(3, &diag) : 0;
}
