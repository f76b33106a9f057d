/* What only the store on disk promises: that it is still there. */
#include "common/clock.h"
#include "tests/store_fixture.h"
#include "tests/tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL        "{}"
#define APP_A      "service_name=a,__profile_type__=cpu"
#define T0         1700000000000ll /* 2023-11-14 22:13:20 UTC */
#define ONE_DAY_MS 86400000ll

static void open_new(struct fx *fx)
{
    fx_init(fx, &store_sqlite_ops);
    fx_open(fx);
}

static void reopen(struct fx *fx)
{
    fx_close(fx);
    fx_open(fx);
}

TEST(reopening_keeps_all)
{
    struct fx fx;
    open_new(&fx);
    for (int i = 0; i < 300; i++) {
        char folded[128], labels[64];
        snprintf(folded, sizeof folded, "main;f%d;g%d;h%d 5\nmain;f%d 2", i,
            i * 7, i * 13, i / 2);
        snprintf(labels, sizeof labels, "service_name=app%d,pod=p\"%d", i % 3,
            i % 10);
        CHECK_INT(fx_put(&fx, labels, T0 + i * ONE_DAY_MS / 100, folded), 0);
    }
    CHECK_INT(fx_doc(&fx, "d1", T0, 0, "{\"x\":1}"), 0);
    char *merged = strdup(fx_merge(&fx, ALL, 0, T0 * 2));
    char *series = strdup(fx_series(&fx, ALL, 0, 0));
    char *timeline = strdup(fx_timeline(&fx, ALL, 0, T0 * 2));
    for (int i = 0; i < 3; i++) {
        reopen(&fx);
        CHECK_STR(fx_merge(&fx, ALL, 0, T0 * 2), merged);
        CHECK_STR(fx_series(&fx, ALL, 0, 0), series);
        CHECK_STR(fx_timeline(&fx, ALL, 0, T0 * 2), timeline);
        CHECK_STR(fx_docs(&fx, "note", 0, 0), "d1@1700000000000-0:{\"x\":1}");
    }
    /* The tries go on where they were. */
    CHECK_INT(fx_put(&fx, "service_name=app0", T0, "main;f0;g0;h0 5"), 0);
    CHECK_INT(fx_put(&fx, "service_name=app0", T0, "main;new;new 1"), 0);
    reopen(&fx);
    CHECK_STR(fx_merge(&fx, "{service_name=\"app0\",pod=\"\"}", T0, T0 + 1),
        "main;f0;g0;h0 5\nmain;new;new 1");
    free(merged);
    free(series);
    free(timeline);
    fx_fini(&fx);
}

TAP_MAIN
