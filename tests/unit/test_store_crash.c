/* The store on disk when things go wrong: killed, disk full, queue full. */
#include "common/clock.h"
#include "server/journal.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct db_schema any_schema = {(const char *const[]){NULL}};

static void open_new(struct fx *fx)
{
    fx_init(fx, &store_sqlite_ops);
    fx_open(fx);
}

/* ---- kill -9 ---- */

enum {
    CUTS = 50,
    MAX_PROFILES = 100000,
    MS_APART = 20 * 60000,
    IN_FLIGHT = 16
};

/* An acknowledgement is a number in a pipe, written by `done`. */
struct ack {
    int fd;
    uint32_t number;
    _Atomic bool *free;
};

static void send_ack(void *arg, enum fk_err err, const char *why)
{
    struct ack *a = arg;
    (void)why;
    if (err || write(a->fd, &a->number, sizeof a->number) != sizeof a->number)
        _exit(9);
    *a->free = true;
}

/* Appends for ever, several at a time, until it is killed. */
_Noreturn static void write_until_killed(struct fx *fx, int fd, uint32_t number)
{
    static struct ack acks[IN_FLIGHT];
    static _Atomic bool is_free[IN_FLIGHT];
    struct fx_batch b;
    char folded[64], labels[64];
    for (int i = 0; i < IN_FLIGHT; i++)
        is_free[i] = true;
    fx_open(fx);
    for (;; number++) {
        int slot = (int)(number % IN_FLIGHT);
        while (!is_free[slot])
            usleep(50);
        is_free[slot] = false;
        acks[slot] = (struct ack){fd, number, &is_free[slot]};
        snprintf(folded, sizeof folded, "main;f%u 1", number);
        snprintf(labels, sizeof labels, "service_name=a%u,n=%u", number % 3,
            number % 50);
        fx_batch_init(&b);
        fx_batch_add(&b, labels, T0 + (int64_t)number * MS_APART, folded);
        if (fx->ops->append(fx->tenant, &b.batch, send_ack, &acks[slot], NULL))
            _exit(8);
        fx_batch_fini(&b);
    }
}

static uint8_t acked[MAX_PROFILES], found[MAX_PROFILES];

/* Kill it after so many acknowledgements; how many numbers it used. */
static uint32_t cut(struct fx *fx, uint32_t first, uint32_t after)
{
    int fds[2], status;
    uint32_t number, last = first, count = 0;
    CHECK_INT(pipe(fds), 0);
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (!pid) {
        close(fds[0]);
        write_until_killed(fx, fds[1], first);
    }
    close(fds[1]);
    while (read(fds[0], &number, sizeof number) == sizeof number) {
        CHECK(number < MAX_PROFILES);
        acked[number] = 1;
        last = number > last ? number : last;
        if (++count == after)
            kill(pid, SIGKILL);
    }
    close(fds[0]);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return last + 2 * IN_FLIGHT;
}

static enum fk_err note_found(void *arg, const struct store_point *p)
{
    (void)arg;
    CHECK_INT(p->total, 1);
    found[(p->time_ms - T0) / MS_APART]++;
    return FK_OK;
}

static enum fk_err count_run(void *arg, const struct store_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        *(uint32_t *)arg += (uint32_t)run->values[i];
    return FK_OK;
}

static void check_recovered(struct fx *fx, uint32_t end)
{
    struct selector all;
    uint32_t points = 0, runs = 0;
    selector_init(&all);
    memset(found, 0, sizeof found);
    fx_open(fx);
    CHECK_INT(fx->ops->timeline(
                  fx->tenant, &all, 0, T0 * 2, NULL, note_found, NULL, NULL),
        0);
    CHECK_INT(fx->ops->merge(
                  fx->tenant, &all, 0, T0 * 2, NULL, count_run, &runs, NULL),
        0);
    for (uint32_t i = 0; i < end; i++) {
        if (acked[i] > found[i])
            tap_fail(__FILE__, __LINE__, "profile %u was acknowledged", i);
        CHECK(found[i] <= 1);
        points += found[i];
    }
    CHECK_INT(runs, points);
    fx_close(fx);
}

