/* What the store writes, holds and does not: bytes, not times. The numbers
 * are those of the pitfalls in docs/storage.md. */
#include "common/clock.h"
#include "server/db.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_FILE "t-anonymous/day-20231114.db"

enum { SERIES = 100, STACKS = 200, ROUNDS = 60 };

/* Everything that this process has given to write(). */
static int64_t written(void)
{
    char line[128];
    long long bytes = -1;
    FILE *io = fopen("/proc/self/io", "re");
    CHECK(io);
    while (fgets(line, sizeof line, io))
        if (sscanf(line, "wchar: %lld", &bytes) == 1)
            break;
    fclose(io);
    CHECK(bytes >= 0);
    return bytes;
}

/* A profile of every series in each of the rounds, a commit a round. */
static void put_rounds(struct fx *fx, int from, int until)
{
    static char folded[STACKS * 32], labels[64];
    size_t len = 0;
    for (int k = 0; k < STACKS; k++)
        len += (size_t)snprintf(folded + len, sizeof folded - len,
            "main;work_%d;step_%d %d\n", k % 40, k, k * 7 % 90 + 1);
    folded[len - 1] = '\0';
    for (int i = from; i < until; i++) {
        struct fx_batch b;
        const struct store_profile *first = NULL;
        fx_batch_init(&b);
        for (int s = 0; s < SERIES; s++) {
            snprintf(labels, sizeof labels, "service_name=a,pod=%d", s);
            struct store_profile *p =
                fx_batch_add(&b, labels, T0 + i * 10000, first ? "" : folded);
            first = first ? first : p;
            p->values = first->values;
            p->num_values = first->num_values;
        }
        CHECK_INT(fx_append(fx, &b), 0);
        fx_batch_fini(&b);
    }
}

static void open_new(struct fx *fx)
{
    fx_init(fx, &store_sqlite_ops);
    fx_open(fx);
}

static int64_t ask(struct fx *fx, const char *sql)
{
    struct db *db;
    struct db_stmt *s;
    bool row;
    CHECK_INT(db_open(fx_path(fx, DAY_FILE), NULL, DB_READ, &db, NULL), 0);
    CHECK_INT(db_prepare(db, sql, &s), 0);
    CHECK_INT(db_step(s, &row), 0);
    int64_t answer = db_int(s, 0);
    db_reset(s);
    db_close(db);
    return answer;
}

/* 1: with a row a series in each commit, all in one place, a byte of a
 * profile is written less than ten times, copies in the WAL and pages that
 * are written again included. */
TEST_TIMED(a_byte_is_not_written_over_and_over, 120)
{
    struct fx fx;
    open_new(&fx);
    put_rounds(&fx, 0, 2);
    int64_t before = written();
    put_rounds(&fx, 2, ROUNDS);
    fx_close(&fx); /* the WAL goes into the file */
    int64_t wrote = written() - before;
    int64_t payload = ask(&fx, "SELECT sum(length(data)) FROM journal") *
                      (ROUNDS - 2) / ROUNDS;
    tap_diag("%lld bytes for %lld", (long long)wrote, (long long)payload);
    CHECK(wrote < 10 * payload);
    fx_fini(&fx);
}

/* 32: names are stored once; later profiles of known stacks cost a few bytes
 * a sample, written twice (WAL and file) and with all that is beside them. */
TEST_TIMED(known_stacks_cost_no_text, 120)
{
    struct fx fx;
    open_new(&fx);
    put_rounds(&fx, 0, 2);
    struct store_stats first = fx_stats(&fx);
    int64_t before = written();
    put_rounds(&fx, 2, ROUNDS);
    fx_close(&fx);
    int64_t samples = (int64_t)SERIES * STACKS * (ROUNDS - 2);
    CHECK((written() - before) / samples < 30);
    fx_open(&fx);
    CHECK_INT(fx_stats(&fx).trie_nodes, first.trie_nodes);
    fx_fini(&fx);
}

/* ---- 4: a reader that does not come to an end ---- */

struct slow {
    struct fx *fx;
    enum fk_err err;
    _Atomic int visits;
    _Atomic bool over;
};

static enum fk_err dawdle(void *arg, const struct store_run *run)
{
    struct slow *slow = arg;
    (void)run;
    slow->visits++;
    usleep(2000);
    return FK_OK;
}

static void *read_slowly(void *arg)
{
    struct slow *slow = arg;
    struct selector all;
    struct store_budget budget = {
        .deadline_mono_ns = fk_mono_ns() + FK_NS_PER_S / 2};
    selector_init(&all);
    slow->err = slow->fx->ops->merge(slow->fx->tenant, &all, T0, T0 + FX_DAY_MS,
        &budget, dawdle, slow, NULL);
    slow->over = true;
    return NULL;
}

