/*
 * What ingest costs, beside the schema that comes to mind first: a row a
 * sample, (series, time, stack) -> value, in the same SQLite with the same
 * durability, group size and profiles. That side is given its stack ids for
 * nothing. Profiles look like a busy service's: 2,000 stacks 23 deep, drawn
 * by Zipf's law, some 390 different ones in each.
 */
#include "common/arena.h"
#include "common/clock.h"
#include "common/rng.h"
#include "server/datadir.h"
#include "server/db.h"
#include "server/store.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STACKS = 2000,
    FUNCTIONS = 3000,
    DEPTH = 23,
    NEW_FRAMES = 4,  /* of a stack; it shares the others */
    DRAWS = 1000,    /* samples of a profile */
    PATTERNS = 200,  /* different profiles, used again and again */
    INSTANCES = 100, /* series */
    GROUP = 100,     /* profiles a commit */
    STEP_MS = 10000,
    ROW_PROFILES = 5000,
    STORE_PROFILES = 20000,
};

#define T0 1700000000000ll

struct pattern {
    struct store_value *values;
    size_t n;
};

struct world {
    struct fk_arena arena;
    struct store_frame frames[FUNCTIONS];
    struct store_stack stacks[STACKS];
    struct pattern patterns[PATTERNS];
    struct fk_slice pods[INSTANCES];
    double zipf[STACKS]; /* cumulated, ends at 1 */
    size_t values;       /* of all patterns */
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "ingest_store: %s: %s\n", what, why);
    exit(1);
}

/* What one profile costs. CPU time repeats on a busy machine, wall time does
 * not. */
struct cost {
    double cpu_us, wall_us;
};

static struct cost cost_now(void)
{
    return (struct cost){
        (double)fk_cpu_ns() / 1000, (double)fk_mono_ns() / 1000};
}

static struct cost cost_since(const struct cost *began, size_t profiles)
{
    struct cost now = cost_now();
    return (struct cost){(now.cpu_us - began->cpu_us) / (double)profiles,
        (now.wall_us - began->wall_us) / (double)profiles};
}

/* ---- the profiles ---- */

static void make_frames(struct world *w)
{
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        char name[64], file[64];
        snprintf(name, sizeof name, "workshop::service::module_%u::function_%u",
            i / 50, i);
        snprintf(file, sizeof file, "src/service/module_%u.cc", i / 50);
        w->frames[i] =
            (struct store_frame){fk_arena_dup(&w->arena, fk_slice_of(name)),
                fk_arena_dup(&w->arena, fk_slice_of(file)), i % 50 * 20};
    }
}

static void make_pods(struct world *w)
{
    for (int i = 0; i < INSTANCES; i++) {
        char pod[16];
        snprintf(pod, sizeof pod, "pod-%d", i);
        w->pods[i] = fk_arena_dup(&w->arena, fk_slice_of(pod));
    }
}

static void make_stacks(struct world *w)
{
    for (uint64_t i = 0; i < STACKS; i++) {
        uint32_t *frames = fk_arena_array(&w->arena, DEPTH, sizeof *frames);
        uint32_t shared = i ? DEPTH - NEW_FRAMES : 0;
        if (i)
            memcpy(frames, w->stacks[fk_rng_below(fk_rng_at(1, i), i)].frames,
                shared * sizeof *frames);
        for (uint32_t k = shared; k < DEPTH; k++)
            frames[k] =
                (uint32_t)fk_rng_below(fk_rng_at(2, i * DEPTH + k), FUNCTIONS);
        w->stacks[i] = (struct store_stack){frames, DEPTH};
    }
}