static void check_integrity(struct fx *fx, const char *file)
{
    struct db *db;
    struct db_stmt *s;
    bool row;
    CHECK_INT(db_open(fx_path(fx, file), &any_schema, DB_READ, &db, NULL), 0);
    CHECK_INT(db_prepare(db, "PRAGMA integrity_check", &s), 0);
    CHECK_INT(db_step(s, &row), 0);
    CHECK(row && fk_slice_eqz(db_bytes(s, 0), "ok"));
    db_close(db);
}

TEST_TIMED(what_was_acknowledged_survives_kill_9, 240)
{
    struct fx fx;
    uint32_t next = 0;
    fx_init(&fx, &store_sqlite_ops);
    fx.options.seal_every_ms = 1; /* so that it is cut while adding up, too */
    fx.options.keep.journal_ms = 0;
    for (uint32_t i = 0; i < CUTS; i++) {
        next = cut(&fx, next, 1 + i * 7 % 60);
        check_recovered(&fx, next);
    }
    check_integrity(&fx, "t-anonymous/meta.db");
    check_integrity(&fx, "t-anonymous/day-20231114.db");
    fx_fini(&fx);
}

/* ---- the disk is full ---- */

/* Files may not grow past this: what a full disk is to one process. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

TEST_TIMED(a_full_disk_is_said_and_got_over, 120)
{
    struct fx fx;
    struct fk_diag diag = {""};
    char folded[64], want[64];
    int stored = 0;
    enum fk_err err = FK_OK;
    signal(SIGXFSZ, SIG_IGN);
    open_new(&fx);
    limit_files(1 << 20);
    for (int i = 0; !err && i < 5000; i++) {
        snprintf(folded, sizeof folded, "main 1\nmain;f%d 1", i);
        err = fx_put(&fx, APP_A, T0 + i * 1000, folded);
        stored += !err;
    }
    CHECK_INT(err, FK_ERR_UNAVAILABLE);
    CHECK(stored > 0);
    CHECK_INT(fx.ops->health(fx.store, &diag), FK_ERR_UNAVAILABLE);
    CHECK(diag.text[0]);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), FK_ERR_UNAVAILABLE);
    snprintf(want, sizeof want, "main %d\n", stored);
    CHECK(!strncmp(fx_merge(&fx, ALL, 0, T0 * 2), want, strlen(want)));
    limit_files(RLIM_INFINITY);
    int64_t deadline = fk_mono_ns() + 30 * FK_NS_PER_S;
    while (fx.ops->health(fx.store, NULL) && fk_mono_ns() < deadline)
        usleep(10000);
    CHECK_INT(fx.ops->health(fx.store, NULL), FK_OK);
    CHECK_INT(fx_put(&fx, APP_A, T0, "main 1"), 0);
    fx_close(&fx);
    fx_open(&fx);
    snprintf(want, sizeof want, "main %d\n", stored + 1);
    CHECK(!strncmp(fx_merge(&fx, ALL, 0, T0 * 2), want, strlen(want)));
    fx_fini(&fx);
}

/* A small file system over the folder, gone with this process. */
static void mount_small(const char *dir, const char *size)
{
    if (unshare(CLONE_NEWNS) ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", dir, "tmpfs", 0, size))
        tap_skip("mounting needs more rights: %s", strerror(errno));
}

static void make_filler(const char *path)
{
    static char bytes[2 << 20];
    FILE *f = fopen(path, "w");
    CHECK(f);
    CHECK_INT(fwrite(bytes, 1, sizeof bytes, f), sizeof bytes);
    CHECK_INT(fclose(f), 0);
}

TEST_TIMED(a_full_file_system_loses_nothing_that_was_acknowledged, 120)
{
    struct fx fx;
    struct fx_batch b;
    char folded[64], want[64];
    int stored = 0;
    fx_init(&fx, &store_sqlite_ops);
    mount_small(fx.dir, "size=6m");
    make_filler(fx_path(&fx, "filler"));
    fx_open(&fx);
    struct fx_done done = {0};
    while (!done.err && stored < 20000) {
        snprintf(folded, sizeof folded, "main 1\nmain;f%d 1", stored);
        fx_batch_init(&b);
        for (int i = 0; i < 50; i++)
            fx_batch_add(&b, APP_A, T0 + stored++ * 1000, folded);
        done = (struct fx_done){0};
        CHECK_INT(fx.ops->append(fx.tenant, &b.batch, fx_done, &done, NULL), 0);
        fx_wait(&done);
        fx_batch_fini(&b);
    }
    stored -= 50;
    CHECK_INT(done.err, FK_ERR_UNAVAILABLE);
    CHECK(strstr(done.why, "disk is full"));
    snprintf(want, sizeof want, "main %d\n", stored);
    CHECK(!strncmp(fx_merge(&fx, ALL, 0, T0 * 2), want, strlen(want)));
    CHECK_INT(unlink(fx_path(&fx, "filler")), 0);
    int64_t deadline = fk_mono_ns() + 30 * FK_NS_PER_S;
    while (fx.ops->health(fx.store, NULL) && fk_mono_ns() < deadline)
        usleep(10000);
    CHECK_INT(fx_put(&fx, APP_A, T0, "main 1\nmain;last 1"), 0);
    fx_close(&fx);
    fx_open(&fx);
    snprintf(want, sizeof want, "main %d\n", stored + 1);
    CHECK(!strncmp(fx_merge(&fx, ALL, 0, T0 * 2), want, strlen(want)));
    fx_close(&fx);
    umount(fx.dir);
    fx_fini(&fx);
}

static bool has_file(const struct fx *fx, const char *name)
{
    return !access(fx_path(fx, name), F_OK);
}

/* 5: with little room left it stops, gives its ballast away and drops the
 * oldest days, but never the last one; with room again it goes on. */
TEST_TIMED(too_little_room_drops_the_oldest_days, 120)
{
    struct fx fx;
    struct fk_diag diag = {""};
    int64_t deadline = fk_mono_ns() + 60 * FK_NS_PER_S;
    fx_init(&fx, &store_sqlite_ops);
    mount_small(fx.dir, "size=24m");
    fx.options.min_free_bytes = 8 << 20;
    fx.options.ballast_bytes = 1 << 20;
    fx.options.guard_every_ms = 20;
    fx.options.seal_every_ms = 20;
    fx_open(&fx);
    for (int day = 0; day < 3; day++)
        CHECK_INT(fx_put(&fx, APP_A, T0 - day * FX_DAY_MS, "a 1"), 0);
    while (!has_file(&fx, "ballast") && fk_mono_ns() < deadline)
        usleep(1000);
    CHECK(has_file(&fx, "ballast"));
    for (int i = 0; i < 7; i++) {
        char name[24];
        snprintf(name, sizeof name, "filler%d", i);
        make_filler(fx_path(&fx, name));
    }
    while ((has_file(&fx, "t-anonymous/day-20231113.db") ||
               !fx.ops->health(fx.store, &diag)) &&
           fk_mono_ns() < deadline)
        usleep(1000);
    CHECK(!has_file(&fx, "ballast"));
    CHECK(strstr(diag.text, "oldest days are dropped"));
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 1"), FK_ERR_UNAVAILABLE);
    while (!strcmp(fx_merge(&fx, ALL, 0, T0 * 2), "a 2"))
        usleep(1000);
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "a 1");
    CHECK(has_file(&fx, "t-anonymous/day-20231114.db"));
    for (int i = 0; i < 7; i++) {
        char name[24];
        snprintf(name, sizeof name, "filler%d", i);
        CHECK_INT(unlink(fx_path(&fx, name)), 0);
    }
    while (fx.ops->health(fx.store, NULL) && fk_mono_ns() < deadline)
        usleep(1000);
    CHECK_INT(fx_put(&fx, APP_A, T0, "a 8"), 0);
    CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), "a 9");
    fx_close(&fx);
    umount(fx.dir);
    fx_fini(&fx);
}

