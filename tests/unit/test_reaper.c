/* Deadlines of connections, and who goes first where there are too many. */
#include "server/reaper.h"

#include "common/clock.h"
#include "tests/tap.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEVER_NS (3600 * FK_NS_PER_S)

enum { SOCKETS = 5 };

static struct reaper *reaper;
static struct reaper_entry *entry[SOCKETS];
static int near[SOCKETS], far[SOCKETS];
static _Atomic uint64_t count;

static void watch(int i, int64_t for_ns)
{
    int pair[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    near[i] = pair[0];
    far[i] = pair[1];
    entry[i] = reaper_watch(reaper, near[i], for_ns);
    CHECK(entry[i]);
}

static bool is_shut(int i, int wait_ms)
{
    struct pollfd p = {far[i], POLLIN | POLLRDHUP, 0};
    return poll(&p, 1, wait_ms) > 0;
}

static void forget_all(int n)
{
    for (int i = 0; i < n; i++) {
        reaper_forget(reaper, entry[i]);
        close(near[i]);
        close(far[i]);
    }
    reaper_stop(reaper);
}

TEST(reaper_shuts_what_is_past_its_deadline)
{
    CHECK_INT(reaper_start(SOCKETS, &count, &reaper), FK_OK);
    for (int i = 0; i < SOCKETS; i++)
        watch(i, NEVER_NS);
    reaper_arm(reaper, entry[2], 0);
    reaper_arm(reaper, entry[3], 1);
    CHECK(is_shut(3, 30000));
    reaper_arm(reaper, entry[3], 1); /* once is enough */
    for (int i = 0; i < SOCKETS; i++)
        CHECK(is_shut(i, 0) == (i == 3));
    reaper_arm(reaper, entry[4], 1);
    CHECK(is_shut(4, 30000));
    CHECK_INT(count, 2);
    forget_all(SOCKETS);
}

/* Two may be open of five: three go, but not the one for which we work. */
TEST(reaper_makes_room_with_those_who_waited_longest)
{
    CHECK_INT(reaper_start(2, &count, &reaper), FK_OK);
    watch(0, NEVER_NS);
    reaper_arm(reaper, entry[0], 0);
    for (int i = 1; i < SOCKETS; i++)
        watch(i, NEVER_NS);
    CHECK(is_shut(1, 30000));
    CHECK(is_shut(2, 30000));
    CHECK(is_shut(3, 30000));
    /* Also while their owners have not closed them yet. */
    fk_sleep_until_mono(fk_mono_ns() + 2 * REAPER_LEAST_NS);
    CHECK(!is_shut(0, 0));
    CHECK(!is_shut(4, 0));
    CHECK_INT(count, 3);
    forget_all(SOCKETS);
}

TEST(reaper_leaves_alone_whoever_is_no_crowd)
{
    CHECK_INT(reaper_start(2, &count, &reaper), FK_OK);
    watch(0, NEVER_NS);
    watch(1, NEVER_NS);
    fk_sleep_until_mono(fk_mono_ns() + 2 * REAPER_LEAST_NS);
    CHECK(!is_shut(0, 0));
    CHECK(!is_shut(1, 0));
    CHECK_INT(count, 0);
    forget_all(2);
}

TAP_MAIN
