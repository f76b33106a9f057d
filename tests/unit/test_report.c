/* Reports are written, read and added up without a request getting lost. */
#include "loadgen/report.h"

#include "common/rng.h"
#include "loadgen/summary.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

static void fill(struct tally *t, uint64_t seed)
{
    struct tally_expect any = {0, NULL, 0};
    for (uint64_t i = 0; i < 3000; i++) {
        uint64_t draw = fk_rng_at(seed, i);
        int64_t due = (int64_t)(draw >> 40), sent = due + (int64_t)(draw % 999);
        struct engine_answer a = {.error = i % 50 ? ENGINE_OK : ENGINE_RESET,
            .status = i % 20 ? 200 : 503,
            .sent_ns = sent,
            .done_ns = sent + (int64_t)(draw % 77777777),
            .bytes = draw % 100,
            .new_connection = i % 7 == 0,
            .connect_ns = i % 7 ? 0 : (int64_t)(draw % 5000),
            .tls_ns = i % 7 ? 0 : (int64_t)(draw % 9000),
            .first_byte_ns = i % 7 ? 0 : (int64_t)(draw % 99999)};
        tally_sent(t, due, sent);
        tally_answer(t, due, &a, &any);
        t->requests += draw;
    }
    t->dropped = seed;
}

static struct report *example(uint64_t seed, int64_t from_ms)
{
    struct report *r = report_new();
    snprintf(r->id, sizeof r->id, "run-%d", (int)seed);
    snprintf(r->plan, sizeof r->plan, "plan");
    snprintf(r->target, sizeof r->target, "http://a\"b:1");
    r->seed = seed;
    r->digest = UINT64_C(0xfedcba9876543210);
    r->sender_cpu_s = 0.125;
    struct report_row *phase = report_row(&r->phases, "phase");
    fill(phase->tally, seed);
    phase->from_ms = from_ms;
    phase->sent_until_ms = from_ms + 2000;
    phase->until_ms = from_ms + 2100;
    phase->seconds = 2;
    phase->planned = 3000;
    tally_merge(r->all.tally, phase->tally);
    tally_merge(report_row(&r->endpoints, "x")->tally, phase->tally);
    r->thresholds[r->num_thresholds++] =
        (struct report_threshold){"errors < 9%", "7%", seed != 2};
    return r;
}

static void write_json(const struct report *r, struct fk_buf *out)
{
    fk_buf_init(out, REPORT_MAX_TEXT);
    summary_json(r, out);
    CHECK_INT(out->err, FK_OK);
}

TEST(report_reads_what_was_written)
{
    struct report *r = example(1, 1000), *again = NULL;
    struct fk_buf first, second;
    struct fk_diag diag = {""};
    write_json(r, &first);
    CHECK_INT(report_read(fk_buf_slice(&first), &again, &diag), FK_OK);
    write_json(again, &second);
    CHECK_STR(second.ptr, first.ptr);
    for (int i = 0; i < TALLY_HISTS; i++)
        CHECK_MEM(&again->all.tally->hist[i], sizeof(struct fk_hist),
            &r->all.tally->hist[i], sizeof(struct fk_hist));
    fk_buf_fini(&first);
    fk_buf_fini(&second);
    report_free(again);
    report_free(r);
}

TEST(report_merge_equals_one_report_of_all)
{
    struct report *a = example(1, 1000), *b = example(2, 2500), *read = NULL;
    struct tally *sum = tally_new();
    struct fk_buf text;
    struct fk_diag diag = {""};
    fill(sum, 1);
    fill(sum, 2);
    sum->dropped = 1 + 2;
    write_json(b, &text);
    CHECK_INT(report_read(fk_buf_slice(&text), &read, &diag), FK_OK);
    CHECK_INT(report_merge(a, read, &diag), FK_OK);
    struct tally *got[] = {
        a->all.tally, a->phases.row[0].tally, a->endpoints.row[0].tally};
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(got[i]->sent, 6000);
        CHECK_INT(got[i]->ok, sum->ok);
        CHECK_INT(got[i]->dropped, sum->dropped);
        CHECK_INT(got[i]->requests, sum->requests);
        CHECK_INT(got[i]->status[503], sum->status[503]);
        for (int h = 0; h < TALLY_HISTS; h++)
            CHECK_MEM(got[i]->hist[h].bucket, sizeof sum->hist[h].bucket,
                sum->hist[h].bucket, sizeof sum->hist[h].bucket);
        CHECK_INT(got[i]->response.max, sum->response.max);
        CHECK_INT(got[i]->response.min, sum->response.min);
    }
    CHECK_INT(a->runs, 2);
    CHECK_INT(a->seed, 0); /* no longer one */
    CHECK_STR(a->thresholds[0].measured, "7%, 7%");
    CHECK(!a->thresholds[0].held);
    fk_buf_fini(&text);
    free(sum);
    report_free(read);
    report_free(b);
    report_free(a);
}