/* ---- the queue ---- */

struct gate {
    pthread_mutex_t lock; /* held by the test while the writer must wait */
    _Atomic int called;
};

static void pass_gate(void *arg, enum fk_err err, const char *why)
{
    struct gate *g = arg;
    (void)why;
    pthread_mutex_lock(&g->lock);
    g->called += !err;
    pthread_mutex_unlock(&g->lock);
}

TEST(a_full_queue_refuses_and_closing_drains_it)
{
    struct fx fx;
    struct fx_batch b;
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, 0};
    enum fk_err err;
    int queued = 0;
    fx_init(&fx, &store_sqlite_ops);
    fx.options.queue_max_profiles = 10;
    fx_open(&fx);
    fx_batch_init(&b);
    fx_batch_add(&b, APP_A, T0, "a 1");
    pthread_mutex_lock(&gate.lock);
    while (
        !(err = fx.ops->append(fx.tenant, &b.batch, pass_gate, &gate, NULL)) &&
        queued < 1000)
        queued++;
    CHECK_INT(err, FK_ERR_FULL);
    /* One may be counted as written while its callback waits. */
    CHECK(queued >= 10 && queued <= 10 + 10);
    CHECK(fx_stats(&fx).rejected_full >= 1);
    pthread_mutex_unlock(&gate.lock);
    fx_close(&fx);
    CHECK_INT(gate.called, queued);
    fx_open(&fx);
    char want[32];
    snprintf(want, sizeof want, "a %d", queued);
    CHECK_STR(fx_merge(&fx, ALL, T0, T0 + 1), want);
    fx_batch_fini(&b);
    fx_fini(&fx);
}

