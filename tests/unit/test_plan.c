#include "loadgen/plan.h"

#include "common/clock.h"
#include "loadgen/compare.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

static const char *environment(const char *name)
{
    return strcmp(name, "TEST_SEED") == 0    ? "99"
           : strcmp(name, "TEST_LINES") == 0 ? "1\n2"
                                             : NULL;
}

/* The plan, or the text of its mistakes. */
static struct plan *parse(const char *text, char *mistakes, size_t size)
{
    struct fk_buf errors;
    struct plan *p;
    struct plan_source source = {"a/t.load", fk_slice_of(text), environment};
    fk_buf_init(&errors, 256 * 1024);
    enum fk_err err = plan_parse(&source, &p, &errors);
    CHECK((err == FK_OK) == (errors.len == 0));
    snprintf(mistakes, size, "%s", errors.len ? errors.ptr : "");
    fk_buf_fini(&errors);
    return p;
}

static struct plan *parse_good(const char *text)
{
    char mistakes[1024];
    struct plan *p = parse(text, mistakes, sizeof mistakes);
    CHECK_STR(mistakes, "");
    return p;
}

#define PHASE "[phase a]\nduration=1s\narrive=constant 1/s\nmix=healthz 1\n"

static const struct {
    const char *text, *mistakes;
} mistakes_of[] = {
    {"", "a/t.load:1:1: a plan needs at least one section [phase NAME]\n"},
    {"colour = red\n" PHASE,
        "a/t.load:1:1: unknown key \"colour\" in this section\n"},
    {"  seed  =  x\n" PHASE,
        "a/t.load:1:12: an integer from 0 to 9223372036854775807 is "
        "needed here\n"},
    {"seed = 1\nseed = 2\n" PHASE,
        "a/t.load:2:1: \"seed\" is there twice in this section\n"},
    {"seed = 1 2\n" PHASE, "a/t.load:1:10: \"2\" is too much here\n"},
    {"plan =\n" PHASE, "a/t.load:1:7: a value is missing after \"=\"\n"},
    {"plan = \"x\n" PHASE, "a/t.load:1:8: the quote is not closed\n"},
    {"gap = 5\n" PHASE,
        "a/t.load:1:7: a duration with a unit is needed here, such as "
        "30s or 250ms\n"},
    {"gap = 48h\n" PHASE, "a/t.load:1:7: at most 24h\n"},
    {"version = 2\n" PHASE,
        "a/t.load:1:11: an integer from 1 to 1 is needed here\n"},
    {"markers = maybe\n" PHASE,
        "a/t.load:1:11: one of these words is needed here: on hidden "
        "off\n"},
    {"abort_if = late > 5\n" PHASE,
        "a/t.load:1:19: a percentage is needed here, such as 5%\n"},
    {"abort_if = slow > 5%\n" PHASE,
        "a/t.load:1:12: \"late > 5%\" or \"errors > 5%\" is needed "
        "here\n"},
    {"seed = ${NOBODY}\n" PHASE,
        "a/t.load:1:8: the environment does not set NOBODY; give a "
        "default: ${NOBODY:-VALUE}\n"},
    {"seed = ${NOBODY\n" PHASE,
        "a/t.load:1:8: \"${\" is not closed by \"}\"\n"},
    {"seed = ${TEST_LINES}\n" PHASE,
        "a/t.load:1:8: the expanded value is too long or has a line "
        "end\n"},
    {"what is this\n" PHASE,
        "a/t.load:1:1: \"key = value\" or a [section] is needed here\n"},
    {"[phase\n" PHASE, "a/t.load:1:1: \"[\" is not closed by \"]\"\n"},
    {"[phase]\n" PHASE,
        "a/t.load:1:7: a name of letters, digits, \"-\" and \"_\" is "
        "needed here, at most 63\n"},
    {"[phase a b]\n" PHASE, "a/t.load:1:10: \"b\" is too much here\n"},
    {"[stage a]\nx = 1\n" PHASE,
        "a/t.load:1:2: unknown section; known are [phase NAME], "
        "[endpoint NAME], [region NAME] and [thresholds]\n"},
    {PHASE PHASE, "a/t.load:5:8: phase a is there already, in line 1\n"},
    {"[phase a]\nmix = healthz 1\n",
        "a/t.load:1:1: this section needs a line \"duration = ...\"\n"
        "a/t.load:1:1: this section needs a line \"arrive = ...\"\n"},
    {"[phase a]\nduration=0s\narrive=constant 1/s\nmix=healthz 1\n",
        "a/t.load:2:10: a phase lasts longer than 0\n"},
    {"[phase a]\nduration=1s\narrive=constant 20\nmix=healthz 1\n",
        "a/t.load:3:17: a rate with a unit is needed here, such as "
        "20/s\n"},
    {"[phase a]\nduration=1s\narrive=constant 0/s\nmix=healthz 1\n",
        "a/t.load:3:17: a rate above 0 is needed here\n"},
    {"[phase a]\nduration=1s\narrive=constant 1/s..2/s\nmix=healthz 1\n",
        "a/t.load:3:17: one rate, not a range\n"},
    {"[phase a]\nduration=1s\narrive=clients 0\nmix=healthz 1\n",
        "a/t.load:3:16: an integer from 1 to 1000 is needed here\n"},
    {"[phase a]\nduration=1s\narrive=constant 1/s\n",
        "a/t.load:1:1: phase a needs a line \"mix = ...\", or endpoints "
        "with a weight\n"},
    {"[phase a]\nduration=1s\narrive=constant 1/s\nmix=nothing 1\n",
        "a/t.load:4:5: there is no endpoint \"nothing\"; add a section "
        "[endpoint nothing]\n"},
    {"[phase a]\nduration=1s\narrive=constant 1/s\nmix=hash 1, hash 2\n",
        "a/t.load:4:13: this endpoint is there twice\n"},
    {"[phase a]\nduration=1s\narrive=constant 1/s\nmix=hash\n",
        "a/t.load:4:9: an integer from 1 to 1000 is needed here\n"},
    {"[phase a]\nduration=1s\narrive=constant 1/s\n"
     "mix=hash 999, index 998\n",
        "a/t.load:1:1: the weights of phase a add up to more than 1000; "
        "use percentages\n"},
    {PHASE "keys = 5\n",
        "a/t.load:5:9: one of these words is needed here: uniform "
        "zipf\n"},
    {PHASE "keys = 5 zipf\n",
        "a/t.load:5:14: a number from 0 to 10 is needed here\n"},
    {PHASE "[endpoint x]\nweight = 1\n",
        "a/t.load:5:1: this section needs a line \"get = /path\" or "
        "\"post = /path\"\n"},
    {PHASE "[endpoint x]\nget = http://else/where\n",
        "a/t.load:6:7: a path starts with \"/\"; the host is the "
        "target's\n"},
    {PHASE "[endpoint x]\nget = /{{nope}}\n",
        "a/t.load:6:8: unknown place {{nope}}; known are key, seq, rand, "
        "choice, uuid\n"},
    {PHASE "[endpoint x]\nget = /a/{{rand 9 1}}\n",
        "a/t.load:6:10: {{rand}} takes two integers, the smaller one "
        "first\n"},
    {PHASE "[endpoint x]\nget = /{{seq\n",
        "a/t.load:6:8: \"{{\" is not closed by \"}}\"\n"},
    {PHASE "[endpoint x]\nget = /\npost = /\n",
        "a/t.load:7:8: an endpoint has one \"get\" or one \"post\"\n"},
    {PHASE "[endpoint x]\nget = /\nexpect = status\n",
        "a/t.load:7:16: an integer from 100 to 599 is needed here\n"},
    {PHASE "[endpoint x]\nget = /\nweight = 1\nphases = a, z\n",
        "a/t.load:8:13: there is no phase \"z\"\n"},
    {PHASE "[thresholds]\nspeed < 1%\n",
        "a/t.load:6:1: unknown metric; known are errors late rate p50 "
        "p90 p95 p99 p99.9 mean max\n"},
    {PHASE "[thresholds]\np99 < 5%\n",
        "a/t.load:6:7: a duration with a unit is needed here, such as "
        "30s or 250ms\n"},
    {PHASE "[thresholds]\nerrors = 5%\n",
        "a/t.load:6:8: one of these words is needed here: < <= > >=\n"},
    {PHASE "[thresholds]\nz.p99 < 5s\n",
        "a/t.load:6:1: \"z\" is neither a phase nor an endpoint of this "
        "plan\n"},
    {PHASE "repeat = 0\n",
        "a/t.load:5:10: an integer from 1 to 64 is needed here\n"},
    {PHASE "repeat = 2\n[phase a-2]\nduration=1s\narrive=constant 1/s\n"
           "mix=index 1\n",
        "a/t.load:1:1: the repeats of a need the name a-2, which another "
        "phase has\n"},
    {PHASE "with = header x\n",
        "a/t.load:5:15: header \"NAME: VALUE\" is needed here\n"},
    {PHASE "region = north 1\n", "a/t.load:5:10: there is no [region north]\n"},
    {PHASE "[region north]\ntarget = http://n\n",
        "a/t.load:1:1: phase a needs a line \"region = NAME WEIGHT, ...\", "
        "as the plan has regions\n"},
    {PHASE "region = n 1, n 2\n[region n]\ntarget = http://n\n",
        "a/t.load:5:15: this region is there twice\n"},
    {PHASE "[region n]\n",
        "a/t.load:5:1: this section needs a line \"target = ...\"\n"
        "a/t.load:1:1: phase a needs a line \"region = NAME WEIGHT, ...\", "
        "as the plan has regions\n"},
    {"\xff\n" PHASE, "a/t.load:1:1: the line is not UTF-8\n"},
};

