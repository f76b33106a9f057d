#include "server/unpack.h"

#include "server/blob.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    MAX_HELPERS = 3,
    ALONE_ROWS = 128, /* before it is worth to start helpers */
    BATCH_ROWS = 64,
    BATCH_BYTES = 256 << 10,
    BATCHES = 8,
    MAX_ROW_BYTES = 64 << 20,
};

struct batch {
    struct batch *next;
    struct fk_buf bytes; /* of all rows */
    size_t num_rows;
    struct unpack_row rows[BATCH_ROWS];
    size_t end[BATCH_ROWS]; /* of each, in bytes */
};

struct helper {
    struct unpack *unpack;
    pthread_t thread;
    struct blob_codec *codec;
};

struct unpack {
    struct unpack_to to;
    struct blob_codec *own; /* the reader's */
    size_t alone;           /* rows that it did itself */
    int max_helpers, num_helpers;
    struct helper helper[MAX_HELPERS];
    struct batch batch[BATCHES];
    struct batch *filling;
    _Atomic int err; /* enum fk_err: the first; then rows are skipped */
    pthread_mutex_t visiting;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;  /* there is a batch, or the end */
    pthread_cond_t idle;  /* a batch is done */
    struct batch *ready, **last, *spare;
    int busy; /* batches that helpers are at */
    bool stopping;
};

/* ---- one row ---- */

static void do_row(struct unpack *u, struct blob_codec *codec,
    const struct unpack_row *row, struct fk_slice data)
{
    struct blob_pairs pairs;
    if (u->err)
        return;
    enum fk_err err = blob_read(codec, data, row->num_nodes, &pairs);
    const struct store_run run = {
        row->trie, row->series, pairs.nodes, pairs.values, pairs.n};
    pthread_mutex_lock(&u->visiting);
    if (err == FK_ERR_CORRUPT) {
        u->to.damaged(u->to.arg, &row->place);
        err = FK_OK;
    } else if (!err && !u->err) {
        err = u->to.visit(u->to.arg, &run);
    }
    if (err && !u->err)
        u->err = (int)err;
    pthread_mutex_unlock(&u->visiting);
}

/* ---- batches ---- */

static void do_batch(
    struct unpack *u, struct blob_codec *codec, struct batch *b)
{
    size_t at = 0;
    for (size_t i = 0; i < b->num_rows; i++) {
        do_row(u, codec, &b->rows[i],
            (struct fk_slice){b->bytes.ptr + at, b->end[i] - at});
        at = b->end[i];
    }
    b->num_rows = 0;
    fk_buf_reset(&b->bytes);
}

/* The next that is ready; with the lock held, as the two below. */
static struct batch *take(struct unpack *u)
{
    struct batch *b = u->ready;
    if (!b)
        return NULL;
    u->ready = b->next;
    if (!u->ready)
        u->last = &u->ready;
    return b;
}

static void give_back(struct unpack *u, struct batch *b)
{
    b->next = u->spare;
    u->spare = b;
    pthread_cond_signal(&u->idle);
}

/* Do one that is ready, as the reader; false: there is none. */
static bool help_out(struct unpack *u)
{
    struct batch *b = take(u);
    if (!b)
        return false;
    pthread_mutex_unlock(&u->lock);
    do_batch(u, u->own, b);
    pthread_mutex_lock(&u->lock);
    give_back(u, b);
    return true;
}

static void *help(void *arg)
{
    struct helper *h = arg;
    struct unpack *u = h->unpack;
    pthread_mutex_lock(&u->lock);
    while (!u->stopping) {
        struct batch *b = take(u);
        if (!b) {
            pthread_cond_wait(&u->wake, &u->lock);
            continue;
        }
        u->busy++;
        pthread_mutex_unlock(&u->lock);
        do_batch(u, h->codec, b);
        pthread_mutex_lock(&u->lock);
        u->busy--;
        give_back(u, b);
    }
    pthread_mutex_unlock(&u->lock);
    return NULL;
}