/* Beside each other, one in the other, one after the other, of one instant. */
TEST(report_merge_counts_a_second_once)
{
    static const struct {
        int64_t from_ms, sent_until_ms;
        double seconds;
    } rows[] = {{1500, 3500, 2.5}, {1200, 2500, 2}, {3000, 4000, 3},
        {9000, 9500, 2.5}, {1000, 3000, 2}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report *a = example(1, 1000), *b = example(1, rows[i].from_ms);
        struct report_row *phase = &b->phases.row[0];
        struct fk_diag diag = {""};
        tap_diag("row %zu", i);
        phase->sent_until_ms = rows[i].sent_until_ms;
        phase->seconds =
            (double)(rows[i].sent_until_ms - rows[i].from_ms) / 1000;
        CHECK_INT(report_merge(a, b, &diag), FK_OK);
        CHECK(a->phases.row[0].seconds == rows[i].seconds);
        CHECK(report_rate(&a->phases.row[0]) == 6000 / rows[i].seconds);
        report_free(a);
        report_free(b);
    }
}

TEST(report_merge_refuses_another_plan)
{
    struct report *a = example(1, 1000), *b = example(2, 1000);
    struct fk_diag diag = {""};
    snprintf(b->plan, sizeof b->plan, "other");
    CHECK_INT(report_merge(a, b, &diag), FK_ERR_ARG);
    CHECK(strstr(diag.text, "same plan"));
    report_free(a);
    report_free(b);
}

TEST(report_refuses_what_is_damaged)
{
#define HIST(text) "{\"version\":1,\"all\":{\"response\":{" text "}}}"

    static const struct {
        const char *json, *why;
    } rows[] = {
        {"", "not JSON"},
        {"{\"version\":1", "not JSON"},
        {"[]", "version"},
        {"{}", "version"},
        {"{\"version\":2}", "version"},
        {HIST("\"count\":1"), "add up"},
        {HIST("\"count\":1,\"buckets\":[[9,2]]"), "add up"},
        {HIST("\"count\":1,\"buckets\":[[7424,1]]"), "out of range"},
        {HIST("\"count\":1,\"buckets\":[[-1,1]]"), "out of range"},
        {HIST("\"count\":1,\"buckets\":[[0,-1]]"), "out of range"},
        {HIST("\"count\":1,\"buckets\":[[0,1,2]]"), "out of range"},
        {HIST("\"count\":1,\"buckets\":[[0,9999999999999]]"), "out of range"},
        {HIST("\"count\":1,\"buckets\":[[0,1]],\"minNs\":5"), "add up"},
        {"{\"version\":1,\"all\":{\"sent\":1,\"ok\":2}}", "more was answered"},
        {"{\"version\":1,\"all\":{\"sent\":9999999999999}}", "too large"},
        {"{\"version\":1,\"phases\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
            "twice"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report *r = NULL;
        struct fk_diag diag = {""};
        tap_diag("row %zu", i);
        CHECK_INT(
            report_read(fk_slice_of(rows[i].json), &r, &diag), FK_ERR_FORMAT);
        CHECK(!r && strstr(diag.text, rows[i].why));
    }
}

static void append(void *arg, const char *sentence)
{
    fk_buf_adds(arg, sentence);
}

/* Who made the requests late: this machine, whose cores were busy, or the
 * service, for which they had to queue? */
TEST(report_says_who_made_requests_late)
{
    static const struct {
        double wait_s;
        const char *said, *not_said;
    } rows[] = {{1, "this machine is busy", "cannot keep up"},
        {0.001, "cannot keep up", "this machine is busy"}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report *r = report_new();
        struct tally *t = r->all.tally;
        struct fk_buf out;
        fk_buf_init(&out, REPORT_MAX_TEXT);
        report_row(&r->phases, "a")->seconds = 2;
        r->sender_wait_s = rows[i].wait_s;
        fk_hist_add_many(&t->lateness, 90000000, 100);
        fk_hist_add_many(&t->response, 95000000, 100);
        fk_hist_add_many(&t->service, 5000000, 100);
        summary_notes(r, append, &out);
        CHECK(strstr(out.ptr, rows[i].said));
        CHECK(!strstr(out.ptr, rows[i].not_said));
        fk_buf_fini(&out);
        report_free(r);
    }
}

static void count_sentence(void *arg, const char *sentence)
{
    ++*(int *)arg;
    CHECK(strlen(sentence) > 10 && sentence[strlen(sentence) - 1] == '.');
}

TEST(report_is_written_in_every_form_also_when_it_is_empty)
{
    static summary_writer *const forms[] = {
        summary_text, summary_html, summary_json, summary_hgrm};
    struct report *reports[] = {report_new(), example(1, 1000)};
    for (size_t i = 0; i < 2; i++) {
        int sentences = 0;
        summary_notes(reports[i], count_sentence, &sentences);
        CHECK(sentences >= 1);
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            struct fk_buf out;
            fk_buf_init(&out, REPORT_MAX_TEXT);
            forms[f](reports[i], &out);
            CHECK_INT(out.err, FK_OK);
            CHECK(out.len > 100 && !strstr(out.ptr, "nan"));
            /* A stranger's quotes are no markup. */
            CHECK(forms[f] != summary_html || !strstr(out.ptr, "a\"b"));
            fk_buf_fini(&out);
        }
        report_free(reports[i]);
    }
}

TAP_MAIN
