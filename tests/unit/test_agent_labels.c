#include "agent/labels.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "agent/counters.h"
#include "common/buf.h"
#include "tests/tap.h"

/* "a=1,b=2" of a set, in a buffer that lives until the next call. */
static const char *text_of(flamekit_labels set)
{
    static struct fk_buf b;
    fk_buf_fini(&b);
    fk_buf_init(&b, 65536);
    for (uint32_t i = 0; set && i < set->count; i++)
        fk_buf_printf(&b, "%s" FK_SLICE_FMT "=" FK_SLICE_FMT, i ? "," : "",
            FK_SLICE_ARG(set->tags[i].key), FK_SLICE_ARG(set->tags[i].value));
    return b.len ? b.ptr : "";
}

TEST(scopes_nest_hide_and_restore)
{
    CHECK(flamekit_labels_get() == NULL);
    {
        FLAMEKIT_TAG("endpoint", "/a");
        CHECK_STR(text_of(flamekit_labels_get()), "endpoint=/a");
        {
            FLAMEKIT_TAG("user", "u1");
            FLAMEKIT_TAG("endpoint", "/b");
            CHECK_STR(text_of(flamekit_labels_get()), "endpoint=/b,user=u1");
            FLAMEKIT_TAG("user", ""); /* removes */
            CHECK_STR(text_of(flamekit_labels_get()), "endpoint=/b");
        }
        CHECK_STR(text_of(flamekit_labels_get()), "endpoint=/a");
    }
    CHECK(flamekit_labels_get() == NULL);
}

TEST(equal_sets_are_one_set_however_they_were_made)
{
    flamekit_tag ab[] = {{"a", "1"}, {"b", "2"}};
    flamekit_tag ba[] = {{"b", "2"}, {"a", "0"}, {"a", "1"}};
    flamekit_labels set = flamekit_labels_intern(ab, 2);
    CHECK(set != NULL);
    CHECK(set == flamekit_labels_intern(ba, 3));
    FLAMEKIT_TAG("b", "2");
    FLAMEKIT_TAG("a", "1");
    CHECK(flamekit_labels_get() == set);
    CHECK(flamekit_labels_intern(NULL, 0) == NULL);
}

TEST(bad_tags_change_nothing)
{
    static char long_value[FK_TAG_VALUE_MAX + 2], long_key[FK_TAG_KEY_MAX + 2];
    memset(long_value, 'v', sizeof(long_value) - 1);
    memset(long_key, 'k', sizeof(long_key) - 1);
    const flamekit_tag bad[] = {{"", "v"}, {"1a", "v"}, {"a-b", "v"},
        {"a b", "v"}, {NULL, "v"}, {"a", NULL}, {long_key, "v"},
        {"a", long_value}, {"a", "\xff\xfe"}, {".a", "v"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        flamekit_scope s = flamekit_tag_push(bad[i].key, bad[i].value);
        CHECK(flamekit_labels_get() == NULL);
        flamekit_tag_pop(s);
        CHECK_INT(flamekit_add_thread_tag(bad[i].key, bad[i].value), -EINVAL);
    }
    CHECK(fk_labels_key_ok("a.b_C9"));
    long_value[FK_TAG_VALUE_MAX] = '\0';
    CHECK_INT(flamekit_add_thread_tag("a", long_value), 0);
}

TEST(thread_tags_stay_until_removed)
{
    CHECK_INT(flamekit_add_thread_tag("pool", "io"), 0);
    CHECK_INT(flamekit_remove_thread_tag("pool", "cpu"), -ENOENT);
    CHECK_STR(text_of(flamekit_labels_get()), "pool=io");
    CHECK_INT(flamekit_remove_thread_tag("pool", "io"), 0);
    CHECK(flamekit_labels_get() == NULL);
}

static int note(void *arg)
{
    *(flamekit_labels *)arg = flamekit_labels_get();
    return 42;
}

TEST(a_wrapper_sets_all_its_tags)
{
    flamekit_tag tags[] = {{"a", "1"}, {"b", "2"}};
    flamekit_labels inside = NULL;
    CHECK_INT(flamekit_tag_wrapper(tags, 2, note, &inside), 42);
    CHECK_STR(text_of(inside), "a=1,b=2");
    CHECK(flamekit_labels_get() == NULL);
}

static void *take_over(void *arg)
{
    flamekit_labels before = flamekit_labels_set(arg);
    return (void *)(uintptr_t)(before == NULL &&
                               strcmp(text_of(flamekit_labels_get()),
                                   "request=7") == 0);
}

/* Pitfall 39: work that moves takes its tags along, the thread that did it
 * does not keep them. */
TEST(pitfall_39_hand_over_between_threads)
{
    flamekit_scope s = flamekit_tag_push("request", "7");
    pthread_t t;
    void *ok;
    CHECK_INT(pthread_create(&t, NULL, take_over,
                  (void *)(uintptr_t)flamekit_labels_get()),
        0);
    pthread_join(t, &ok);
    CHECK(ok != NULL);
    flamekit_tag_pop(s);
}

/* Pitfall 38: a million values, bounded memory, and what is missing counted. */
TEST(pitfall_38_cardinality_is_bounded)
{
    flamekit_scope outer = flamekit_tag_push("endpoint", "/a");
    for (int i = 0; i < 1000000; i++) {
        char value[32];
        snprintf(value, sizeof(value), "user-%d", i);
        flamekit_scope s = flamekit_tag_push("user", value);
        flamekit_tag_pop(s);
    }
    uint64_t lost = fk_counted(&fk_counters.lost_labelsets);
    CHECK_INT(lost, 1000000 - (FK_LABELSETS_MAX - 1));
    CHECK(fk_labels_bytes() <= FK_LABELSETS_BYTES);
    /* Known sets still work, a new one collapses to its parent. */
    FLAMEKIT_TAG("user", "user-5");
    CHECK_STR(text_of(flamekit_labels_get()), "endpoint=/a,user=user-5");
    flamekit_tag_pop(outer);
    CHECK_INT(flamekit_add_thread_tag("user", "nobody"), -ENOSPC);
}

static char done_well; /* an address that is not NULL */

static void *intern_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++) {
        char value[16];
        snprintf(value, sizeof(value), "%d", i % 500);
        flamekit_tag tags[] = {{"a", value}, {"b", "x"}};
        flamekit_labels one = flamekit_labels_intern(tags, 2);
        if (one != flamekit_labels_intern(tags, 2) || one->count != 2)
            return NULL;
    }
    return &done_well;
}

TEST(threads_intern_the_same_sets)
{
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&t[i], NULL, intern_many, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *ok;
        pthread_join(t[i], &ok);
        CHECK(ok != NULL);
    }
    CHECK_INT(fk_counted(&fk_counters.lost_labelsets), 0);
}

TAP_MAIN
