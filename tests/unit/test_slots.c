#include "loadgen/slots.h"

#include "tests/tap.h"

#include <stdlib.h>

static void answer(struct tally *t, int64_t response_ns)
{
    struct engine_answer a = {.status = 200, .done_ns = response_ns};
    struct tally_expect any = {0, NULL, 0};
    tally_sent(t, 0, 0);
    tally_answer(t, 0, &a, &any);
}

TEST(slots_are_differences)
{
    struct slots s = {0};
    struct tally *t = tally_new();
    struct fk_hist *h = calloc(1, sizeof *h);
    CHECK(h);
    slots_take(&s, 0, 3, t);
    CHECK_INT(s.num, 0); /* nothing happened */
    answer(t, 100);
    answer(t, 100);
    slots_take(&s, 0, 3, t);
    answer(t, 50);
    slots_take(&s, 1, 3, t);
    slots_take(&s, 2, 3, t);
    CHECK_INT(s.num, 2);
    CHECK_INT(s.slots[0].ok, 2);
    CHECK_INT(s.slots[1].second, 1);
    CHECK_INT(s.slots[1].mix, 3);
    CHECK_INT(s.slots[1].sent, 1);
    slots_hist(&s.slots[1], h);
    CHECK_INT(h->count, 1);
    CHECK_INT(h->max, 50);
    slots_fini(&s);
    free(h);
    free(t);
}

/* Two players: their seconds become one, with the latencies of both. */
TEST(slots_of_several_players_add_up)
{
    struct slots all = {0}, one = {0}, two = {0};
    struct tally *t = tally_new(), *u = tally_new();
    struct fk_hist *h = calloc(1, sizeof *h);
    CHECK(h);
    answer(t, 10);
    slots_take(&one, 1, 0, t);
    answer(t, 20);
    slots_take(&one, 0, 1, t);
    answer(u, 90);
    slots_take(&two, 1, 0, u);
    slots_move(&all, &one);
    slots_move(&all, &two);
    CHECK_INT(one.num + two.num, 0);
    slots_sort(&all);
    CHECK_INT(all.num, 2);
    CHECK_INT(all.slots[0].second, 0);
    CHECK_INT(all.slots[1].ok, 2);
    slots_hist(&all.slots[1], h);
    CHECK_INT(h->count, 2);
    CHECK_INT(h->min, 10);
    CHECK_INT(h->max, 90);
    slots_fini(&all);
    free(h);
    free(u);
    free(t);
}

TEST(slots_of_nothing_are_empty)
{
    struct slots s = {0};
    slots_sort(&s);
    CHECK_INT(s.num, 0);
    slots_fini(&s);
}

TAP_MAIN
