/*
 * The store: where profiles are kept. A table of functions with several
 * implementations behind one conformance suite (tests/unit/test_store.c):
 * store_sqlite.c (default), store_memory.c (the oracle of tests), later
 * ClickHouse. Everything above this header sees only what is written here.
 *
 * Model. A tenant holds series; a series is a full label set, private labels
 * included (__profile_type__ and so on), and so has exactly one value type.
 * Every app (value of service_name) has a trie of frames, and a new one now
 * and then; a stack is a node of the trie, a profile is a list of (node,
 * value). Node 0 is the root, node 1 stands for stacks past the trie's limit,
 * and parent < child always.
 *
 * Threads: every function may be called from any thread at any time, except
 * close. Reads never wait for writes. Ranges are [t0, t1) in ms since 1970.
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include "common/err.h"
#include "common/labels.h"
#include "server/selector.h"

struct store_frame {
    struct fk_slice name, file;
    int64_t line;
};

/* A stack of one body: indices into store_batch.frames, root first. */
struct store_stack {
    const uint32_t *frames;
    uint32_t depth;
};

struct store_value {
    uint32_t stack; /* index into store_batch.stacks */
    int64_t value;  /* left out unless positive */
};

/* Part of a profile that belongs to a span of a trace; the values of the
 * profile hold it as well. */
struct store_span {
    uint64_t span; /* 0 = none */
    uint8_t trace[16];
    uint32_t stack; /* index into store_batch.stacks */
    int64_t value;  /* left out unless positive */
};

struct store_profile {
    struct fk_labels labels; /* service_name and __profile_type__ present */
    int64_t time_ms;
    int64_t duration_ns;
    const struct store_value *values;
    size_t num_values;
    const struct store_span *spans;
    size_t num_spans;
    uint64_t dedup; /* hash of the client's id of this body; 0 = none: the
                       same series, time and dedup twice is stored once */
    uint8_t id[16]; /* UUID made by the server */
};

/* What one request brought. All or nothing. */
struct store_batch {
    const struct store_frame *frames;
    size_t num_frames;
    const struct store_stack *stacks;
    size_t num_stacks;
    const struct store_profile *profiles;
    size_t num_profiles;
};

struct store;
struct store_tenant;

/* Called once, from any thread: FK_OK means durable. Must not block. */
typedef void (*store_done_fn)(void *arg, enum fk_err err, const char *why);

struct store_series {
    uint32_t id;  /* of this tenant */
    uint32_t app; /* a number of its service_name */
    const struct fk_labels *labels;
    int64_t first_ms, last_ms; /* times of the oldest and newest profile */
};
/* Visitors, here and below: return anything but FK_OK to stop; the call then
 * returns that. That of a merge may be called from other threads than the
 * caller's, but one at a time. Views are valid during the call only. From a
 * visitor, start no other merge, timeline or doc_list: each holds a connection.
 */
typedef enum fk_err (*store_series_fn)(
    void *arg, const struct store_series *series);

/* Part of a merge: values to be added to the nodes of one trie. A node may
 * come in several runs. */
#define STORE_SERIES_MANY UINT32_MAX /* a run of several series */

struct store_run {
    uint32_t trie;
    uint32_t series; /* or STORE_SERIES_MANY */
    const uint32_t *nodes;
    const int64_t *values;
    size_t n;
};
typedef enum fk_err (*store_run_fn)(void *arg, const struct store_run *run);

struct store_point {
    uint32_t app;
    uint32_t series; /* or STORE_SERIES_MANY: of the app's, all selected */
    int64_t time_ms; /* of the profile, or the start of a stored bucket */
    int64_t total;
    uint32_t profiles; /* how many were merged into it */
    uint32_t moments;  /* how many of one series, at most */
};
typedef enum fk_err (*store_point_fn)(
    void *arg, const struct store_point *point);

/* What one stack of one profile has of a span. Items of a profile come
 * together, those of one of its spans as well. */
