#include "server/listen.h"

#include "common/clock.h"
#include "server/server.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void close_all(const struct listen_sockets *s)
{
    for (unsigned i = 0; i < s->count; i++)
        close(s->fd[i]);
}

TEST(localhost_is_both_loopbacks_on_one_port)
{
    struct listen_sockets s;
    struct fk_diag diag = {{0}};

    CHECK_INT(listen_open("localhost:0", &s, &diag), FK_OK);
    CHECK(s.count == 1 || s.count == 2);
    CHECK(!s.exposed);
    CHECK(strncmp(s.address, "127.0.0.1:", 10) == 0);
    CHECK(strtol(s.address + 10, NULL, 10) > 0);
    close_all(&s);
}

TEST(addresses_that_others_reach_are_known)
{
    struct listen_sockets s;

    CHECK_INT(listen_open("0.0.0.0:0", &s, NULL), FK_OK);
    CHECK(s.exposed);
    close_all(&s);
    CHECK_INT(listen_open("127.0.0.2:0", &s, NULL), FK_OK);
    CHECK(!s.exposed);
    close_all(&s);
}

TEST(a_taken_port_names_its_owner)
{
    struct listen_sockets s, t;
    struct fk_diag diag = {{0}};
    char text[64], owner[64];

    CHECK_INT(listen_open("127.0.0.1:0", &s, NULL), FK_OK);
    CHECK(listen_open(s.address, &t, &diag) != FK_OK);
    snprintf(text, sizeof(text), "(pid %d)", (int)getpid());
    CHECK(strstr(diag.text, text));
    CHECK(strstr(diag.text, "--listen"));
    close_all(&s);
    CHECK(!port_owner(1, owner, sizeof(owner)));
}

TEST(bad_addresses_are_explained)
{
    static const char *const rows[] = {"", "4040", "localhost", ":4040",
        "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "example.org:80",
        "127.0.0.1.1:80",
        "1111111111111111111111111111111111111111111111111111111:80"};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct listen_sockets s;
        struct fk_diag diag = {{0}};
        CHECK(listen_open(rows[i], &s, &diag) != FK_OK);
        CHECK(strstr(diag.text, "--listen"));
    }
}

TEST(options_have_defaults_and_a_window)
{
    static const struct {
        const char *window;
        enum fk_err err;
        int64_t ms;
    } rows[] = {
        {"off", FK_OK, 0},
        {"1h", FK_OK, 3600000},
        {"0", FK_OK, 0},
        {"soon", FK_ERR_ARG, 0},
    };
    struct server_options o;
    struct fk_diag diag = {{0}};
    char program[] = "flamekit-server";
    char *bare[] = {program, NULL};

    CHECK_INT(options_parse(&o, 1, bare, &diag), FK_OK);
    CHECK_STR(o.listen, "localhost:4040");
    CHECK_INT(o.live.limits.older_than_ns, 7 * 24 * 3600 * FK_NS_PER_S);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char option[] = "--ingest-window", value[16];
        char *argv[] = {program, option, value, NULL};
        snprintf(value, sizeof(value), "%s", rows[i].window);
        CHECK_INT(options_parse(&o, 3, argv, &diag), rows[i].err);
        if (rows[i].err == FK_OK)
            CHECK_INT(o.live.limits.older_than_ns, rows[i].ms * FK_NS_PER_MS);
    }
}

TAP_MAIN