static uint32_t draw(const struct world *w, uint64_t x)
{
    double u = fk_rng_unit(x);
    uint32_t low = 0, high = STACKS - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (w->zipf[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void make_pattern(struct world *w, uint64_t number)
{
    uint32_t count[STACKS] = {0};
    struct pattern *p = &w->patterns[number];
    for (uint64_t i = 0; i < DRAWS; i++)
        count[draw(w, fk_rng_at(3, number * DRAWS + i))]++;
    p->values = fk_arena_array(&w->arena, STACKS, sizeof *p->values);
    for (uint32_t i = 0; i < STACKS; i++)
        if (count[i])
            p->values[p->n++] = (struct store_value){i, count[i] * 10000000ll};
    w->values += p->n;
}

static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    double sum = 0;
    if (!w)
        die("world", "out of memory");
    fk_arena_init(&w->arena, (size_t)256 << 20);
    make_frames(w);
    make_pods(w);
    make_stacks(w);
    for (int i = 0; i < STACKS; i++)
        w->zipf[i] = sum += 1.0 / (i + 1);
    for (int i = 0; i < STACKS; i++)
        w->zipf[i] /= sum;
    for (uint64_t i = 0; i < PATTERNS; i++)
        make_pattern(w, i);
    return w;
}

static int64_t time_of(size_t profile)
{
    return T0 + (int64_t)(profile / INSTANCES) * STEP_MS;
}

/* ---- a row a sample ---- */

static const char *const row_steps[] = {
    "CREATE TABLE sample("
    "  series INTEGER NOT NULL,"
    "  ts INTEGER NOT NULL,"
    "  stack INTEGER NOT NULL,"
    "  value INTEGER NOT NULL,"
    "  PRIMARY KEY(series, ts, stack)) STRICT, WITHOUT ROWID;",
    NULL,
};

static void insert_rows(struct db *db, const struct world *w, size_t profile)
{
    const struct pattern *p = &w->patterns[profile % PATTERNS];
    struct db_stmt *s;
    if (db_prepare(db, "INSERT INTO sample VALUES(?1, ?2, ?3, ?4)", &s))
        die("prepare", db_why(db));
    for (size_t i = 0; i < p->n; i++) {
        db_bind_int(s, 1, (int64_t)(profile % INSTANCES));
        db_bind_int(s, 2, time_of(profile));
        db_bind_int(s, 3, p->values[i].stack);
        db_bind_int(s, 4, p->values[i].value);
        if (db_run(s))
            die("insert", db_why(db));
    }
}

static struct cost run_rows(const struct world *w, const char *dir)
{
    static const struct db_schema schema = {row_steps};
    struct fk_diag diag = {""};
    struct db *db;
    char path[256];
    snprintf(path, sizeof path, "%s/rows.db", dir);
    if (db_open(path, &schema, DB_WRITE, &db, &diag))
        die("open", diag.text);
    struct cost began = cost_now();
    for (size_t i = 0; i < ROW_PROFILES; i++) {
        if (i % GROUP == 0 && db_begin(db, "a group"))
            die("begin", db_why(db));
        insert_rows(db, w, i);
        if (i % GROUP == GROUP - 1 && db_commit(db))
            die("commit", db_why(db));
    }
    struct cost cost = cost_since(&began, ROW_PROFILES);
    db_close(db);
    return cost;
}

/* ---- the store ---- */

static _Atomic size_t profiles_done;

static void on_done(void *arg, enum fk_err err, const char *why)
{
    (void)arg;
    if (err)
        die("append", why);
    profiles_done += GROUP;
}

static void fill(const struct world *w, struct store_profile *p, size_t number)
{
    const struct pattern *pattern = &w->patterns[number % PATTERNS];
    *p = (struct store_profile){.time_ms = time_of(number),
        .duration_ns = 10 * FK_NS_PER_S,
        .values = pattern->values,
        .num_values = pattern->n};
    if (fk_labels_set(&p->labels, FK_SLICE("__profile_type__"),
            FK_SLICE("process_cpu:cpu:nanoseconds:cpu:nanoseconds")) ||
        fk_labels_set(
            &p->labels, FK_SLICE("service_name"), FK_SLICE("bench")) ||
        fk_labels_set(&p->labels, FK_SLICE("pod"), w->pods[number % INSTANCES]))
        die("labels", "too many");
}

static void send(struct store_tenant *t, const struct store_batch *batch)
{
    struct fk_diag diag = {""};
    enum fk_err err;
    while ((err = store_sqlite_ops.append(t, batch, on_done, NULL, &diag)) ==
           FK_ERR_FULL)
        usleep(500);
    if (err)
        die("append", diag.text);
}

/* Until all are durable. */
static struct cost run_store(const struct world *w, const char *dir)
{
    struct store_options options;
    struct store *store;
    struct store_tenant *t;
    struct fk_diag diag = {""};
    struct store_profile *profiles = calloc(GROUP, sizeof *profiles);
    struct store_batch batch = {
        w->frames, FUNCTIONS, w->stacks, STACKS, profiles, GROUP};
    store_options_init(&options);
    options.dir = dir;
    options.keep_days = 0;
    if (!profiles || store_sqlite_ops.open(&options, &store, &diag) ||
        store_sqlite_ops.tenant(store, FK_SLICE("bench"), &t, &diag))
        die("open", diag.text);
    struct cost began = cost_now();
    for (size_t i = 0; i < STORE_PROFILES; i += GROUP) {
        for (size_t k = 0; k < GROUP; k++)
            fill(w, &profiles[k], i + k);
        send(t, &batch);
    }
    while (profiles_done < STORE_PROFILES)
        usleep(200);
    struct cost cost = cost_since(&began, STORE_PROFILES);
    store_sqlite_ops.close(store);
    free(profiles);
    return cost;
}

/* ---- the comparison ---- */

static int remove_one(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void report(const char *name, double times, double goal)
{
    printf("bench %s %.3g times goal %g %s\n", name, times, goal,
        times >= goal ? "ok" : "short");
}

int main(void)
{
    char dir[] = "build/ingest_store.XXXXXX", sub[2][64];
    mkdir("build", 0755);
    if (!mkdtemp(dir))
        die("mkdtemp", dir);
    snprintf(sub[0], sizeof sub[0], "%s/rows", dir);
    snprintf(sub[1], sizeof sub[1], "%s/store", dir);
    if (mkdir(sub[0], 0755))
        die("mkdir", sub[0]);
    struct world *w = world_new();
    double samples = (double)w->values / PATTERNS;
    struct cost rows = run_rows(w, sub[0]), store = run_store(w, sub[1]);
    snprintf(sub[1], sizeof sub[1], "%s/store/t-bench", dir);
    double row_bytes = (double)datadir_bytes(sub[0]) / (ROW_PROFILES * samples);
    double bytes = (double)datadir_bytes(sub[1]) / (STORE_PROFILES * samples);
    printf("# %.0f samples a profile; a row a sample: %.0f us of CPU, %.0f us, "
           "%.1f bytes/sample; store: %.1f us of CPU, %.1f us, %.2f "
           "bytes/sample\n",
        samples, rows.cpu_us, rows.wall_us, row_bytes, store.cpu_us,
        store.wall_us, bytes);
    report("store_ingest_vs_rows", rows.cpu_us / store.cpu_us, 20);
    report("store_bytes_vs_rows", row_bytes / bytes, 5);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    fk_arena_fini(&w->arena);
    free(w);
    return 0;
}
