#include "loadgen/tally.h"

#include "common/clock.h"
#include "tests/tap.h"

#include <stdlib.h>

TEST(tally_counts_answers_by_what_was_expected)
{
    static const struct {
        enum engine_error error;
        int status;
        const char *body;
        struct tally_expect expect;
        bool ok;
    } rows[] = {
        {ENGINE_OK, 200, "", {0, NULL, 0}, true},
        {ENGINE_OK, 204, "", {0, NULL, 0}, true},
        {ENGINE_OK, 302, "", {0, NULL, 0}, false},
        {ENGINE_OK, 404, "", {0, NULL, 0}, false},
        {ENGINE_OK, 404, "", {404, NULL, 0}, true},
        {ENGINE_OK, 200, "", {404, NULL, 0}, false},
        {ENGINE_OK, 200, "has sha in it", {0, "sha", 0}, true},
        {ENGINE_OK, 200, "nothing", {0, "sha", 0}, false},
        {ENGINE_OK, 200, "1234", {0, NULL, 4}, true},
        {ENGINE_OK, 200, "12345", {0, NULL, 4}, false},
        {ENGINE_TIMEOUT, 0, "", {0, NULL, 0}, false},
        {ENGINE_RESET, 200, "", {0, NULL, 0}, false},
    };
    struct tally *t = tally_new();
    uint64_t ok = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct engine_answer a = {.error = rows[i].error,
            .status = rows[i].status,
            .body = fk_slice_of(rows[i].body),
            .bytes = strlen(rows[i].body),
            .sent_ns = 20,
            .done_ns = 30};
        tally_sent(t, 10, 20);
        tally_answer(t, 10, &a, &rows[i].expect);
        ok += rows[i].ok;
        CHECK_INT(t->ok, ok);
        CHECK_INT(t->failed, i + 1 - ok);
    }
    CHECK_INT(t->response.count, ok); /* failures do not mix into latency */
    CHECK_INT(t->response.max, 20);
    CHECK_INT(t->service.max, 10);
    CHECK_INT(t->wrong_content, 1);
    CHECK_INT(t->wrong_size, 1);
    CHECK_INT(t->error[ENGINE_TIMEOUT], 1);
    free(t);
}

TEST(tally_knows_late_from_in_time)
{
    struct tally *t = tally_new();
    tally_sent(t, 1000, 1000);
    tally_sent(t, 1000, 1000 + TALLY_LATE_MS * FK_NS_PER_MS);
    tally_sent(t, 1000, 1001 + TALLY_LATE_MS * FK_NS_PER_MS);
    tally_sent(t, 1000, 900); /* a clock may be a little ahead */
    CHECK_INT(t->sent, 4);
    CHECK_INT(t->late, 1);
    CHECK_INT(t->lateness.min, 0);
    free(t);
}

TEST(tally_merge_equals_one_tally_of_all)
{
    struct tally *parts[2] = {tally_new(), tally_new()}, *all = tally_new();
    struct tally *sum = tally_new();
    struct tally_expect any = {0, NULL, 0};
    for (int i = 0; i < 1000; i++) {
        struct engine_answer a = {
            .status = i % 10 ? 200 : 500, .done_ns = i * i, .bytes = 3};
        struct tally *both[] = {parts[i % 2], all};
        for (int n = 0; n < 2; n++) {
            tally_sent(both[n], 0, i);
            tally_answer(both[n], 0, &a, &any);
        }
    }
    tally_merge(sum, parts[0]);
    tally_merge(sum, parts[1]);
    CHECK_MEM(sum, sizeof *sum, all, sizeof *all);
    for (int i = 0; i < 2; i++)
        free(parts[i]);
    free(all);
    free(sum);
}

TAP_MAIN
