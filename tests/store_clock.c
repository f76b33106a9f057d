#include "tests/store_clock.h"

#include "common/clock.h"
#include "server/db.h"
#include "tests/tap.h"

#include <unistd.h>

_Atomic int64_t fx_clock_ms;

static int64_t clock_now(void)
{
    return fx_clock_ms;
}

void fx_init_clock(struct fx *fx, int64_t now_ms)
{
    fx_init(fx, &store_sqlite_ops);
    fx_clock_ms = now_ms;
    fx->options.now_ms = clock_now;
    fx->options.seal_every_ms = 1;
}

void fx_open_sealing(struct fx *fx, int64_t now_ms)
{
    fx_init_clock(fx, now_ms);
    fx->options.keep = (struct store_keep){0};
    fx_open(fx);
}

void fx_settle(struct fx *fx, int64_t now_ms)
{
    static int64_t later_ms;
    later_ms += 10;
    fx_clock_ms = now_ms + later_ms;
    int64_t deadline = fk_mono_ns() + 60 * FK_NS_PER_S;
    for (int pass = 0; pass < 2; pass++) {
        uint64_t rounds = fx_stats(fx).seal_rounds;
        while (fx_stats(fx).seal_rounds < rounds + 2) {
            CHECK(fk_mono_ns() < deadline);
            usleep(500);
        }
    }
}

static struct db_stmt *prepare(
    const struct fx *fx, const char *file, const char *sql, struct db **db)
{
    struct fk_diag diag = {""};
    struct db_stmt *s;
    if (db_open(fx_path(fx, file), NULL, DB_WRITE, db, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    CHECK_INT(db_prepare(*db, sql, &s), 0);
    return s;
}

void fx_sql(const struct fx *fx, const char *file, const char *sql)
{
    struct db *db;
    struct db_stmt *s = prepare(fx, file, sql, &db);
    CHECK_INT(db_run(s), 0);
    db_close(db);
}

int64_t fx_sql_int(const struct fx *fx, const char *file, const char *sql)
{
    struct db *db;
    struct db_stmt *s = prepare(fx, file, sql, &db);
    bool row;
    CHECK_INT(db_step(s, &row), 0);
    int64_t answer = db_int(s, 0);
    db_reset(s);
    db_close(db);
    return answer;
}
