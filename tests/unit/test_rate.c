/* What a tenant may send: so much at once, and so much a second. */
#include "common/clock.h"
#include "server/rate.h"
#include "tests/tap.h"

static struct rate rate = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Tenants are told apart by their addresses alone. */
static char tenants[STORE_MAX_TENANTS + 1];

static const struct store_tenant *tenant(size_t i)
{
    return (const struct store_tenant *)&tenants[i];
}

TEST(rate_takes_a_burst_and_then_so_much_a_second)
{
    static const struct {
        int64_t at_ms;
        uint64_t bytes;
        bool taken;
    } rows[] = {
        {0, 201, false}, /* more than the burst, at any time */
        {0, 150, true},
        {0, 51, false}, /* what is refused costs nothing */
        {0, 50, true},
        {0, 1, false},
        {100, 11, false},
        {100, 10, true},
        {1099, 100, false},
        {1100, 100, true},
        {100000, 201, false}, /* no more than the burst is saved up */
        {100000, 200, true},
        {100000, 1, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tap_diag("row %zu", i);
        CHECK_INT(rate_take(&rate, tenant(0), rows[i].bytes, 100, 200,
                      FK_NS_PER_S + rows[i].at_ms * FK_NS_PER_MS),
            rows[i].taken);
    }
}

TEST(rate_is_each_tenants_own)
{
    for (size_t i = 0; i < STORE_MAX_TENANTS; i++)
        CHECK(rate_take(&rate, tenant(i), 200, 100, 200, FK_NS_PER_S));
    for (size_t i = 0; i < STORE_MAX_TENANTS; i++)
        CHECK(!rate_take(&rate, tenant(i), 1, 100, 200, FK_NS_PER_S));
}

TAP_MAIN