TEST(plan_says_every_mistake_with_its_place)
{
    for (size_t i = 0; i < sizeof mistakes_of / sizeof *mistakes_of; i++) {
        char mistakes[1024];
        struct plan *p = parse(mistakes_of[i].text, mistakes, sizeof mistakes);
        CHECK_STR(mistakes, mistakes_of[i].mistakes);
        plan_free(p);
    }
}

TEST(plan_reads_everything_it_knows)
{
    struct plan *p = parse_good(
        "# a plan\n"
        "plan     = timeline # the name\n"
        "version  = 1\n"
        "instance = night\n"
        "target   = \"http://x:1/#not-a-comment\"\n"
        "seed     = ${TEST_SEED:-7}\n"
        "markers  = hidden\n"
        "snap = 5s\ndrain = 250ms\ngap = 1m\ntimeout = 3s\n"
        "max_inflight = 64\n"
        "requests_per_connection = 5\n"
        "abort_if = late > 5% or errors > 2.5%\n"
        "\n"
        "[phase calm]\r\n"
        "duration = 1m30s\r\n"
        "arrive   = ramp 5/s..50/s\n"
        "offset   = uniform 10s..70s\n"
        "label    = \"a # b\"\n"
        "before   = fault cache=cold\n"
        "expect   = samples >= 600, share(compute_hash) >= 70%\n"
        "mix      = primes_slow 90, own 10\n"
        "keys     = 1000 zipf 1.1\n"
        "timeout  = 1s\n"
        "record   = no\n"
        "[phase b]\n"
        "duration = 2s\n"
        "arrive   = clients 8 think 10ms\n"
        "keys     = unique\n"
        "[endpoint own]\n"
        "post     = /x/{{choice a b}}/{{seq}}?r={{rand -5 5}}\n"
        "body     = {\"k\":\"{{key}}\",\"u\":\"{{uuid}}\"}\n"
        "weight   = 3\n"
        "phases   = b\n"
        "expect   = status 201, body contains \"sha, 256\", body <= 4KB\n"
        "[thresholds]\n"
        "errors < 1%\n"
        "own.p99.9 <= 1m # slow\n");
    CHECK_STR(p->name, "timeline");
    CHECK_STR(p->instance, "night");
    CHECK_STR(p->target, "http://x:1/#not-a-comment");
    CHECK_INT(p->seed, 99);
    CHECK_INT(p->markers, MARKERS_HIDDEN);
    CHECK_INT(p->drain_ns, 250 * FK_NS_PER_MS);
    CHECK(p->abort_late == 0.05 && p->abort_errors == 0.025);
    CHECK_INT(p->num_phases, 2);
    const struct plan_phase *a = &p->phases[0], *b = &p->phases[1];
    CHECK_INT(a->duration_ns, 90 * FK_NS_PER_S);
    CHECK_INT(a->arrive.kind, ARRIVE_RAMP);
    CHECK(a->arrive.rate == 5 && a->arrive.rate_end == 50);
    CHECK_INT(a->offset_max_ns, 70 * FK_NS_PER_S);
    CHECK_STR(a->label, "a # b");
    CHECK_STR(a->before, "cache=cold");
    CHECK_STR(a->expect, "samples >= 600, share(compute_hash) >= 70%");
    CHECK_INT(a->num_mix, 2);
    CHECK_INT(a->block, 100);
    CHECK_INT(a->keys.kind, KEYS_ZIPF);
    CHECK(!a->record && b->record);
    CHECK_INT(b->arrive.clients, 8);
    CHECK_INT(b->arrive.think_ns, 10 * FK_NS_PER_MS);
    CHECK_INT(b->num_mix, 1); /* by its weight and its list of phases */
    const struct plan_endpoint *e = &p->endpoints[0];
    CHECK(e->post && e->body.num_parts == 5);
    CHECK_INT(e->expect_status, 201);
    CHECK_STR(e->expect_content, "sha, 256");
    CHECK_INT(e->expect_bytes, 4096);
    CHECK_INT(p->per_connection, 5);
    CHECK_INT(p->num_thresholds, 2);
    CHECK_STR(p->thresholds[1].scope, "own");
    CHECK_INT(p->thresholds[1].metric, METRIC_P999);
    CHECK(p->thresholds[1].value == 60e9);
    plan_free(p);
}

