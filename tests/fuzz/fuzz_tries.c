/* Tries of apps as a damaged meta.db may tell of them, and then days in any
 * order: whatever was loaded, a day has one trie, the same one every time,
 * unless the oldest was dropped before it. Rows of 4 bytes. */
#include "common/check.h"
#include "server/tries.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TRIES = 12, MAX_DATE = 256 * 3 };

static void init(struct tries *t)
{
    FK_ASSERT(!tries_init(t, MAX_TRIES));
    t->limits = (struct trie_limits){16, 1 << 10};
}

static struct fk_slice name_of(uint8_t x, char room[8])
{
    snprintf(room, 8, "a%d", x % 4);
    return fk_slice_of(room);
}

/* From the newest to the oldest: later days first, all of one app. */
static void check_app(const struct tries *t, uint32_t app)
{
    const struct trie *older, *at = t->apps[app].newest;
    for (; at; at = older) {
        older = at->older;
        FK_ASSERT(at->app == app && tries_get(t, at->id) == at);
        FK_ASSERT(!older || (older->since < at->since && older->id < at->id));
        FK_ASSERT(tries_on(t, app, at->since) == at);
        FK_ASSERT(!older || tries_on(t, app, at->since - 1) == older);
    }
}

static void load(struct tries *t, const uint8_t *row)
{
    char room[8];
    if (!tries_load(t, row[0] % (MAX_TRIES + 2), name_of(row[1], room),
            row[2] % (MAX_TRIES + 2), row[3]))
        FK_ASSERT(t->count <= MAX_TRIES);
}

/* The trie that every day has so far must stay its own. */
static void reach(struct tries *t, const uint8_t *row)
{
    char room[8];
    const struct trie *before[MAX_DATE];
    int64_t date = row[2] * 3;
    uint32_t app = tries_app(t, name_of(row[1], room), date);
    if (app == TRIE_NONE)
        return;
    int64_t last = t->apps[app].last_date;
    for (int64_t d = 0; d < MAX_DATE; d++)
        before[d] = tries_on(t, app, d);
    tries_reach(t, app, date);
    for (int64_t d = 0; d <= last && d < MAX_DATE; d++)
        FK_ASSERT(tries_on(t, app, d) == before[d]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct tries t;
    init(&t);
    bool loading = true;
    for (; n >= 4; data += 4, n -= 4) {
        loading = loading && data[0] < 128;
        if (loading)
            load(&t, data);
        else if (data[0] & 1)
            reach(&t, data);
        else if (data[0] & 2)
            (void)tries_drop(&t, data[2] * 3);
        else
            tries_free_dropped(&t);
        for (uint32_t app = 0; app < MAX_TRIES; app++)
            check_app(&t, app);
    }
    tries_fini(&t);
    return 0;
}
