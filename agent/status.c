#include "agent/status.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/counters.h"
#include "agent/message.h"

static char instance[FK_UUID_TEXT];

void fk_status_begin(void)
{
    fk_uuid_text(instance);
}

/* What went into a table, and where it went from there. */
struct account {
    const char *of; /* before the names of its parts */
    uint64_t kept, delivered, lost_table, lost_profile, lost_queue;
};

struct line {
    char *text;
    size_t room;
    int n;
};

static void add(struct line *l, const char *of, const char *name, uint64_t n)
{
    l->n += snprintf(
        l->text + l->n, l->room - (size_t)l->n, ";%s%s=%" PRIu64, of, name, n);
}

/* Handlers go on counting: `taken` is the sum of its parts as they were
 * read, not a further reading. */
static void add_account(struct line *l, const struct account *a)
{
    uint64_t gone = a->delivered + a->lost_profile + a->lost_queue;
    uint64_t waiting = a->kept > gone ? a->kept - gone : 0;
    add(l, a->of, "delivered", a->delivered);
    add(l, a->of, "lost_table", a->lost_table);
    add(l, a->of, "lost_profile", a->lost_profile);
    add(l, a->of, "lost_queue", a->lost_queue);
    add(l, a->of, "waiting", waiting);
    add(l, a->of, "taken", gone + a->lost_table + waiting);
}

static void add_accounts(struct line *l, const struct fk_payload *going)
{
    const struct fk_counters *c = &fk_counters;

    const struct account accounts[] = {
        {
            .of = "",
            .kept = fk_counted(&c->samples),
            .delivered = fk_counted(&c->weight_uploaded) + going->weight,
            .lost_table = fk_counted(&c->lost),
            .lost_profile = fk_counted(&c->weight_unpacked),
            .lost_queue = fk_counted(&c->weight_unsent),
        },
        {
            .of = "wall_",
            .kept = fk_counted(&c->wall_ns),
            .delivered = fk_counted(&c->wall_uploaded_ns) + going->wall_ns,
            .lost_table = fk_counted(&c->wall_lost_ns),
            .lost_profile = fk_counted(&c->wall_unpacked_ns),
            .lost_queue = fk_counted(&c->wall_unsent_ns),
        },
    };

    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
        add_account(l, &accounts[i]);
}

static void add_others(struct line *l)
{
    const struct fk_counters *c = &fk_counters;

    const struct {
        const char *name;
        const _Atomic uint64_t *value;
    } others[] = {
        {"truncated", &c->truncated},
        {"no_timer", &c->no_timer},
        {"blocked", &c->blocked},
        {"lost_labelsets", &c->lost_labelsets},
        {"uploads_failed", &c->uploads_failed},
        {"uploads_dropped", &c->uploads_dropped},
        {"wall_looks", &c->wall_looks},
        {"wall_moved", &c->wall_moved},
        {"wall_round", &c->wall_round_ns},
        {"heap_lost", &c->heap_lost},
        {"lock_lost", &c->lock_lost},
        {"cpu_unsampled", &c->cpu_unsampled_ns},
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        add(l, "", others[i].name, fk_counted(others[i].value));
}

void fk_status_write(char *line, size_t room, const char *service,
    const struct fk_payload *going)
{
    struct line l = {.text = line, .room = room};
    l.n = snprintf(line, room, FK_STATUS_HEADER "id=%s", instance);
    add_accounts(&l, going);
    add_others(&l);
    l.n += snprintf(line + l.n, room - (size_t)l.n, ";service=%.200s", service);
    for (int i = 0; i < l.n; i++)
        if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~')
            line[i] = '_';
}