TEST(plan_has_defaults)
{
    struct plan *p = parse_good(PHASE);
    CHECK_STR(p->name, "t"); /* of the file */
    CHECK_STR(p->target, "");
    CHECK_INT(p->max_inflight, 256);
    CHECK_INT(p->phases[0].keys.count, 100);
    CHECK(p->abort_late == 1);
    plan_free(p);
}

TEST(plan_blocks_keep_proportions_exact)
{
    static const struct {
        const char *mix;
        uint32_t block, first;
    } rows[] = {
        {"hash 1", 100, 100},
        {"hash 1, index 1, healthz 1", 99, 33},
        {"hash 20, index 20, healthz 60", 100, 20},
        {"hash 40, index 80", 99, 33},
        {"hash 101, index 1", 102, 101},
        {"hash 999, index 1", 1000, 999},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text,
            "[phase a]\nduration=1s\narrive=constant 1/s\nmix=%s\n",
            rows[i].mix);
        struct plan *p = parse_good(text);
        CHECK_INT(p->phases[0].block, rows[i].block);
        CHECK_INT(p->phases[0].mix[0].weight, rows[i].first);
        plan_free(p);
    }
}

TEST(plan_refuses_what_grows_without_end)
{
    char mistakes[65536];
    size_t size = 3u << 20;
    char *text = malloc(size), *at = text;
    CHECK(text);
    for (int i = 0; i < 70; i++)
        at += snprintf(at, 200,
            "[phase p%d]\nduration=1s\narrive=constant 1/s\nmix=hash 1\n", i);
    plan_free(parse(text, mistakes, sizeof mistakes));
    CHECK(strstr(mistakes, "more than 64 phases"));

    memset(text, 'x', PLAN_MAX_LINE + 1);
    text[PLAN_MAX_LINE + 1] = '\0';
    plan_free(parse(text, mistakes, sizeof mistakes));
    CHECK(strstr(mistakes, "t.load:1:1: the line is longer than 64 KB\n"));

    memset(text, '\n', PLAN_MAX_TEXT + 1);
    text[PLAN_MAX_TEXT + 1] = '\0';
    plan_free(parse(text, mistakes, sizeof mistakes));
    CHECK(strstr(mistakes, "the plan is longer than 1 MB\n"));

    for (int i = 0; i < 1000; i++)
        memcpy(text + 4 * i, "x=1\n", 5);
    plan_free(parse(text, mistakes, sizeof mistakes));
    int lines = 0;
    for (const char *c = mistakes; *c; c++)
        lines += *c == '\n';
    CHECK_INT(lines, 50);
    free(text);
}

