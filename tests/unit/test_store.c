/* What store.h promises, asked of every implementation. */
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <stdio.h>

EVERY_STORE(a_profile_is_visible_once_done)
{
    CHECK_STR(fx_merge(fx, ALL, 0, T0 * 2), "");
    CHECK_INT(fx_put(fx, APP_A, T0, "main;work 5\nmain;idle 3\nmain 1"), 0);
    CHECK_STR(fx_merge(fx, "{service_name=\"a\"}", T0, T0 + 1),
        "main 1\nmain;idle 3\nmain;work 5");
    CHECK_INT(fx_stats(fx).profiles, 1);
    CHECK_INT(fx_stats(fx).samples, 3);
}

EVERY_STORE(profiles_add_up)
{
    CHECK_INT(fx_put(fx, APP_A, T0, "main;work 5\nmain;idle 3"), 0);
    CHECK_INT(fx_put(fx, APP_A, T0 + 10000, "main;work 7"), 0);
    CHECK_INT(fx_put(fx, APP_B, T0 + 10000, "main;work 100"), 0);
    CHECK_STR(fx_merge(fx, "{service_name=\"a\"}", T0, T0 + 60000),
        "main;idle 3\nmain;work 12");
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 60000), "main;idle 3\nmain;work 112");
    CHECK_STR(fx_timeline(fx, "{service_name=\"a\"}", T0, T0 + 60000),
        "1700000000000=8 1700000010000=7");
}

EVERY_STORE(equal_stacks_of_one_profile_add_up)
{
    CHECK_INT(fx_put(fx, APP_A, T0, "a;b 1\na;b 2\na 4\na;b 8"), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a 4\na;b 11");
}

EVERY_STORE(an_empty_profile_still_counts)
{
    CHECK_INT(fx_put(fx, APP_A, T0, ""), 0);
    CHECK_STR(fx_timeline(fx, ALL, T0, T0 + 1), "1700000000000=0");
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "");
}

EVERY_STORE(an_empty_batch_is_done_at_once)
{
    struct fx_batch b;
    fx_batch_init(&b);
    CHECK_INT(fx_append(fx, &b), 0);
    fx_batch_fini(&b);
}

EVERY_STORE(values_that_are_not_positive_are_left_out)
{
    CHECK_INT(fx_put(fx, APP_A, T0, "a 0\nb -5\nc 2"), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "c 2");
}

EVERY_STORE(ranges_are_half_open)
{
    static const struct {
        int64_t t0, t1;
        const char *want;
    } rows[] = {
        {T0, T0 + 1, "a 1"},
        {T0 - 1, T0, ""},
        {T0 + 1, T0 + 999, ""},
        {T0 + 1, T0 + 1000, "b 2"},
        {T0, T0 + 999, "a 1"},
        {T0, T0 + 1000, "a 1\nb 2"},
        {T0 + 999, T0 + 1000, "b 2"},
        {T0 + 1000, T0 + 1001, "c 4"},
        {T0, T0, ""},
        {T0 + 5, T0 + 1, ""},
        {-5, INT64_MAX, "a 1\nb 2\nc 4"},
    };

    CHECK_INT(fx_put(fx, APP_A, T0, "a 1"), 0);
    CHECK_INT(fx_put(fx, APP_A, T0 + 999, "b 2"), 0);
    CHECK_INT(fx_put(fx, APP_A, T0 + 1000, "c 4"), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tap_diag("row %zu", i);
        CHECK_STR(fx_merge(fx, ALL, rows[i].t0, rows[i].t1), rows[i].want);
    }
}

EVERY_STORE(a_range_over_midnight_is_whole)
{
    int64_t midnight = T0 / FX_DAY_MS * FX_DAY_MS + FX_DAY_MS;
    for (int64_t at = midnight - 3000; at < midnight + 3000; at += 1000)
        CHECK_INT(fx_put(fx, APP_A, at, "a 1"), 0);
    for (int64_t from = -4000; from < 4000; from += 500)
        for (int64_t until = from; until < 4000; until += 500) {
            char want[16] = "";
            int count = 0;
            for (int64_t at = -3000; at < 3000; at += 1000)
                count += at >= from && at < until;
            if (count)
                snprintf(want, sizeof want, "a %d", count);
            CHECK_STR(
                fx_merge(fx, ALL, midnight + from, midnight + until), want);
        }
}

EVERY_STORE(one_second_holds_several_profiles_of_a_series)
{
    for (int i = 0; i < 100; i++)
        CHECK_INT(fx_put(fx, APP_A, T0 + i / 3, "a 1"), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1000), "a 100");
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a 3");
}

static enum fk_err put_dedup(
    struct fx *fx, const char *labels, int64_t at, uint64_t dedup)
{
    struct fx_batch b;
    fx_batch_init(&b);
    fx_batch_add(&b, labels, at, "a 1")->dedup = dedup;
    enum fk_err err = fx_append(fx, &b);
    fx_batch_fini(&b);
    return err;
}

