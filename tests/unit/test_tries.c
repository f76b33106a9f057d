/* 15: an app's stacks do not grow for ever. A new trie begins with a month,
 * or the day after one is half full; the old one goes when its days go. */
#include "server/tries.h"
#include "tests/tap.h"

enum { NOV_14 = 19675, NOV_30 = 19691, DEC_1 = 19692, DEC_31 = 19722 };

static void init(struct tries *t)
{
    CHECK_INT(tries_init(t, 8), 0);
    t->limits = (struct trie_limits){16, 1 << 16};
}

static void grow(struct trie *t, uint32_t nodes)
{
    for (uint32_t i = 0; t->num_nodes < nodes; i++) {
        const struct store_frame f = {.name = FK_SLICE("f"), .line = i};
        uint32_t frame = trie_intern_frame(t, &f);
        CHECK(trie_intern_stack(t, &frame, 1) != TRIE_OTHER);
    }
}

/* What profiles of these days get, in the order in which they come. */
TEST(a_trie_begins_with_a_month_or_after_a_full_one)
{
    static const struct {
        int64_t date;
        uint32_t nodes; /* the newest has by then */
        uint32_t want;
    } rows[] = {
        {NOV_14, 0, 0},
        {NOV_14 + 1, 0, 0},
        {NOV_30, 0, 0},
        {DEC_1, 0, 1},
        {NOV_14, 0, 0},      /* late: where its day is */
        {NOV_14 - 90, 0, 0}, /* older than all */
        {DEC_1 + 2, 9, 1},   /* over half full, but it was not the day before */
        {DEC_1 + 2, 12, 1},  /* in the middle of a day it stays */
        {DEC_1 + 1, 0, 1},
        {DEC_1 + 3, 0, 2},
        {DEC_1 + 2, 0, 1},
        {DEC_31, 0, 2},
        {DEC_31 + 1, 0, 3},
        {DEC_31 + 400, 0, 4},
        {DEC_31 + 399, 0, 3},
    };

    struct tries t;
    init(&t);
    uint32_t app = tries_app(&t, FK_SLICE("a"), NOV_14);
    CHECK_INT(app, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tap_diag("row %zu", i);
        if (tries_is_new(&t, app, rows[i].date))
            tries_reach(&t, app, rows[i].date);
        CHECK_INT(tries_on(&t, app, rows[i].date)->id, rows[i].want);
        grow(t.apps[app].newest, rows[i].nodes);
    }
    CHECK_INT(tries_app(&t, FK_SLICE("a"), NOV_14), app);
    CHECK_INT(tries_app(&t, FK_SLICE("b"), NOV_14), 5);
    tries_fini(&t);
}

TEST(past_the_limit_of_tries_the_old_one_goes_on)
{
    struct tries t;
    init(&t);
    uint32_t app = tries_app(&t, FK_SLICE("a"), NOV_14);
    for (int64_t month = 0; month < 12; month++)
        tries_reach(&t, app, NOV_14 + month * 31);
    CHECK_INT(t.count, 8);
    CHECK_INT(tries_on(&t, app, NOV_14 + 11 * 31)->id, 7);
    CHECK_INT(tries_app(&t, FK_SLICE("b"), NOV_14), TRIE_NONE);
    CHECK_INT(tries_app(&t, FK_SLICE("a"), NOV_14), app);
    tries_fini(&t);
}

TEST(an_old_trie_goes_with_its_days_but_never_the_newest)
{
    struct tries t;
    init(&t);
    uint32_t app = tries_app(&t, FK_SLICE("a"), NOV_14);
    tries_reach(&t, app, DEC_1);
    tries_reach(&t, app, DEC_31 + 1);
    CHECK_INT(tries_drop(&t, NOV_30), TRIE_NONE);
    struct trie *held = tries_get(&t, 0);
    held->holds++;
    CHECK_INT(tries_drop(&t, DEC_1), 0);
    CHECK_INT(tries_drop(&t, DEC_1), TRIE_NONE);
    CHECK(!tries_get(&t, 0));
    CHECK(tries_dropped(&t, 0) == held);
    CHECK_INT(tries_on(&t, app, NOV_14)->id, 1);
    tries_free_dropped(&t);
    CHECK(tries_dropped(&t, 0) == held);
    held->holds--;
    tries_free_dropped(&t);
    CHECK(!tries_dropped(&t, 0));
    CHECK_INT(tries_drop(&t, INT64_MAX), 1);
    CHECK_INT(tries_drop(&t, INT64_MAX), TRIE_NONE);
    CHECK_INT(tries_on(&t, app, 0)->id, 2);
    CHECK_INT(tries_app(&t, FK_SLICE("a"), DEC_31), app);
    tries_fini(&t);
}

TEST(what_became_other_is_counted_for_ever)
{
    struct tries t;
    init(&t);
    uint32_t app = tries_app(&t, FK_SLICE("a"), NOV_14), b;
    grow(tries_get(&t, app), 16);
    uint32_t stack[] = {TRIE_FIXED, TRIE_FIXED + 1};
    CHECK_INT(tries_overflows(&t), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(trie_intern_stack(tries_get(&t, app), stack, 2), TRIE_OTHER);
    CHECK_INT(tries_overflows(&t), 3);
    tries_reach(&t, app, NOV_14 + 1);
    grow(tries_on(&t, app, NOV_14 + 1), 16);
    CHECK_INT(
        trie_intern_stack(tries_on(&t, app, NOV_14 + 1), stack, 2), TRIE_OTHER);
    CHECK_INT(tries_drop(&t, NOV_14 + 1), 0);
    b = tries_app(&t, FK_SLICE("b"), NOV_14);
    CHECK(trie_intern_stack(tries_get(&t, b), NULL, 0) == TRIE_ROOT);
    CHECK_INT(tries_overflows(&t), 4);
    tries_fini(&t);
}

TEST(what_is_stored_is_checked_as_it_is_loaded)
{
    static const struct {
        uint32_t id, app;
        const char *name;
        int64_t since;
        enum fk_err want;
    } rows[] = {
        {2, 2, "a", 5, FK_OK},
        {2, 2, "a", 6, FK_ERR_CORRUPT}, /* a number twice */
        {3, 4, "b", 5, FK_ERR_CORRUPT}, /* an app that is not born yet */
        {3, 2, "b", 6, FK_ERR_CORRUPT}, /* another app's name */
        {3, 2, "a", 5, FK_ERR_CORRUPT}, /* two begin on one day */
        {4, 2, "a", 6, FK_OK},
        {6, 5, "c", 0, FK_OK}, /* its first trie was dropped */
        {8, 8, "d", 0, FK_ERR_CORRUPT},
    };

    struct tries t;
    init(&t);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tap_diag("row %zu", i);
        CHECK_INT(tries_load(&t, rows[i].id, fk_slice_of(rows[i].name),
                      rows[i].app, rows[i].since),
            rows[i].want);
    }
    CHECK_INT(tries_on(&t, 2, 5)->id, 2);
    CHECK_INT(tries_on(&t, 2, 6)->id, 4);
    CHECK_INT(tries_on(&t, 5, 6)->id, 6);
    CHECK_INT(tries_app(&t, FK_SLICE("d"), 7), 7);
    tries_fini(&t);
}

TAP_MAIN