struct store_span_item {
    uint32_t trie, series, node;
    int64_t time_ms, value;
    uint64_t span;
    const uint8_t *trace; /* 16 bytes */
};
typedef enum fk_err (*store_span_fn)(
    void *arg, const struct store_span_item *item);

/* A trie as it is now: append-only, so what is held stays valid and constant
 * until release. Held after a merge, it has every node of its runs. An app
 * has several over time. */
struct store_trie {
    uint32_t app; /* store_series.app */
    uint32_t count;
    const uint32_t *parent;
    const uint32_t *frame;
    void *hold;
};

/* What a query may cost. */
struct store_budget {
    int64_t deadline_mono_ns; /* 0 = none */
    uint64_t max_bytes;       /* decoded; 0 = none */
    /* Asked now and then; true = the client is gone. May be NULL. */
    bool (*cancelled)(void *arg);
    void *cancelled_arg;
};

/* Small documents beside the profiles: annotations, activity, load runs. */
struct store_doc {
    struct fk_slice kind;      /* [a-z]+, chosen by us, not by strangers */
    struct fk_slice id;        /* unique within the kind */
    int64_t from_ms, until_ms; /* until 0 = a point in time */
    struct fk_slice body;      /* JSON text */
};

#define STORE_DOC_OPEN INT64_MAX /* until_ms of what goes on */
typedef enum fk_err (*store_doc_fn)(void *arg, const struct store_doc *doc);

#define STORE_DOC_MAX_BYTES (64 * 1024)
#define STORE_DOC_MAX_ID    256   /* bytes, of a kind too */
#define STORE_DOC_MAX_COUNT 20000 /* a kind; the oldest go first */

struct store_stats {
    uint64_t profiles, samples, batches, commits, duplicates;
    uint64_t rejected_full, failed, corrupt;
    uint64_t queue_profiles, queue_bytes;
    uint64_t series, trie_nodes, disk_bytes;
    uint64_t other_stacks; /* kept as "other": too many different ones */
    uint64_t sealed;       /* profiles added up so far */
    uint64_t set_aside;    /* damaged rows and days, out of the way now */
    uint64_t seal_rounds;  /* how often there was nothing left to add up */
    uint64_t idle_tenants; /* where there was nothing, the last two times */
    int64_t oldest_ms, newest_ms; /* 0 = nothing ingested */
};

/* How long what is kept, by the age of the profiles: after that only coarser
 * sums are. 0 = for ever. */
struct store_keep {
    int64_t journal_ms; /* single profiles; 2 hours */
    int64_t minutes_ms; /* sums of a minute; 2 days */
    int64_t tens_ms;    /* of ten minutes; 14 days */
    int64_t hours_ms;   /* of an hour; 400 days */
    /* Sums of series, where there are some of all the series of their app
     * and type, and spans; 90 days. */
    int64_t series_ms;
};

struct store_options {
    const char *dir;    /* data directory; ignored by memory */
    uint32_t keep_days; /* of anything; 7; 0 = for ever */
    struct store_keep keep;
    size_t queue_max_profiles; /* 4,096 */
    size_t queue_max_bytes;    /* 64 MiB */
    uint32_t max_series;       /* with data, a tenant; 5,000 */
    int64_t commit_delay_ns;   /* gather up to this long; 50 ms */
    uint64_t min_free_bytes; /* of the disk; UINT64_MAX = 5 %, at most 1 GiB */
    uint64_t ballast_bytes;  /* to give away when it is full; 64 MiB */
    int64_t guard_every_ms;  /* look at the disk, drop a day; 10 s */
    int64_t seal_every_ms;   /* look for sums to make; 10 s */
    int query_threads;       /* for one merge, at most; 4 */
    int64_t (*now_ms)(void); /* the wall clock; tests bring their own */
};

/* Seconds since 1970 fit 32 bits: in 2106 the keys of the files end. */
#define STORE_MAX_TIME_MS ((int64_t)UINT32_MAX * 1000)