TEST(a_batch_that_breaks_a_limit_stands_alone)
{
    struct fx fx;
    struct fx_batch many, one;
    struct fx_done done[8] = {0};
    fx_init(&fx, &store_sqlite_ops);
    fx.options.commit_delay_ns = 2 * FK_NS_PER_S; /* one group, surely */
    fx_open(&fx);
    fx_batch_init(&many);
    fx_batch_init(&one);
    for (int i = 0; i < JOURNAL_MAX_SAME + 1; i++)
        fx_batch_add(&many, APP_A, T0, "a 1");
    fx_batch_add(&one, APP_B, T0, "b 1");
    for (int i = 0; i < 8; i++)
        CHECK_INT(fx.ops->append(fx.tenant, i == 3 ? &many.batch : &one.batch,
                      fx_done, &done[i], NULL),
            0);
    for (int i = 0; i < 8; i++)
        CHECK_INT(fx_wait(&done[i]), i == 3 ? FK_ERR_LIMIT : FK_OK);
    CHECK(strstr(done[3].why, "in one second"));
    CHECK_STR(fx_merge(&fx, ALL, T0, T0 + 1), "b 7");
    CHECK_INT(fx.ops->health(fx.store, NULL), FK_OK);
    many.batch.num_profiles--;
    CHECK_INT(fx_append(&fx, &many), 0);
    CHECK_STR(fx_merge(&fx, ALL, T0, T0 + 1), "a 128\nb 7");
    fx_batch_fini(&many);
    fx_batch_fini(&one);
    fx_fini(&fx);
}

TEST(batches_that_wait_share_commits)
{
    struct fx fx;
    struct fx_batch b;
    struct fx_done done[100] = {0};
    open_new(&fx);
    fx_batch_init(&b);
    fx_batch_add(&b, APP_A, T0, "a 1");
    for (int i = 0; i < 100; i++)
        CHECK_INT(
            fx.ops->append(fx.tenant, &b.batch, fx_done, &done[i], NULL), 0);
    for (int i = 0; i < 100; i++)
        CHECK_INT(fx_wait(&done[i]), FK_OK);
    CHECK(fx_stats(&fx).commits <= 50);
    CHECK_STR(fx_merge(&fx, ALL, T0, T0 + 1), "a 100");
    fx_batch_fini(&b);
    fx_fini(&fx);
}

TAP_MAIN
