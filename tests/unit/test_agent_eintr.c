/* Pitfall 14: no call of the host comes back early because it is profiled. */
#include "agent/flamekit.h"

#include <errno.h>

#include "tests/agent_host.h"
#include "tests/blocking.h"
#include "tests/tap.h"

static void no_call_is_interrupted(unsigned types)
{
    flamekit_config c = host_config(1000);
    c.profile_types = types;
    c.wall_interval_ms = 1;
    blocking_init();
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_wait_sampled();
    unsigned interrupted = 0;
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < BLOCKING_CALLS; i++) {
            /* CPU between the calls, so that timers are about to expire. */
            host_burn(500000);
            errno = 0;
            if (blocking_calls[i].fn() < 0 && errno == EINTR) {
                tap_diag("EINTR from %s", blocking_calls[i].name);
                interrupted++;
            }
        }
    flamekit_shutdown();
    blocking_fini();
    CHECK_INT(interrupted, 0);
    if (types & FLAMEKIT_PROFILE_WALL)
        CHECK(host_stats().wall_looks > 20);
}

TEST(pitfall_14_no_call_returns_EINTR_under_cpu)
{
    no_call_is_interrupted(FLAMEKIT_PROFILE_CPU);
}

TEST(pitfall_14_no_call_returns_EINTR_under_cpu_and_wall)
{
    no_call_is_interrupted(FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL);
}

TAP_MAIN
