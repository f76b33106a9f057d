#include "server/days.h"

#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SECONDS_A_DAY = 86400,
    MAX_WRITERS = 4,  /* connections kept open for writing */
    MAX_READABLE = 16 /* days whose readers are kept open */
};

/* ---- the list ---- */

static char *path_of(const struct days *d, int64_t date)
{
    char *path;
    struct tm utc;
    time_t at = (time_t)(date * SECONDS_A_DAY);
    gmtime_r(&at, &utc);
    int n = asprintf(&path, "%s/day-%04d%02d%02d.db", d->dir,
        utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
    return n < 0 ? NULL : path;
}

static struct day *day_new(const struct days *d, int64_t date)
{
    struct day *day = calloc(1, sizeof *day);
    if (!day)
        return NULL;
    day->date = date;
    day->path = path_of(d, date);
    if (day->path && !db_pool_init(&day->readers, day->path))
        return day;
    free(day->path);
    free(day);
    return NULL;
}

/* The writer last: it then leaves one file, with nothing beside it. */
static void day_free(struct day *day)
{
    db_pool_fini(&day->readers);
    db_close(day->writer);
    free(day->path);
    free(day);
}

/* Keeps the list in order of dates. */
static void list_add(struct days *d, struct day *day)
{
    struct day **at = &d->first;
    while (*at && (*at)->date < day->date)
        at = &(*at)->next;
    day->next = *at;
    *at = day;
    d->count++;
}

static struct day *list_find(struct days *d, int64_t from, int64_t until)
{
    struct day *day = d->first;
    while (day && day->date < from)
        day = day->next;
    return day && day->date <= until ? day : NULL;
}

static bool parse_name(const char *name, int64_t *date)
{
    struct tm utc = {0};
    int n = 0;
    if (sscanf(name, "day-%4d%2d%2d.db%n", &utc.tm_year, &utc.tm_mon,
            &utc.tm_mday, &n) != 3 ||
        !n || name[n])
        return false;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    *date = timegm(&utc) / SECONDS_A_DAY;
    return *date >= 0;
}

enum fk_err days_init(struct days *d, const char *dir, struct fk_diag *diag)
{
    int64_t date;
    *d = (struct days){.dir = strdup(dir)};
    pthread_mutex_init(&d->lock, NULL);
    DIR *listing = opendir(dir);
    if (!d->dir || !listing)
        return fk_diag_set(
            diag, FK_ERR_IO, "cannot list %s: %s", dir, strerror(errno));
    for (struct dirent *e; (e = readdir(listing));) {
        if (!parse_name(e->d_name, &date))
            continue;
        struct day *day = day_new(d, date);
        if (!day)
            break;
        list_add(d, day);
    }
    closedir(listing);
    return FK_OK;
}

void days_fini(struct days *d)
{
    while (d->first) {
        struct day *day = d->first;
        d->first = day->next;
        day_free(day);
    }
    free(d->dir);
    pthread_mutex_destroy(&d->lock);
}

struct day *days_take(struct days *d, int64_t from, int64_t until)
{
    pthread_mutex_lock(&d->lock);
    struct day *day = list_find(d, from, until);
    if (day)
        day->refs++;
    pthread_mutex_unlock(&d->lock);
    return day;
}

static void unlink_file(const struct day *day, const char *suffix)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s%s", day->path, suffix);
    unlink(path);
}

/* Of a day that nobody else knows any more. Closed first: the last
 * connection to close would write to the files. */
static void day_unlink(struct day *day)
{
    db_close(day->writer);
    day->writer = NULL;
    db_pool_trim(&day->readers);
    unlink_file(day, "");
    unlink_file(day, "-wal");
    unlink_file(day, "-shm");
    day_free(day);
}

