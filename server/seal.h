/*
 * The sealer: adds the journal up into the levels of a day's file, minute by
 * minute, ten minutes, hour and day, adds what comes late, mends what is
 * damaged and drops what is too old for its level. Its work is a row of
 * duties, each cut in slices of at most SEAL_SLICE_NS, one transaction each,
 * so that commits of the journal fit in between. What a duty writes counts
 * only once its last slice moves the marks of levels.h: a crash in the middle
 * means that it is done again.
 *
 * Belongs to the writer thread of a tenant.
 */
#ifndef SERVER_SEAL_H
#define SERVER_SEAL_H

#include "common/clock.h"
#include "server/bucket.h"
#include "server/catalog.h"
#include "server/days.h"
#include "server/totals.h"

#define SEAL_SLICE_NS (30 * FK_NS_PER_MS)
#define SEAL_GRACE_S  30 /* how long a bucket waits for what is on its way */
#define SEAL_BUCKETS  (86400 / BUCKET_SECONDS)

/* One step of a duty is about one of these, or several that go together. */
struct seal_item {
    uint32_t group; /* of a series; else 0 */
    int64_t key;    /* of the journal, or an id of a level, or a second */
};

struct seal {
    const struct store_options *options;
    struct catalog *catalog;
    struct days *days;
    struct bucket one, group;           /* of a series, of its group */
    struct totals totals[SEAL_BUCKETS]; /* of a group's day */

    /* The duty at hand: */
    const struct seal_duty *duty; /* NULL = none */
    struct day *day;
    struct levels_state state;  /* with the marks moved */
    int64_t start;              /* of its bucket or hour, in seconds */
    int64_t listed, list_until; /* seconds of the journal */
    struct seal_item *items;
    size_t num_items, cap_items, at;
    struct day_damage damage[DAY_MAX_DAMAGE];

    uint64_t sealed, set_aside, rounds; /* counters */
};

FK_MUST_USE enum fk_err seal_init(struct seal *s,
    const struct store_options *options, struct catalog *catalog,
    struct days *days);
void seal_fini(struct seal *s);

/* Do one slice of what is due, if anything: *more says to come again soon.
 * After an error the duty is begun anew some other time. */
FK_MUST_USE enum fk_err seal_slice(
    struct seal *s, bool *more, struct fk_diag *diag);
/* Forget the duty at hand, before days are dropped. */
void seal_abort(struct seal *s);

#endif