static int64_t wal_bytes(struct fx *fx)
{
    struct stat st;
    CHECK(!stat(fx_path(fx, DAY_FILE "-wal"), &st));
    return st.st_size;
}

/* 5,000 visits of 2 ms would hold its snapshot for 10 s: the deadline ends it,
 * and the WAL, which grew while it looked, is used from the beginning again. */
TEST_TIMED(a_slow_reader_cannot_let_the_wal_grow, 120)
{
    enum { LIMIT = 2000 * 8192 }; /* db.c: pages between checkpoints */

    struct fx fx;
    struct slow slow = {.fx = &fx};
    pthread_t thread;
    open_new(&fx);
    put_rounds(&fx, 0, 50);
    CHECK_INT(pthread_create(&thread, NULL, read_slowly, &slow), 0);
    while (!slow.visits && !slow.over) /* its time may be up before */
        usleep(1000);
    put_rounds(&fx, 50, 52);
    pthread_join(thread, NULL);
    CHECK_INT(slow.err, FK_ERR_LIMIT);
    CHECK(slow.visits < 50 * SERIES);
    for (int i = 52; i < 400; i += 50) {
        put_rounds(&fx, i, i + 50);
        CHECK(wal_bytes(&fx) < 2 * LIMIT);
    }
    CHECK(ask(&fx, "SELECT count(*) FROM journal") >= 400 * SERIES);
    CHECK(ask(&fx, "SELECT sum(length(data)) FROM journal") > 2 * LIMIT / 3);
    fx_fini(&fx);
}

/* A query that finds nothing in a long journal obeys its deadline as well. */
TEST_TIMED(looking_in_vain_ends_in_time, 120)
{
    struct fx fx;
    struct selector none;
    struct slow slow = {0};
    struct fk_diag diag = {""};
    struct store_budget budget = {.deadline_mono_ns = 1};
    open_new(&fx);
    CHECK_INT(fx_put(&fx, APP_B, T0 + 700000, "b 1"), 0);
    put_rounds(&fx, 0, 1);
    selector_init(&none);
    CHECK_INT(
        selector_add_eq(&none, FK_SLICE("service_name"), FK_SLICE("b")), 0);
    CHECK_INT(fx.ops->merge(fx.tenant, &none, T0, T0 + 600000, &budget, dawdle,
                  &slow, &diag),
        FK_ERR_LIMIT);
    selector_fini(&none);
    CHECK_INT(slow.visits, 0);
    fx_fini(&fx);
}

/* ---- what lies in the file ---- */

static void wait_sealed(struct fx *fx, uint64_t profiles)
{
    int64_t deadline = fk_mono_ns() + 60 * FK_NS_PER_S;
    while (fx_stats(fx).sealed < profiles) {
        CHECK(fk_mono_ns() < deadline);
        usleep(1000);
    }
}

/* 20: what a query reads thousands of is not packed, and neither is what it
 * reads most; sums of minutes are. The second byte of a blob has its flags. */
TEST_TIMED(only_sums_of_minutes_are_packed, 120)
{
    struct fx fx;
    fx_init(&fx, &store_sqlite_ops);
    fx.options.seal_every_ms = 1;
    fx.options.keep = (struct store_keep){0};
    fx_open(&fx);
    put_rounds(&fx, 0, 8);
    wait_sealed(&fx, 8 * SERIES);
    fx_close(&fx);
    CHECK_INT(ask(&fx, "SELECT count(*) FROM journal"), 8 * SERIES);
    CHECK_INT(ask(&fx, "SELECT count(*) FROM journal "
                       "WHERE hex(substr(data, 2, 1)) <> '00'"),
        0);
    CHECK_INT(ask(&fx, "SELECT count(*) FROM level WHERE key >= 2 << 58 AND "
                       "hex(substr(data, 2, 1)) <> '00'"),
        0);
    CHECK(ask(&fx, "SELECT count(*) FROM level WHERE key < 1 << 58 AND "
                   "hex(substr(data, 2, 1)) = '02'") > SERIES);
    fx_fini(&fx);
}

/* 21: rows of some hundred bytes lie in a table with a rowid, where pages are
 * full, and the file is little larger than what is in it. */
TEST_TIMED(rows_fill_their_pages, 120)
{
    struct fx fx;
    struct stat st;
    open_new(&fx);
    put_rounds(&fx, 0, ROUNDS);
    fx_close(&fx);
    CHECK_INT(ask(&fx, "SELECT count(*) FROM sqlite_schema "
                       "WHERE sql LIKE '%WITHOUT ROWID%'"),
        0);
    CHECK(!stat(fx_path(&fx, DAY_FILE), &st));
    CHECK(st.st_size < ask(&fx, "SELECT sum(length(data) + length(id) + 24) "
                                "FROM journal") *
                           5 / 4);
    fx_fini(&fx);
}

TAP_MAIN
