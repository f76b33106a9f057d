/*
 * A store in a temporary folder, and profiles and answers as folded text:
 * one line a stack, "main;work 5". For the tests of every store. Not
 * thread-safe; a failure ends the test.
 */
#ifndef FK_TESTS_STORE_FIXTURE_H
#define FK_TESTS_STORE_FIXTURE_H

#include "common/arena.h"
#include "server/store.h"

#define ALL       "{}"
#define APP_A     "service_name=a,__profile_type__=cpu"
#define APP_B     "service_name=b,__profile_type__=cpu"
#define T0        1700000000000ll /* 2023-11-14 22:13:20 UTC */
#define FX_DAY_MS 86400000ll

struct fx {
    const struct store_ops *ops;
    struct store_options options; /* change before fx_open */
    struct store *store;
    struct store_tenant *tenant; /* "anonymous"; all below is about it */
    char dir[64];
};

/* A new folder under build/; fx_open may follow fx_close on the same one. */
void fx_init(struct fx *fx, const struct store_ops *ops);
void fx_open(struct fx *fx);
void fx_close(struct fx *fx);
void fx_fini(struct fx *fx); /* closes, removes the folder */
struct store_tenant *fx_tenant(struct fx *fx, const char *name);
/* path inside the folder -> NUL-terminated; the latest four stay valid */
const char *fx_path(const struct fx *fx, const char *file);

#define FX_MAX 256

struct fx_batch {
    struct fk_arena arena;
    struct store_frame *frames;
    struct store_stack *stacks;
    struct store_profile *profiles;
    struct store_batch batch;
};

void fx_batch_init(struct fx_batch *b);
void fx_batch_fini(struct fx_batch *b);
/* Labels as name=value with ',' between; the profile can be changed. */
struct store_profile *fx_batch_add(struct fx_batch *b, const char *labels,
    int64_t time_ms, const char *folded);

/* What `done` brought, and waiting for it. */
struct fx_done {
    _Atomic int called;
    enum fk_err err;
    char why[256];
};

void fx_done(void *arg, enum fk_err err, const char *why);
enum fk_err fx_wait(struct fx_done *d);
/* Append and wait. The result of append, else that of done. */
enum fk_err fx_append(struct fx *fx, const struct fx_batch *b);
enum fk_err fx_put(
    struct fx *fx, const char *labels, int64_t time_ms, const char *folded);

/* Lines sorted, equal stacks added, static memory. "" = nothing. A failed
 * call gives "error: NAME". */
const char *fx_merge(
    struct fx *fx, const char *selector, int64_t t0, int64_t t1);
/* "TIME=TOTAL TIME=TOTAL", by time. */
const char *fx_timeline(
    struct fx *fx, const char *selector, int64_t t0, int64_t t1);
/* One line a series, {a="b"} FIRST-LAST, in the order of the store. */
const char *fx_series(
    struct fx *fx, const char *selector, int64_t t0, int64_t t1);
/* "id@from-until:body id@..." */
const char *fx_docs(struct fx *fx, const char *kind, int64_t t0, int64_t t1);
enum fk_err fx_doc(struct fx *fx, const char *id, int64_t from, int64_t until,
    const char *body); /* kind "note" */
struct store_stats fx_stats(struct fx *fx);

/* A test that runs once for every store, opened with the usual options. */
extern const struct store_ops *const fx_stores[];
#define EVERY_STORE(id)                                                        \
    static void each_##id(struct fx *fx);                                      \
    TEST(id)                                                                   \
    {                                                                          \
        for (size_t i = 0; fx_stores[i]; i++) {                                \
            struct fx fx;                                                      \
            tap_diag("%s", fx_stores[i]->name);                                \
            fx_init(&fx, fx_stores[i]);                                        \
            fx_open(&fx);                                                      \
            each_##id(&fx);                                                    \
            fx_fini(&fx);                                                      \
        }                                                                      \
    }                                                                          \
    static void each_##id(struct fx *fx)

#endif
