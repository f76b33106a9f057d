/* Tokens, rights, hosts and rates. */
#include "common/clock.h"
#include "server/access.h"
#include "server/rate.h"
#include "server/routes.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The sums of "one" and "two". */
#define ONE "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
#define TWO "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"

TEST(tokens_are_found_by_their_hash)
{
    struct tokens t;
    struct fk_diag diag = {""};
    const char *text = "# comment\n\n  lab read,write * " ONE "\r\n"
                       "ops\tadmin blue " TWO " # the second";
    if (tokens_parse(&t, fk_slice_of(text), &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    CHECK_INT(t.count, 2);
    const struct token *lab = tokens_find(&t, FK_SLICE("one"));
    const struct token *ops = tokens_find(&t, FK_SLICE("two"));
    CHECK(lab && ops);
    CHECK_STR(lab->name, "lab");
    CHECK_STR(lab->tenant, "");
    CHECK_INT(lab->rights, RIGHT_READ | RIGHT_WRITE);
    CHECK_STR(ops->tenant, "blue");
    CHECK_INT(ops->rights, RIGHT_READ | RIGHT_WRITE | RIGHT_ADMIN);
    CHECK(!tokens_find(&t, FK_SLICE("")));
    CHECK(!tokens_find(&t, FK_SLICE("on")));
    CHECK(!tokens_find(&t, FK_SLICE(ONE)));
    tokens_fini(&t);
}

TEST(a_bad_line_is_named)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"\nlab read *", "line 2: it must have four words"},
        {"lab read * " ONE " x", "four words"},
        {"lab reads * " ONE, "the rights"},
        {"lab , * " ONE, "the rights"},
        {"lab read ../x " ONE, "the tenant"},
        {"lab read * 12", "the hash"},
        {"lab read * " ONE "0", "the hash"},
        {"lab read * G692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73"
         "ff431ed",
            "the hash"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tokens t;
        struct fk_diag diag = {""};
        CHECK_INT(
            tokens_parse(&t, fk_slice_of(rows[i].text), &diag), FK_ERR_FORMAT);
        if (!strstr(diag.text, rows[i].why))
            tap_fail(__FILE__, __LINE__, "%s", diag.text);
        tokens_fini(&t);
    }
}

TEST(a_file_that_others_can_read_is_refused)
{
    static const struct {
        unsigned mode;
        bool ok;
    } rows[] = {{0600, true}, {0400, true}, {0640, false}, {0604, false}};

    char path[] = "build/tokens.XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0 && write(fd, "a read * " ONE, 73) == 73);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tokens t;
        struct fk_diag diag = {""};
        CHECK_INT(fchmod(fd, rows[i].mode), 0);
        CHECK_INT(tokens_load(&t, path, &diag) == FK_OK, rows[i].ok);
        CHECK(rows[i].ok || strstr(diag.text, "chmod 600"));
        tokens_fini(&t);
    }
    close(fd);
    unlink(path);
    struct tokens t;
    CHECK_INT(tokens_load(&t, path, NULL), FK_ERR_ARG);
    CHECK_INT(tokens_load(&t, "build", NULL), FK_ERR_ARG);
}

TEST(what_routes_ask_of_a_token)
{
    static const struct {
        const char *method, *path;
        enum right right;
    } rows[] = {
        {"GET", "/ready", RIGHT_NONE},
        {"GET", "/metrics", RIGHT_READ},
        {"GET", "/", RIGHT_READ},
        {"GET", "/api/v1/status/config", RIGHT_ADMIN},
        {"GET", "/api/v1/status/config/diff", RIGHT_ADMIN},
        {"POST", "/ingest", RIGHT_WRITE},
        {"POST", "/push.v1.PusherService/Push", RIGHT_WRITE},
        {"POST", "/querier.v1.QuerierService/Series", RIGHT_READ},
        {"GET", "/pyroscope/render", RIGHT_READ},
        {"GET", "/api/annotations", RIGHT_READ},
        {"POST", "/api/annotations", RIGHT_WRITE},
        {"DELETE", "/api/annotations/x", RIGHT_WRITE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct request r = {.method = fk_slice_of(rows[i].method),
            .path = fk_slice_of(rows[i].path)};
        struct route_match m;
        routes_find(r.method, r.path, &m);
        CHECK(m.route);
        CHECK_INT(access_right(&r, m.route), rows[i].right);
    }
}

TEST(names_that_nobody_can_point_here)
{
    static const struct {
        const char *host;
        bool safe;
    } rows[] = {
        {"", true},
        {"localhost", true},
        {"localhost:4040", true},
        {"LOCALHOST:4040", true},
        {"127.0.0.1:4040", true},
        {"192.168.1.7", true},
        {"[::1]:4040", true},
        {"[fe80::1.2.3.4]", true},
        {"[evil.example]", false},
        {"1.2.3.x", false},
        {"server:4040", true},
        {"kit.localhost:1", true},
        {"laptop.local", true},
        {"laptop.local.", true},
        {"db.internal:80", true},
        {"evil.example", false},
        {"evil.example:4040", false},
        {"evil.example.", false},
        {"127.0.0.1.evil.example", false},
        {"localhost.evil.example:4040", false},
        {"notlocal.localhost.evil", false},
        {".local", false},
        {"1.2.3.4x.example", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (access_host_safe(fk_slice_of(rows[i].host)) != rows[i].safe)
            tap_fail(__FILE__, __LINE__, "%s", rows[i].host);
}

TEST(a_bucket_fills_with_time)
{
    static struct rate rate;
    const struct store_tenant *a = (void *)&rate, *b = (void *)&a;
    const int64_t s = FK_NS_PER_S;
    CHECK(rate_take(&rate, a, 60, 10, 100, 5 * s));
    CHECK(!rate_take(&rate, a, 60, 10, 100, 5 * s));
    CHECK(rate_take(&rate, b, 60, 10, 100, 5 * s));
    CHECK(rate_take(&rate, a, 40, 10, 100, 5 * s));
    CHECK(!rate_take(&rate, a, 11, 10, 100, 6 * s));
    CHECK(rate_take(&rate, a, 10, 10, 100, 6 * s));
    CHECK(!rate_take(&rate, a, 101, 10, 100, 600 * s)); /* never */
    CHECK(rate_take(&rate, a, 100, 10, 100, 600 * s));
}

TAP_MAIN
