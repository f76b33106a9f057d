#include "agent/collect.h"

#include <stdlib.h>

#include "agent/message.h"
#include "agent/objects.h"
#include "agent/profile.h"
#include "agent/symbols.h"
#include "common/clock.h"
#include "common/gzip.h"

#define DRAIN_WAIT_NS    (200 * FK_NS_PER_MS)
#define MESSAGE_OVERHEAD 65536
#define GZIP_LEVEL       1 /* measured: higher levels cost 3x for 6 % */
#define CLOCK_JUMP_NS    (50 * FK_NS_PER_MS)

void fk_collect_init(struct fk_collect *c, const flamekit_config *config,
    struct fk_stacktab *table)
{
    *c = (struct fk_collect){.config = config, .table = table};
    fk_collect_begin(c);
}

void fk_collect_begin(struct fk_collect *c)
{
    c->start_mono_ns = fk_mono_ns();
    c->start_wall_ns = fk_wall_ns();
}

/* Durations come from the monotonic clock. The wall clock only says where the
 * timeline hangs, and is asked again when somebody has set it. */
static void next_interval(struct fk_collect *c, int64_t end_mono_ns)
{
    int64_t wall = fk_wall_ns() - (fk_mono_ns() - end_mono_ns);
    int64_t expected = c->start_wall_ns + (end_mono_ns - c->start_mono_ns);
    bool jumped = llabs(wall - expected) > CLOCK_JUMP_NS;
    c->start_wall_ns = jumped ? wall : expected;
    c->start_mono_ns = end_mono_ns;
}

static enum fk_err pack(
    struct fk_collect *c, struct fk_profile *p, struct fk_buf *gz)
{
    struct fk_buf message;
    fk_buf_init(&message, FK_PROFILE_BYTES + MESSAGE_OVERHEAD);
    struct fk_series series = {"process_cpu", fk_buf_slice(&p->writer.body)};
    fk_message_add(&message, c->config, &series);
    enum fk_err err = message.err;
    if (err == FK_OK)
        err = fk_gzip_write(fk_buf_slice(&message), GZIP_LEVEL, gz);
    fk_buf_fini(&message);
    return err;
}

static bool take_profile(struct fk_collect *c, struct fk_profile *p,
    int64_t end_mono_ns, struct fk_payload *payload)
{
    struct fk_buf gz;
    fk_buf_init(&gz, FK_QUEUE_BYTES);
    enum fk_err err =
        fk_profile_finish(p, c->start_wall_ns, end_mono_ns - c->start_mono_ns);
    if (err == FK_OK)
        err = pack(c, p, &gz);
    if (err != FK_OK) {
        c->dropped_weight += p->weight;
        fk_buf_fini(&gz);
        return false;
    }
    *payload = (struct fk_payload){.weight = p->weight, .made_ns = end_mono_ns};
    payload->bytes = fk_buf_take(&gz, &payload->len);
    return true;
}

bool fk_collect_take(struct fk_collect *c, struct fk_payload *payload)
{
    struct fk_profile p;
    uint64_t lost = 0;
    bool taken = false;
    fk_profile_init(&p, c->config);
    int64_t end = fk_mono_ns();
    if (fk_stacktab_drain(c->table, DRAIN_WAIT_NS, fk_profile_add, &p, &lost) ==
        FK_OK) {
        fk_objects_reclaim();
        c->dropped_weight += lost + p.lost;
        taken = p.weight > 0 && take_profile(c, &p, end, payload);
        next_interval(c, end);
    }
    fk_profile_fini(&p);
    fk_symbols_trim();
    return taken;
}
