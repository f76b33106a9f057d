#include "agent/queue.h"

#include <stdlib.h>

#include "common/clock.h"
#include "tests/tap.h"

static struct fk_payload payload(size_t len, uint64_t weight, int64_t made_ns)
{
    struct fk_payload p = {.len = len, .weight = weight, .made_ns = made_ns};
    p.bytes = malloc(len ? len : 1);
    return p;
}

static void put(struct fk_queue *q, size_t len, uint64_t weight, int64_t made)
{
    struct fk_payload p = payload(len, weight, made);
    fk_queue_put(q, &p);
}

TEST(a_full_queue_drops_the_oldest)
{
    struct fk_queue q;
    fk_queue_init(&q, 8);
    for (uint64_t i = 1; i <= 10; i++)
        put(&q, 100, i, (int64_t)i);
    CHECK_INT(q.count, 8);
    CHECK_INT(q.bytes, 800);
    CHECK_INT(fk_queue_head(&q)->weight, 3);
    CHECK_INT(q.dropped, 2);
    CHECK_INT(q.dropped_weight, 1 + 2);
    fk_queue_done(&q);
    CHECK_INT(fk_queue_head(&q)->weight, 4);
    CHECK_INT(q.dropped, 2);
    fk_queue_fini(&q);
    CHECK_INT(q.dropped, 2 + 7);
    CHECK_INT(q.bytes, 0);
}

TEST(bytes_are_bounded_too)
{
    struct fk_queue q;
    fk_queue_init(&q, 64);
    for (int i = 0; i < 20; i++)
        put(&q, FK_QUEUE_BYTES / 4, 1, i);
    CHECK_INT(q.count, 4);
    CHECK_INT(q.bytes, FK_QUEUE_BYTES);
    put(&q, FK_QUEUE_BYTES + 1, 1, 99); /* never fits */
    CHECK(q.bytes <= FK_QUEUE_BYTES);
    fk_queue_fini(&q);
    CHECK_INT(q.dropped, 21);
    CHECK(fk_queue_head(&q) == NULL);
}

TEST(what_is_under_way_stays)
{
    struct fk_queue q;
    fk_queue_init(&q, 2);
    put(&q, 100, 1, 1);
    fk_queue_hold(&q);
    const char *bytes = fk_queue_head(&q)->bytes;
    for (uint64_t i = 2; i <= 5; i++)
        put(&q, 100, i, (int64_t)i);
    fk_queue_expire(&q, 5);
    CHECK(fk_queue_head(&q)->bytes == bytes);
    CHECK_INT(q.count, 2);
    CHECK_INT(q.dropped_weight, 2 + 3 + 4);
    fk_queue_done(&q);
    CHECK_INT(fk_queue_head(&q)->weight, 5);
    CHECK_INT(q.dropped_weight, 2 + 3 + 4);
    fk_queue_fini(&q);
}

TEST(old_profiles_are_dropped)
{
    struct fk_queue q;
    fk_queue_init(&q, 8);
    for (int i = 0; i < 5; i++)
        put(&q, 10, 1, i * 100);
    fk_queue_expire(&q, 250);
    CHECK_INT(q.count, 2);
    CHECK_INT(fk_queue_head(&q)->made_ns, 300);
    fk_queue_fini(&q);
}

TEST(back_off_grows_with_jitter_to_a_limit_and_starts_over)
{
    struct fk_backoff b;
    fk_backoff_init(&b, 15 * FK_NS_PER_S, 1);
    int64_t full = FK_NS_PER_S;
    for (int i = 0; i < 12; i++) {
        fk_backoff_failed(&b, 1000, 0);
        int64_t wait = b.not_before_ns - 1000;
        CHECK(wait >= full / 2 && wait <= full);
        full = full * 2 < 60 * FK_NS_PER_S ? full * 2 : 60 * FK_NS_PER_S;
    }
    fk_backoff_succeeded(&b);
    CHECK_INT(b.not_before_ns, 0);
    fk_backoff_failed(&b, 0, 0);
    CHECK(b.not_before_ns <= FK_NS_PER_S);
    /* The server's word counts, within reason. */
    fk_backoff_failed(&b, 0, 7 * FK_NS_PER_S);
    CHECK(b.not_before_ns >= 7 * FK_NS_PER_S);
    fk_backoff_failed(&b, 0, 3000 * FK_NS_PER_S);
    CHECK(b.not_before_ns <= 60 * FK_NS_PER_S);
}

TEST(two_agents_do_not_retry_together)
{
    struct fk_backoff a, b;
    fk_backoff_init(&a, 15 * FK_NS_PER_S, 1);
    fk_backoff_init(&b, 15 * FK_NS_PER_S, 2);
    fk_backoff_failed(&a, 0, 0);
    fk_backoff_failed(&b, 0, 0);
    CHECK(a.not_before_ns != b.not_before_ns);
}

TAP_MAIN