TEST(plan_stretches_and_speeds_up)
{
    struct plan *p =
        parse_good("gap=10s\n[phase a]\nduration=20s\n"
                   "arrive=constant 6/s\nmix=hash 1\n[phase b]\nduration=40s\n"
                   "arrive=clients 2 think 100ms\nmix=hash 1\n");
    plan_stretch(p, 30 * FK_NS_PER_S);
    CHECK_INT(p->phases[0].duration_ns, 10 * FK_NS_PER_S);
    CHECK_INT(p->phases[1].duration_ns, 20 * FK_NS_PER_S);
    CHECK_INT(p->gap_ns, 5 * FK_NS_PER_S);
    CHECK(p->phases[0].arrive.rate == 6);
    uint64_t digest = plan_digest(p);
    plan_speed_up(p, 4);
    CHECK_INT(p->phases[0].duration_ns, 2500 * FK_NS_PER_MS);
    CHECK(p->phases[0].arrive.rate == 24);
    CHECK_INT(p->phases[1].arrive.think_ns, 25 * FK_NS_PER_MS);
    CHECK(plan_digest(p) != digest);
    plan_free(p);
}

TEST(plan_repeats_are_phases_of_their_own)
{
    struct plan *p = parse_good(PHASE "repeat = 3\n[phase b]\nduration=1s\n"
                                      "arrive=constant 1/s\nmix=index 1\n"
                                      "[thresholds]\na-3.errors < 1%\n");
    static const char *const names[] = {"a", "a-2", "a-3", "b"};
    CHECK_INT(p->num_phases, 4);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_STR(p->phases[i].name, names[i]);
        CHECK_INT(p->phases[i].num_mix, 1);
        CHECK_INT(p->phases[i].repeat, 1);
    }
    plan_free(p);
}

