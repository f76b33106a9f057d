#include "agent/uploader.h"

#include <errno.h>
#include <pthread.h>

#include "agent/counters.h"
#include "agent/hostlog.h"
#include "agent/own.h"
#include "agent/status.h"
#include "common/clock.h"

#define KEEP_INTERVALS 10 /* older profiles are dropped */
/* A library starts in milliseconds; a host that forks where the library cannot
 * go on, such as inside the loader, is not to wait for ever. */
#define FORK_WAIT_NS (10 * FK_NS_PER_S)

/* Held inside of libcurl and whatever it calls, but not while it waits: their
 * own locks are free when this one is. */
static struct {
    pthread_mutex_t lock;
    bool caught; /* by the forking thread */
} library = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t interval_ns(const struct fk_uploader *u)
{
    return u->config->upload_interval_ms * FK_NS_PER_MS;
}

/* ---- life --------------------------------------------------------------- */

void fk_uploader_init(struct fk_uploader *u, const flamekit_config *config)
{
    *u = (struct fk_uploader){.config = config};
    fk_queue_init(&u->queue, config->push_queue_capacity);
    fk_status_begin();
}

void fk_uploader_open(struct fk_uploader *u, uint64_t seed)
{
    struct fk_diag diag = {""};
    pthread_mutex_lock(&library.lock);
    u->push = fk_push_new(u->config, &diag);
    pthread_mutex_unlock(&library.lock);
    if (u->push == NULL)
        fk_hostlog(FLAMEKIT_LOG_ERROR, "nothing will be uploaded: %s",
            diag.text[0] ? diag.text : "out of memory");
    fk_backoff_init(&u->backoff, interval_ns(u), seed);
}

void fk_uploader_fini(struct fk_uploader *u)
{
    pthread_mutex_lock(&library.lock);
    fk_push_free(u->push);
    pthread_mutex_unlock(&library.lock);
    u->push = NULL;
    fk_queue_fini(&u->queue);
    fk_uploader_count(u);
}

void fk_uploader_fork_prepare(void)
{
    library.caught = fk_own_lock_within(&library.lock, FORK_WAIT_NS);
}

void fk_uploader_fork_parent(void)
{
    if (library.caught)
        pthread_mutex_unlock(&library.lock);
}

void fk_uploader_fork_child(struct fk_uploader *u)
{
    u->push = NULL;
    pthread_mutex_init(&library.lock, NULL);
}

/* ---- outcomes ----------------------------------------------------------- */

static void tell(struct fk_uploader *u, const struct fk_push_result *result)
{
    /* The first failure in a row is news, the others are not. */
    fk_hostlog(u->told_failure ? FLAMEKIT_LOG_DEBUG : FLAMEKIT_LOG_WARN,
        "upload to %s %s: %s", u->config->server_address,
        result->state == FK_PUSH_RETRY ? "failed, will be tried again"
                                       : "was refused and is dropped",
        result->reason);
    u->told_failure = true;
}

static void on_failed(
    struct fk_uploader *u, const struct fk_push_result *result)
{
    struct fk_payload *head = fk_queue_head(&u->queue);
    fk_queue_release(&u->queue);
    fk_count(&fk_counters.uploads_failed, 1);
    tell(u, result);
    bool give_up = result->state == FK_PUSH_REFUSED ||
                   ++head->tries >= u->config->ingest_max_tries;
    u->failed = give_up ? -EIO : -EAGAIN;
    if (give_up)
        fk_queue_drop(&u->queue);
    if (result->state == FK_PUSH_RETRY)
        fk_backoff_failed(&u->backoff, fk_mono_ns(), result->retry_after_ns);
}

static void on_taken(struct fk_uploader *u)
{
    const struct fk_payload *head = fk_queue_head(&u->queue);
    fk_count(&fk_counters.uploads_ok, 1);
    fk_count(&fk_counters.bytes_sent, head->len);
    fk_count(&fk_counters.weight_uploaded, head->weight);
    fk_count(&fk_counters.wall_uploaded_ns, head->wall_ns);
    fk_queue_done(&u->queue);
    fk_backoff_succeeded(&u->backoff);
    if (u->told_failure)
        fk_hostlog(FLAMEKIT_LOG_WARN, "uploads to %s work again",
            u->config->server_address);
    u->told_failure = false;
}

void fk_uploader_settle(
    struct fk_uploader *u, const struct fk_push_result *result)
{
    switch (result->state) {
    case FK_PUSH_IDLE:
    case FK_PUSH_BUSY:
        return;
    case FK_PUSH_TAKEN:
        on_taken(u);
        return;
    case FK_PUSH_RETRY:
    case FK_PUSH_REFUSED:
        on_failed(u, result);
        return;
    }
}

/* ---- sending ------------------------------------------------------------ */

void fk_uploader_put(struct fk_uploader *u, const struct fk_payload *payload)
{
    fk_queue_put(&u->queue, payload);
}

void fk_uploader_hurry(struct fk_uploader *u)
{
    u->failed = 0;
    u->backoff.not_before_ns = 0;
}

bool fk_uploader_busy(const struct fk_uploader *u)
{
    return u->push != NULL && fk_push_busy(u->push);
}

int64_t fk_uploader_due_ns(const struct fk_uploader *u)
{
    return u->push != NULL && u->queue.count > 0 ? u->backoff.not_before_ns
                                                 : INT64_MAX;
}

void fk_uploader_begin(struct fk_uploader *u, int64_t now_ns)
{
    if (fk_uploader_busy(u))
        return;
    fk_queue_expire(&u->queue, now_ns - KEEP_INTERVALS * interval_ns(u));
    if (now_ns < fk_uploader_due_ns(u))
        return;
    const struct fk_payload *head = fk_queue_head(&u->queue);
    char status[FK_STATUS_BYTES];
    fk_queue_hold(&u->queue);
    fk_uploader_count(u);
    fk_status_write(status, sizeof(status), u->config->application_name, head);
    pthread_mutex_lock(&library.lock);
    fk_push_begin(
        u->push, &(struct fk_push_body){head->bytes, head->len, status});
    pthread_mutex_unlock(&library.lock);
    if (!fk_push_busy(u->push))
        on_failed(u, &(struct fk_push_result){.state = FK_PUSH_RETRY,
                         .reason = "libcurl is out of memory"});
}

void fk_uploader_crank(
    struct fk_uploader *u, int wait_ms, struct fk_push_result *result)
{
    fk_push_wait(u->push, wait_ms);
    pthread_mutex_lock(&library.lock);
    fk_push_crank(u->push, result);
    pthread_mutex_unlock(&library.lock);
}

bool fk_uploader_idle(const struct fk_uploader *u)
{
    bool nothing = u->queue.count == 0 || u->push == NULL;
    return (nothing || u->failed != 0) && !fk_uploader_busy(u);
}

void fk_uploader_count(const struct fk_uploader *u)
{
    fk_count_set(&fk_counters.queued, u->queue.count);
    fk_count_set(&fk_counters.queued_bytes, u->queue.bytes);
    fk_count_set(&fk_counters.uploads_dropped, u->queue.dropped);
    fk_count_set(&fk_counters.weight_unsent, u->queue.dropped_weight);
    fk_count_set(&fk_counters.wall_unsent_ns, u->queue.dropped_wall_ns);
}