/* With fewer than wanted, or none, it goes on all the same. */
static void start_helpers(struct unpack *u)
{
    while (u->num_helpers < u->max_helpers) {
        struct helper *h = &u->helper[u->num_helpers];
        h->unpack = u;
        h->codec = blob_codec_new();
        if (!h->codec || pthread_create(&h->thread, NULL, help, h)) {
            blob_codec_free(h->codec);
            u->max_helpers = u->num_helpers;
            return;
        }
        pthread_setname_np(h->thread, "store-reader");
        u->num_helpers++;
    }
}

/* Hand over the batch at hand, and begin an empty one. */
static void hand_over(struct unpack *u)
{
    struct batch *b = u->filling;
    pthread_mutex_lock(&u->lock);
    if (b && b->num_rows) {
        b->next = NULL;
        *u->last = b;
        u->last = &b->next;
        u->filling = NULL;
        pthread_cond_signal(&u->wake);
    }
    while (!u->filling && !u->spare)
        if (!help_out(u))
            pthread_cond_wait(&u->idle, &u->lock);
    if (!u->filling) {
        u->filling = u->spare;
        u->spare = u->spare->next;
    }
    pthread_mutex_unlock(&u->lock);
}

/* ---- the reader ---- */

enum fk_err unpack_add(
    struct unpack *u, const struct unpack_row *row, struct fk_slice data)
{
    if (u->max_helpers && u->alone == ALONE_ROWS)
        start_helpers(u);
    if (u->alone < ALONE_ROWS || !u->max_helpers) {
        u->alone++;
        do_row(u, u->own, row, data);
        return (enum fk_err)u->err;
    }
    if (!u->filling || u->filling->num_rows == BATCH_ROWS ||
        u->filling->bytes.len + data.len > BATCH_BYTES)
        hand_over(u);
    struct batch *b = u->filling;
    fk_buf_add_slice(&b->bytes, data);
    if (b->bytes.err)
        return b->bytes.err;
    b->rows[b->num_rows] = *row;
    b->end[b->num_rows++] = b->bytes.len;
    return (enum fk_err)u->err;
}

enum fk_err unpack_drain(struct unpack *u)
{
    if (!u->num_helpers)
        return (enum fk_err)u->err;
    hand_over(u);
    pthread_mutex_lock(&u->lock);
    while (u->ready || u->busy)
        if (!help_out(u))
            pthread_cond_wait(&u->idle, &u->lock);
    pthread_mutex_unlock(&u->lock);
    return (enum fk_err)u->err;
}

struct unpack *unpack_new(const struct unpack_to *to, int threads)
{
    struct unpack *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    u->to = *to;
    for (int i = 1; i < threads && i < processors && i <= MAX_HELPERS; i++)
        u->max_helpers = i;
    u->last = &u->ready;
    pthread_mutex_init(&u->visiting, NULL);
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->wake, NULL);
    pthread_cond_init(&u->idle, NULL);
    for (int i = 0; i < BATCHES; i++) {
        fk_buf_init(&u->batch[i].bytes, MAX_ROW_BYTES);
        u->batch[i].next = u->spare;
        u->spare = &u->batch[i];
    }
    u->own = blob_codec_new();
    if (u->own)
        return u;
    unpack_free(u);
    return NULL;
}

void unpack_free(struct unpack *u)
{
    if (!u)
        return;
    pthread_mutex_lock(&u->lock);
    u->stopping = true;
    pthread_cond_broadcast(&u->wake);
    pthread_mutex_unlock(&u->lock);
    for (int i = 0; i < u->num_helpers; i++) {
        pthread_join(u->helper[i].thread, NULL);
        blob_codec_free(u->helper[i].codec);
    }
    for (int i = 0; i < BATCHES; i++)
        fk_buf_fini(&u->batch[i].bytes);
    blob_codec_free(u->own);
    pthread_cond_destroy(&u->idle);
    pthread_cond_destroy(&u->wake);
    pthread_mutex_destroy(&u->lock);
    pthread_mutex_destroy(&u->visiting);
    free(u);
}