void days_put(struct days *d, struct day *day)
{
    pthread_mutex_lock(&d->lock);
    bool last = !--day->refs && day->dropped;
    bool trim = !last && d->count > MAX_READABLE;
    if (trim)
        db_pool_trim(&day->readers);
    pthread_mutex_unlock(&d->lock);
    if (last)
        day_unlink(day);
}

void days_note_damage(
    struct days *d, struct day *day, const struct day_damage *damage)
{
    pthread_mutex_lock(&d->lock);
    bool known = day->num_damage == DAY_MAX_DAMAGE;
    for (int i = 0; !known && i < day->num_damage; i++) {
        const struct day_damage *other = &day->damage[i];
        known = other->journal == damage->journal &&
                other->level == damage->level && other->id == damage->id &&
                other->at == damage->at;
    }
    if (!known)
        day->damage[day->num_damage++] = *damage;
    atomic_store(&day->damaged, true);
    pthread_mutex_unlock(&d->lock);
}

int days_take_damage(
    struct days *d, struct day *day, struct day_damage damage[DAY_MAX_DAMAGE])
{
    pthread_mutex_lock(&d->lock);
    int count = day->num_damage;
    memcpy(damage, day->damage, (size_t)count * sizeof *damage);
    day->num_damage = 0;
    pthread_mutex_unlock(&d->lock);
    return count;
}

/* ---- writing ---- */

enum fk_err days_open(struct days *d, struct day *day, struct fk_diag *diag)
{
    struct db *db = NULL;
    if (day->writer)
        return FK_OK;
    enum fk_err err = db_open(day->path, &journal_schema, DB_WRITE, &db, diag);
    if (err)
        return err;
    err = db_explain(
        db, levels_load_state(db, days_begin(day), &day->state), diag);
    if (err) {
        db_close(db);
        return err;
    }
    day->writer = db;
    day->used = ++d->clock;
    d->num_writers++;
    return FK_OK;
}

static enum fk_err find_or_add(
    struct days *d, int64_t date, struct day **out, struct fk_diag *diag)
{
    pthread_mutex_lock(&d->lock);
    *out = list_find(d, date, date);
    bool full = !*out && d->count == DAYS_MAX;
    pthread_mutex_unlock(&d->lock);
    if (*out)
        return FK_OK;
    if (full)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "there are profiles of %d different days already: keep fewer "
            "days, or send fewer old ones",
            DAYS_MAX);
    struct day *day = day_new(d, date);
    if (!day)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    enum fk_err err = days_open(d, day, diag);
    if (err) {
        day_free(day);
        return err;
    }
    pthread_mutex_lock(&d->lock);
    list_add(d, day);
    pthread_mutex_unlock(&d->lock);
    *out = day;
    return FK_OK;
}

static enum fk_err begin(struct days *d, struct day *day, struct fk_diag *diag)
{
    enum fk_err err = days_open(d, day, diag);
    if (err)
        return err;
    err = db_begin(day->writer, "profiles");
    if (err)
        return db_explain(day->writer, err, diag);
    day->begun = true;
    day->used = ++d->clock;
    return FK_OK;
}

enum fk_err days_add(struct days *d, struct journal_row *row,
    const struct days_clock *clock, struct fk_diag *diag)
{
    struct day *day;
    enum fk_err err = find_or_add(d, days_date(row->time_ms), &day, diag);
    if (!err && !day->begun)
        err = begin(d, day, diag);
    if (err)
        return err;
    if (day->look_ms > clock->look_ms)
        day->look_ms = clock->look_ms;
    if (row->time_ms < clock->old_ms)
        day->old_ms = clock->now_ms;
    err = journal_add(day->writer, row, day->state.closed);
    if (err == FK_ERR_LIMIT)
        return fk_diag_set(diag, err,
            "one series has over %d profiles in one second: give each "
            "instance a label of its own",
            JOURNAL_MAX_SAME);
    return db_explain(day->writer, err, diag);
}