TEST(plan_keeps_the_proportions_of_endpoints_and_regions)
{
    struct plan *p = parse_good(
        "[region north]\ntarget = http://n:1\n"
        "[region south]\ntarget = http://s:1\n"
        "[phase a]\nduration=1s\narrive=constant 1/s\nmix=hash 30, index 10\n"
        "region = north 25, south 75\nwith = header \"X-Seat: 7\"\n"
        "stop_on = ask\n");
    const struct plan_phase *a = &p->phases[0];
    uint32_t hash = 0, south = 0;
    CHECK_INT(a->num_mix, 4);
    for (uint32_t i = 0; i < a->num_mix; i++) {
        if (a->mix[i].endpoint == a->mix[0].endpoint)
            hash += a->mix[i].weight;
        if (a->mix[i].region == 1)
            south += a->mix[i].weight;
    }
    CHECK_INT(hash * 4, a->block * 3);
    CHECK_INT(south * 4, a->block * 3);
    CHECK_STR(a->header, "X-Seat: 7");
    CHECK(a->ask);
    CHECK_STR(p->regions[1].target, "http://s:1");
    plan_free(p);
}

TEST(plans_are_compared_line_by_line)
{
    static const struct {
        const char *old, *new, *differences;
    } rows[] = {
        {PHASE, PHASE, "no difference\n"},
        {PHASE, PHASE "keys = unique\n",
            "  phase a\n-   keys = 100 uniform\n+   keys = unique\n"},
        {PHASE, PHASE "[thresholds]\np99 < 5s\n", "+ threshold p99 < 5s\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan *old = parse_good(rows[i].old);
        struct plan *new = parse_good(rows[i].new);
        struct fk_buf out;
        fk_buf_init(&out, 65536);
        CHECK(compare_print(old, new, &out) == (i > 0));
        CHECK_STR(out.ptr, rows[i].differences);
        fk_buf_fini(&out);
        plan_free(old);
        plan_free(new);
    }
}

TAP_MAIN
