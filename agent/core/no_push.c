/* In place of agent/push.c and common/gzip.c where there is no libcurl and no
 * zlib: profiles go to files, as they are. */
#include "agent/push.h"
#include "common/gzip.h"

struct fk_push *fk_push_new(const flamekit_config *config, struct fk_diag *diag)
{
    (void)config;
    fk_diag_set(diag, FK_ERR_UNAVAILABLE,
        "this agent was built without libcurl: set FLAMEKIT_OUTPUT and it "
        "writes a file");
    return NULL;
}

void fk_push_free(struct fk_push *push)
{
    (void)push;
}

void fk_push_begin(struct fk_push *push, const struct fk_push_body *body)
{
    (void)push;
    (void)body;
}

void fk_push_wait(struct fk_push *push, int wait_ms)
{
    (void)push;
    (void)wait_ms;
}

void fk_push_crank(struct fk_push *push, struct fk_push_result *result)
{
    (void)push;
    result->state = FK_PUSH_IDLE;
}

bool fk_push_busy(const struct fk_push *push)
{
    (void)push;
    return false;
}

void fk_push_cancel(struct fk_push *push)
{
    (void)push;
}

enum fk_err fk_gzip_write(struct fk_slice body, int level, struct fk_buf *out)
{
    (void)body;
    (void)level;
    (void)out;
    return FK_ERR_UNAVAILABLE;
}