static struct day *longest_unwritten(const struct days *d)
{
    struct day *oldest = NULL;
    for (struct day *day = d->first; day; day = day->next)
        if (day->writer && (!oldest || day->used < oldest->used))
            oldest = day;
    return oldest;
}

/* Files that were last written longest ago are closed. */
static void close_some(struct days *d)
{
    struct day *oldest;
    while (d->num_writers > MAX_WRITERS && (oldest = longest_unwritten(d))) {
        db_close(oldest->writer);
        oldest->writer = NULL;
        d->num_writers--;
    }
}

enum fk_err days_commit(struct days *d, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    for (struct day *day = d->first; !err && day; day = day->next) {
        if (!day->begun)
            continue;
        err = db_explain(day->writer, db_commit(day->writer), diag);
        day->begun = err != FK_OK;
    }
    if (!err)
        close_some(d);
    return err;
}

void days_rollback(struct days *d)
{
    for (struct day *day = d->first; day; day = day->next) {
        if (day->begun)
            db_rollback(day->writer);
        day->begun = false;
    }
    close_some(d);
}

void days_suspect_begun(struct days *d)
{
    for (struct day *day = d->first; day; day = day->next)
        if (day->begun)
            atomic_store(&day->suspect, true);
}

/* ---- forgetting ---- */

static bool is_older(const char *path, int64_t than_s)
{
    struct stat st;
    return stat(path, &st) || st.st_mtime <= than_s;
}

/* The day itself, and what was written to it later: history that somebody
 * imported today is not old today. */
static bool is_old(const struct day *day, int64_t now_ms, uint32_t keep_days)
{
    char wal[PATH_MAX];
    int64_t than_s = now_ms / 1000 - (int64_t)keep_days * SECONDS_A_DAY;
    snprintf(wal, sizeof wal, "%s-wal", day->path);
    return (day->date + 1) * SECONDS_A_DAY <= than_s &&
           is_older(day->path, than_s) && is_older(wal, than_s);
}

/* Off the list; whoever still reads it is the last to put it back. */
static void list_drop(struct days *d, struct day **at)
{
    struct day *day = *at;
    pthread_mutex_lock(&d->lock);
    *at = day->next;
    d->count--;
    d->num_writers -= day->writer != NULL;
    day->dropped = true;
    bool last = !day->refs;
    pthread_mutex_unlock(&d->lock);
    fk_log(FK_LOG_INFO, "day_dropped", "file=%s", day->path);
    if (last)
        day_unlink(day);
}

int days_expire(struct days *d, int64_t now_ms, uint32_t keep_days)
{
    int dropped = 0;
    struct day **at = &d->first;
    while (*at) {
        if (!is_old(*at, now_ms, keep_days)) {
            at = &(*at)->next;
            continue;
        }
        list_drop(d, at);
        dropped++;
    }
    return dropped;
}

int64_t days_first_date(const struct days *d)
{
    return d->first ? d->first->date : INT64_MAX;
}

bool days_drop_first(struct days *d)
{
    if (!d->first || !d->first->next)
        return false;
    list_drop(d, &d->first);
    return true;
}

/* Readers that have it open go on reading what they can. The files beside
 * it belong to it and move along. */
void days_set_aside(struct days *d, struct day *day)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct day **at = &d->first;
    while (*at != day)
        at = &(*at)->next;
    db_close(day->writer);
    d->num_writers -= day->writer != NULL;
    day->writer = NULL;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char from[PATH_MAX], to[PATH_MAX];
        const char *name = strrchr(day->path, '/') + sizeof "/day-" - 1;
        snprintf(from, sizeof from, "%s%s", day->path, suffixes[i]);
        snprintf(to, sizeof to, "%s/bad-%s%s", d->dir, name, suffixes[i]);
        rename(from, to);
    }
    fk_log(FK_LOG_ERROR, "day_set_aside", "file=%s action=renamed_to_bad",
        day->path);
    list_drop(d, at);
}