EVERY_STORE(what_is_sent_twice_is_stored_once)
{
    CHECK_INT(put_dedup(fx, APP_A, T0, 7), 0);
    CHECK_INT(put_dedup(fx, APP_A, T0, 7), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 10000), "a 1");
    CHECK_INT(fx_stats(fx).duplicates, 1);
    CHECK_INT(put_dedup(fx, APP_A, T0, 8), 0);
    CHECK_INT(put_dedup(fx, APP_A, T0 + 1, 7), 0);
    CHECK_INT(put_dedup(fx, APP_B, T0, 7), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 10000), "a 4");
    CHECK_INT(put_dedup(fx, APP_A, T0, 0), 0);
    CHECK_INT(put_dedup(fx, APP_A, T0, 0), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 10000), "a 6");
    CHECK_INT(fx_stats(fx).profiles, 6);
}

EVERY_STORE(a_batch_may_hold_the_same_profile_twice)
{
    struct fx_batch b;
    fx_batch_init(&b);
    fx_batch_add(&b, APP_A, T0, "a 1")->dedup = 9;
    fx_batch_add(&b, APP_A, T0, "a 1")->dedup = 9;
    fx_batch_add(&b, APP_A, T0, "a 1");
    CHECK_INT(fx_append(fx, &b), 0);
    fx_batch_fini(&b);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a 2");
}

EVERY_STORE(order_of_arrival_does_not_matter)
{
    for (int i = 0; i < 50; i++)
        CHECK_INT(fx_put(fx, i % 2 ? APP_A : APP_B, T0 + (i * 37 % 50) * 1000,
                      "main;work 1"),
            0);
    CHECK_STR(fx_merge(fx, ALL, T0 + 10000, T0 + 20000), "main;work 10");
    CHECK_STR(fx_series(fx, "{service_name=\"b\"}", 0, 0),
        "{__profile_type__=\"cpu\", service_name=\"b\"} "
        "1700000000000-1700000048000");
}

EVERY_STORE(sums_stop_at_the_largest_number)
{
    CHECK_INT(fx_put(fx, APP_A, T0,
                  "a 9223372036854775807\nb 9223372036854775806\nb 1"),
        0);
    CHECK_INT(fx_put(fx, APP_A, T0, "c 9223372036854775807\nc 5"), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1),
        "a 9223372036854775807\nb 9223372036854775807\n"
        "c 9223372036854775807");
    CHECK_STR(fx_timeline(fx, ALL, T0, T0 + 1),
        "1700000000000=9223372036854775807 "
        "1700000000000=9223372036854775807");
}

EVERY_STORE(recursion_is_kept)
{
    CHECK_INT(fx_put(fx, APP_A, T0, "a;b;a 2\na 1\na;a;a;a 3"), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a 1\na;a;a;a 3\na;b;a 2");
}

EVERY_STORE(glued_names_are_different_stacks)
{
    CHECK_INT(fx_put(fx, APP_A, T0, "ab;c 1\na;bc 2\nabc 4\n;abc 8"), 0);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a;bc 2\nab;c 1\nabc 12");
}

EVERY_STORE(frames_with_equal_names_differ_by_file_and_line)
{
    struct fx_batch b;
    struct store_trie trie;
    struct store_frame f;
    fx_batch_init(&b);
    fx_batch_add(&b, APP_A, T0, "f;f;f 1");
    b.frames[0] = (struct store_frame){FK_SLICE("f"), FK_SLICE("x.c"), 1};
    b.frames[1] = (struct store_frame){FK_SLICE("fx"), FK_SLICE(".c"), 1};
    b.frames[2] = (struct store_frame){FK_SLICE("f"), FK_SLICE("x.c"), -2};
    CHECK_INT(fx_append(fx, &b), 0);
    CHECK_INT(fx_append(fx, &b), 0);
    fx_batch_fini(&b);
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "f;fx;f 2");
    CHECK_INT(fx->ops->trie_hold(fx->tenant, 0, &trie), 0);
    CHECK_INT(trie.count, 5);
    CHECK_INT(trie.parent[4], 3);
    CHECK_INT(fx->ops->frame(fx->tenant, 0, trie.frame[4], &f), FK_OK);
    CHECK(fk_slice_eqz(f.file, "x.c"));
    CHECK_INT(f.line, -2);
    fx->ops->trie_release(fx->tenant, &trie);
}

EVERY_STORE(unknown_tries_and_frames_are_not_found)
{
    struct store_trie trie;
    struct store_frame f;
    CHECK_INT(fx->ops->trie_hold(fx->tenant, 0, &trie), FK_ERR_NOT_FOUND);
    CHECK_INT(fx_put(fx, APP_A, T0, "a 1"), 0);
    CHECK_INT(fx->ops->trie_hold(fx->tenant, 0, &trie), FK_OK);
    CHECK_INT(fx->ops->frame(fx->tenant, 0, 4711, &f), FK_ERR_NOT_FOUND);
    CHECK_INT(fx->ops->frame(fx->tenant, 7, 0, &f), FK_ERR_NOT_FOUND);
}

