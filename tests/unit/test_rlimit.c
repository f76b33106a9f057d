/* How many files a process may have open. */
#include "common/rlimit.h"

#include "tests/tap.h"

#include <limits.h>
#include <sys/resource.h>

static unsigned now(void)
{
    struct rlimit files;
    CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
    return (unsigned)files.rlim_cur;
}

TEST(rlimit_grows_as_far_as_it_may)
{
    struct rlimit files = {64, 256};
    CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);

    static const struct {
        unsigned most, got;
    } rows[] = {{32, 64}, {64, 64}, {128, 128}, {100, 128}, {UINT_MAX, 256}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(fk_rlimit_files(rows[i].most), rows[i].got);
        CHECK_INT(now(), rows[i].got);
    }
}

TAP_MAIN