#define STORE_TENANT_MAX_BYTES 150
#define STORE_MAX_TENANTS      64

void store_options_init(struct store_options *o);

struct store_ops {
    const char *name;
    enum fk_err (*open)(const struct store_options *options, struct store **out,
        struct fk_diag *diag);
    /* Drains the queue, commits, closes. */
    void (*close)(struct store *store);
    /* The tenant of this name, made if new: 1 to STORE_TENANT_MAX_BYTES of
     * any bytes. FK_ERR_ARG, _LIMIT. Lives as long as the store. */
    enum fk_err (*tenant)(struct store *store, struct fk_slice name,
        struct store_tenant **out, struct fk_diag *diag);
    /* Was it ever made? */
    bool (*has_tenant)(struct store *store, struct fk_slice name);

    /* Copies what it needs before it returns. FK_OK: `done` will be, or
     * was, called: FK_OK for durable, FK_ERR_UNAVAILABLE (disk), FK_ERR_LIMIT
     * (over 128 profiles of one series in one second). FK_ERR_FULL (queue),
     * FK_ERR_LIMIT (series), FK_ERR_ARG (a bad index, a time before 1970):
     * it will not, and nothing was written. */
    enum fk_err (*append)(struct store_tenant *t,
        const struct store_batch *batch, store_done_fn done, void *arg,
        struct fk_diag *diag);

    /* Series that match and whose first to last profile touches the range;
     * t0 = t1 = 0: all that have a profile. */
    enum fk_err (*series)(struct store_tenant *t, const struct selector *s,
        int64_t t0, int64_t t1, store_series_fn fn, void *arg);
    /* Values of the matching series in the range. FK_ERR_LIMIT: the budget
     * is used up. FK_ERR_CANCELLED: cancelled. FK_ERR_CORRUPT: some stored
     * profiles failed their check, all others were visited. FK_ERR_PARTIAL:
     * some are kept in sums with what was not selected, all others were
     * visited. */
    enum fk_err (*merge)(struct store_tenant *t, const struct selector *s,
        int64_t t0, int64_t t1, const struct store_budget *budget,
        store_run_fn fn, void *arg, struct fk_diag *diag);
    enum fk_err (*timeline)(struct store_tenant *t, const struct selector *s,
        int64_t t0, int64_t t1, const struct store_budget *budget,
        store_point_fn fn, void *arg, struct fk_diag *diag);

    /* Spans of the matching series in the range, kept as long as their day.
     * Errors as above. */
    enum fk_err (*spans)(struct store_tenant *t, const struct selector *s,
        int64_t t0, int64_t t1, const struct store_budget *budget,
        store_span_fn fn, void *arg, struct fk_diag *diag);

    enum fk_err (*trie_hold)(
        struct store_tenant *t, uint32_t trie, struct store_trie *out);
    void (*trie_release)(struct store_tenant *t, struct store_trie *trie);
    /* Views live until the trie is released. */
    enum fk_err (*frame)(struct store_tenant *t, uint32_t trie, uint32_t frame,
        struct store_frame *out);

    enum fk_err (*doc_put)(struct store_tenant *t, const struct store_doc *doc,
        struct fk_diag *diag); /* upsert */
    enum fk_err (*doc_del)(
        struct store_tenant *t, struct fk_slice kind, struct fk_slice id);
    /* Docs of a kind that touch [t0, t1), by from_ms, then id; 0, 0 =
     * all. */
    enum fk_err (*doc_list)(struct store_tenant *t, struct fk_slice kind,
        int64_t t0, int64_t t1, store_doc_fn fn, void *arg);

    /* FK_OK: it can write now. */
    enum fk_err (*health)(struct store *store, struct fk_diag *diag);
    void (*stats)(struct store *store, struct store_stats *out);
};

/* Implementations begin with this. */
struct store {
    const struct store_ops *ops;
};

extern const struct store_ops store_sqlite_ops;
extern const struct store_ops store_memory_ops;

#endif