EVERY_STORE(a_held_trie_does_not_change)
{
    struct store_trie held;
    CHECK_INT(fx_put(fx, APP_A, T0, "a;b 1"), 0);
    CHECK_INT(fx->ops->trie_hold(fx->tenant, 0, &held), FK_OK);
    uint32_t count = held.count, parent = held.parent[count - 1];
    for (int i = 0; i < 100; i++) {
        char folded[64];
        snprintf(folded, sizeof folded, "a;b;c%d;d%d 1", i, i);
        CHECK_INT(fx_put(fx, APP_A, T0 + i, folded), 0);
    }
    CHECK_INT(held.count, count);
    CHECK_INT(held.parent[count - 1], parent);
    fx->ops->trie_release(fx->tenant, &held);
    CHECK_INT(fx->ops->trie_hold(fx->tenant, 0, &held), FK_OK);
    CHECK_INT(held.count, count + 200);
    fx->ops->trie_release(fx->tenant, &held);
}

EVERY_STORE(labels_come_back_as_they_were)
{
    static const char *const labels[] = {
        "service_name=a,k8s.pod.name=web-1",
        "service_name=a,città=Łódź",
        "service_name=a,quoted=say \"x\" \\ or '; DROP TABLE series; --",
        "service_name=a,empty=",
    };
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        CHECK_INT(fx_put(fx, labels[i], T0, "a 1"), 0);
    CHECK_STR(fx_series(fx, "{\"k8s.pod.name\"=\"web-1\"}", 0, 0),
        "{k8s.pod.name=\"web-1\", service_name=\"a\"} "
        "1700000000000-1700000000000");
    CHECK_STR(fx_merge(fx, "{\"città\"=\"Łódź\"}", T0, T0 + 1), "a 1");
    CHECK_STR(fx_merge(fx,
                  "{quoted=\"say \\\"x\\\" \\\\ or '; DROP TABLE series; "
                  "--\"}",
                  T0, T0 + 1),
        "a 1");
    CHECK_STR(fx_merge(fx, ALL, T0, T0 + 1), "a 4");
}

EVERY_STORE(selectors_choose)
{
    static const struct {
        const char *selector, *want;
    } rows[] = {
        {"{pod=\"1\"}", "p1 1"},
        {"{pod!=\"1\"}", "none 8\np2 2\np3 4"},
        {"{pod=\"\"}", "none 8"},
        {"{pod!=\"\"}", "p1 1\np2 2\np3 4"},
        {"{pod=~\"1|2\"}", "p1 1\np2 2"},
        {"{pod=~\".*\"}", "none 8\np1 1\np2 2\np3 4"},
        {"{pod=~\".+\",pod!~\"2\"}", "p1 1\np3 4"},
        {"{pod=\"1\",pod=\"2\"}", ""},
        {"{service_name=\"a\",zone=\"z\"}", "p2 2\np3 4"},
        {"{zone=\"z\",pod=\"3\"}", "p3 4"},
        {"{missing=\"\"}", "none 8\np1 1\np2 2\np3 4"},
        {"{missing=\"x\"}", ""},
        {"{service_name=\"A\"}", ""},
    };

    CHECK_INT(fx_put(fx, "service_name=a,pod=1", T0, "p1 1"), 0);
    CHECK_INT(fx_put(fx, "service_name=a,pod=2,zone=z", T0, "p2 2"), 0);
    CHECK_INT(fx_put(fx, "service_name=a,pod=3,zone=z", T0, "p3 4"), 0);
    CHECK_INT(fx_put(fx, "service_name=b", T0, "none 8"), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tap_diag("%s", rows[i].selector);
        CHECK_STR(fx_merge(fx, rows[i].selector, T0, T0 + 1), rows[i].want);
    }
}

EVERY_STORE(series_are_found_by_their_time)
{
    CHECK_INT(fx_put(fx, "service_name=a", T0, "a 1"), 0);
    CHECK_INT(fx_put(fx, "service_name=a", T0 + 5000, "a 1"), 0);
    CHECK_INT(fx_put(fx, "service_name=b", T0 + 9000, "a 1"), 0);
    CHECK_STR(fx_series(fx, ALL, T0 + 5000, T0 + 5001),
        "{service_name=\"a\"} 1700000000000-1700000005000");
    CHECK_STR(fx_series(fx, ALL, T0 + 5001, T0 + 9000), "");
    CHECK_STR(fx_series(fx, ALL, T0 + 5001, T0 + 9001),
        "{service_name=\"b\"} 1700000009000-1700000009000");
    CHECK_STR(fx_series(fx, ALL, 0, 0),
        "{service_name=\"a\"} 1700000000000-1700000005000\n"
        "{service_name=\"b\"} 1700000009000-1700000009000");
}

TAP_MAIN
