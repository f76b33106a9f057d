/* Both engines against a service that answers by a script: the same requests,
 * the same outcomes. */
#include "loadgen/engine.h"

#include "common/clock.h"
#include "tests/scripted.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK       "HTTP/1.1 200 OK\r\n"
#define CHUNKED  OK "Transfer-Encoding: chunked\r\n\r\n"
#define PATIENCE (10 * FK_NS_PER_S)

enum { LARGE = 300 * 1000 };

static const enum engine_kind kinds[] = {ENGINE_FAST, ENGINE_CURL};

/* ---- the client ---- */

struct client {
    struct engine *engine;
    struct engine_target target;
    unsigned per_connection; /* before it is opened */
    unsigned answers;
    void *order[3]; /* owners of the first answers */
    struct engine_answer last;
    char body[ENGINE_BODY_KEPT + 1];
};

static void on_answer(void *arg, const struct engine_answer *a)
{
    struct client *c = arg;
    if (c->answers < sizeof c->order / sizeof *c->order)
        c->order[c->answers] = a->owner;
    c->answers++;
    c->last = *a;
    CHECK(a->body.len <= ENGINE_BODY_KEPT);
    if (a->body.len)
        memcpy(c->body, a->body.ptr, a->body.len);
    c->body[a->body.len] = '\0';
}

static void client_open(struct client *c, enum engine_kind kind,
    const char *url, unsigned max_inflight)
{
    struct fk_diag diag = {""};
    *c = (struct client){
        .target = {url, "127.0.0.1"}, .per_connection = c->per_connection};
    struct engine_config config = {.kind = kind,
        .targets = &c->target,
        .num_targets = 1,
        .max_inflight = max_inflight,
        .per_connection = c->per_connection,
        .on_answer = on_answer,
        .arg = c};
    CHECK_INT(engine_open(&config, &c->engine, &diag), FK_OK);
}

static void client_wait(struct client *c, unsigned answers)
{
    int64_t deadline = fk_mono_ns() + PATIENCE;
    while (c->answers < answers && fk_mono_ns() < deadline)
        engine_run(c->engine, deadline);
    CHECK_INT(c->answers, answers);
}

static void client_ask(struct client *c, struct engine_request request)
{
    if (!request.timeout_ns)
        request.timeout_ns = PATIENCE;
    request.now_ns = fk_mono_ns();
    CHECK_INT(engine_start(c->engine, &request), FK_OK);
    client_wait(c, c->answers + 1);
    CHECK_INT(engine_inflight(c->engine), 0);
}

/* ---- both engines ---- */

typedef void story_fn(struct client *, struct scripted *, enum engine_kind);

static void tell_both(story_fn *story)
{
    static struct client clients[2];
    static struct scripted services[2];
    engine_global_init(NULL);
    for (size_t k = 0; k < 2; k++) {
        story(&clients[k], &services[k], kinds[k]);
        engine_close(clients[k].engine);
    }
}

/* The story is told to a client without an engine and a service that does not
 * serve yet. */
#define TEST_BOTH(name)                                                        \
    static story_fn name##_story;                                              \
    TEST(name)                                                                 \
    {                                                                          \
        tell_both(name##_story);                                               \
    }                                                                          \
    static void name##_story(                                                  \
        struct client *c, struct scripted *s, enum engine_kind kind)

/* ---- answers ---- */

struct row {
    const char *answer;
    enum scripted_after after;
    enum engine_error error;
    int status;
    const char *body;
    bool kept; /* the next request goes over the same connection */
};

static const struct row rows[] = {
    {OK "Content-Length: 2\r\n\r\nhi", KEEP, ENGINE_OK, 200, "hi", true},
    {OK "Content-Length: 0\r\n\r\n", KEEP, ENGINE_OK, 200, "", true},
    {"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", KEEP, ENGINE_OK, 404,
        "no", true},
    {"HTTP/1.1 204 None\r\n\r\n", KEEP, ENGINE_OK, 204, "", true},
    {CHUNKED "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", KEEP, ENGINE_OK, 200, "abc",
        true},
    {CHUNKED "1\r\na\r\n0\r\nTrailer: x\r\n\r\n", KEEP, ENGINE_OK, 200, "a",
        true},
    {"HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\na", KEEP,
        ENGINE_OK, 200, "a", true},
    {OK "Connection: close\r\nContent-Length: 2\r\n\r\nhi", KEEP, ENGINE_OK,
        200, "hi", false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", KEEP, ENGINE_OK, 200,
        "hi", false},
    {OK "Content-Length: 2\r\n\r\nhi", CLOSE, ENGINE_OK, 200, "hi", false},
    {OK "\r\nuntil the end", CLOSE, ENGINE_OK, 200, "until the end", false},
    {OK "Content-Length: 9\r\n\r\nhalf", CLOSE, ENGINE_RESET, 200, "half",
        false},
    {OK "Content-Length: 9\r\n\r\nhalf", RESET, ENGINE_RESET, 200, NULL, false},
    {CHUNKED "9\r\nhalf", CLOSE, ENGINE_RESET, 200, "half", false},
    {"", CLOSE, ENGINE_EMPTY, 0, "", false},
    {NULL, RESET, ENGINE_RESET, 0, "", false},
    {"SSH-2.0-OpenSSH_9.2 is not a web server\r\n", CLOSE, ENGINE_GARBAGE, 0,
        "", false},
    {"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n" OK
     "Content-Length: 1\r\n\r\na",
        KEEP, ENGINE_OK, 200, "a", true},
    {"HTTP/1.1 302 There\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", KEEP,
        ENGINE_OK, 302, "", true},
    {"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", KEEP, ENGINE_OK, 304, "",
        true},
    {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", KEEP, ENGINE_OK, 200, "a",
        true},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: "
     "1\r\n\r\na",
        KEEP, ENGINE_OK, 200, "a", true},
    {OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", KEEP, ENGINE_OK, 200,
        "a", true},
    {OK "content-LENGTH:1\r\n\r\na", KEEP, ENGINE_OK, 200, "a", true},
    {OK "Connection: upgrade, CLOSE\r\nContent-Length: 1\r\n\r\na", KEEP,
        ENGINE_OK, 200, "a", false},
    {CHUNKED "00002;x=y\r\nab\r\n0\r\n\r\n", KEEP, ENGINE_OK, 200, "ab", true},
    {OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", CLOSE,
        ENGINE_GARBAGE, 0, "", false},
    {OK "Content-Length: -1\r\n\r\na", CLOSE, ENGINE_GARBAGE, 0, "", false},
    {OK "Content-Length: 1x\r\n\r\na", CLOSE, ENGINE_GARBAGE, 0, "", false},
    {CHUNKED "zz\r\nab\r\n0\r\n\r\n", CLOSE, ENGINE_GARBAGE, 0, "", false},
    {CHUNKED "2\r\nabX\r\n0\r\n\r\n", CLOSE, ENGINE_GARBAGE, 0, "", false},
    {OK "no colon\r\nContent-Length: 1\r\n\r\na", CLOSE, ENGINE_GARBAGE, 0, "",
        false},
    {"HTTP/1.1 101 Else\r\n\r\n", CLOSE, ENGINE_GARBAGE, 0, "", false},
    {"HTTP/1.1 99 Low\r\n\r\n", CLOSE, ENGINE_GARBAGE, 0, "", false},
    {"HTTP/7.1 200 OK\r\n\r\n", CLOSE, ENGINE_GARBAGE, 0, "", false},
    {OK, CLOSE, ENGINE_RESET, 0, "", false},
    {"HTTP/1.", CLOSE, ENGINE_EMPTY, 0, "", false},
    {"HTTP/1.1 103 Hints\r\n\r\n", CLOSE, ENGINE_RESET, 0, "", false},
};

static void check_row(const struct row *row, enum engine_kind kind, bool drip)
{
    struct scripted *s = calloc(1, sizeof *s);
    struct client *c = calloc(1, sizeof *c);
    CHECK(s && c);
    tap_diag("row %td, %s", row - rows, engine_kind_name(kind));
    s->answer = row->answer;
    s->after = row->after;
    s->drip = drip && row->answer;
    scripted_start(s);
    client_open(c, kind, s->url, 1);
    for (unsigned i = 0; i < 3; i++) {
        client_ask(c, (struct engine_request){.path = "/", .owner = s});
        CHECK_INT(c->last.error, row->error);
        CHECK_INT(c->last.new_connection, i == 0 || !row->kept);
        CHECK_INT(c->last.connect_ns > 0, i == 0 || !row->kept);
        CHECK(c->last.owner == s && c->last.done_ns > c->last.sent_ns);
        if (row->error == ENGINE_OK)
            CHECK_INT(c->last.status, row->status);
        if (row->error == ENGINE_OK)
            CHECK_STR(c->body, row->body);
        if (row->error == ENGINE_OK)
            CHECK_INT(c->last.bytes, strlen(row->body));
    }
    CHECK_INT(s->requests, 3); /* and none of them twice */
    CHECK_INT(s->connections, row->kept ? 1 : 3);
    engine_close(c->engine);
    free(c);
}

TEST(engines_take_an_answer_alike)
{
    engine_global_init(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < 2; k++)
            check_row(&rows[i], kinds[k], false);
}

TEST(engines_take_it_byte_by_byte)
{
    engine_global_init(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < 2; k++)
            if (rows[i].after != RESET)
                check_row(&rows[i], kinds[k], true);
}

static char *large_answer(void)
{
    char *text = malloc(LARGE + 100);
    CHECK(text);
    int n = snprintf(text, 100, OK "Content-Length: %d\r\n\r\n", LARGE);
    memset(text + n, 'x', LARGE);
    text[n + LARGE] = '\0';
    return text;
}

TEST_BOTH(engines_count_what_they_do_not_keep)
{
    s->answer = large_answer();
    scripted_start(s);
    client_open(c, kind, s->url, 1);
    client_ask(c, (struct engine_request){.path = "/"});
    CHECK_INT(c->last.error, ENGINE_OK);
    CHECK_INT(c->last.bytes, LARGE);
    CHECK_INT(strlen(c->body), ENGINE_BODY_KEPT);
}

/* ---- requests ---- */

static bool has_line(const char *request, const char *line)
{
    const char *hit = strstr(request, line);
    return hit && hit[strlen(line)] == '\r' && hit > request && hit[-1] == '\n';
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    while ((text = strstr(text, part))) {
        text += strlen(part);
        n++;
    }
    return n;
}

TEST_BOTH(engines_send_the_same_requests)
{
    static const struct {
        struct engine_request request;
        const char *first, *line, *body;
    } requests[] = {
        {{.path = "/a?b=c"}, "GET /base/a?b=c HTTP/1.1\r\n", NULL, ""},
        {{.path = "/a#b"}, "GET /base/a HTTP/1.1\r\n", NULL, ""},
        {{.path = "/../a"}, "GET /base/../a HTTP/1.1\r\n", NULL, ""},
        {{.path = "/p", .body = "{\"n\":1}"}, "POST /base/p HTTP/1.1\r\n",
            "Content-Length: 7", "{\"n\":1}"},
        {{.path = "/p", .body = ""}, "POST /base/p HTTP/1.1\r\n",
            "Content-Length: 0", ""},
        {{.path = "/p", .body = "{}"}, "POST /base/p HTTP/1.1\r\n",
            "Content-Type: application/json", "{}"},
        {{.path = "/h", .header = "X-Seat: 7"}, "GET /base/h HTTP/1.1\r\n",
            "X-Seat: 7", ""},
        {{.path = "/h", .header = "Host: other"}, "GET /base/h HTTP/1.1\r\n",
            "Host: other", ""},
    };

    char host[80];
    s->answer = OK "Content-Length: 0\r\n\r\n";
    scripted_start(s);
    snprintf(host, sizeof host, "Host: %s", s->url + strlen("http://"));
    snprintf(s->base_url, sizeof s->base_url, "%s/base", s->url);
    client_open(c, kind, s->base_url, 1);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        const char *header = requests[i].request.header;
        bool own_host = header && !strncmp(header, "Host:", 5);
        client_ask(c, requests[i].request);
        CHECK(!strncmp(s->last, requests[i].first, strlen(requests[i].first)));
        CHECK(!requests[i].line || has_line(s->last, requests[i].line));
        CHECK_INT(has_line(s->last, host), !own_host);
        CHECK_INT(count(s->last, "\r\nHost:"), 1);
        CHECK(has_line(s->last, "User-Agent: loadgen/" FK_VERSION));
        CHECK_STR(strstr(s->last, "\r\n\r\n") + 4, requests[i].body);
    }
    client_ask(c, (struct engine_request){.path = "/a b"});
    CHECK_INT(c->last.error, ENGINE_OTHER);
    client_ask(c, (struct engine_request){.path = "/\r\nX: y"});
    CHECK_INT(c->last.error, ENGINE_OTHER);
    CHECK_INT(s->requests, sizeof requests / sizeof *requests);
}

TEST_BOTH(engines_send_a_large_body_whole)
{
    char *body = malloc(SCRIPTED_MAX_REQUEST / 2 + 1);
    CHECK(body);
    memset(body, 'b', SCRIPTED_MAX_REQUEST / 2);
    body[SCRIPTED_MAX_REQUEST / 2] = '\0';
    s->answer = OK "Content-Length: 0\r\n\r\n";
    scripted_start(s);
    client_open(c, kind, s->url, 1);
    client_ask(c, (struct engine_request){.path = "/", .body = body});
    CHECK_INT(c->last.error, ENGINE_OK);
    CHECK_STR(strstr(s->last, "\r\n\r\n") + 4, body);
    free(body);
}

/* ---- connections ---- */

/* A connection that was kept ends as the next request comes: sent again over
 * a new one. A new one that ends without an answer is a failure. */
TEST_BOTH(engines_send_again_when_a_kept_connection_was_stale)
{
    s->answer = OK "Content-Length: 0\r\n\r\n";
    s->mute_after = 1;
    scripted_start(s);
    client_open(c, kind, s->url, 1);
    for (int i = 0; i < 3; i++) {
        client_ask(c, (struct engine_request){.path = "/"});
        CHECK_INT(c->last.error, ENGINE_OK);
        CHECK(c->last.new_connection);
    }
    CHECK_INT(s->connections, 3);
}

/* Of every connection the last request says so, and a service that does not
 * listen is closed by us. */
TEST_BOTH(engines_open_a_new_connection_after_so_many)
{
    s->answer = OK "Content-Length: 0\r\n\r\n";
    scripted_start(s);
    c->per_connection = kind == ENGINE_FAST ? 3 : 1;
    client_open(c, kind, s->url, 1);
    for (unsigned i = 0; i < 6; i++) {
        unsigned n = i % c->per_connection;
        client_ask(c, (struct engine_request){.path = "/"});
        CHECK_INT(c->last.error, ENGINE_OK);
        CHECK_INT(c->last.new_connection, n == 0);
        CHECK_INT(count(s->last, "Connection: close\r\n"),
            n + 1 == c->per_connection);
        CHECK_INT(s->connections, i / c->per_connection + 1);
    }
}

TEST_BOTH(engines_give_up_after_the_timeout)
{
    scripted_start(s);
    client_open(c, kind, s->url, 2);
    client_ask(c,
        (struct engine_request){.path = "/", .timeout_ns = 50 * FK_NS_PER_MS});
    CHECK_INT(c->last.error, ENGINE_TIMEOUT);
    CHECK(c->last.done_ns - c->last.sent_ns >= 49 * FK_NS_PER_MS);
}

TEST_BOTH(engines_wait_for_no_end_that_never_comes)
{
    static const char *const answers[] = {"HTTP/1.1 200 O",
        OK "Half: ", OK "\r\nuntil the end",
        OK "Content-Length: 99\r\n\r\nhalf", CHUNKED "9\r\nhalf",
        "HTTP/1.1 100 Continue\r\n\r\n"};

    scripted_start(s);
    client_open(c, kind, s->url, 1);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        s->answer = answers[i];
        client_ask(c, (struct engine_request){
                          .path = "/", .timeout_ns = 50 * FK_NS_PER_MS});
        CHECK_INT(c->last.error, ENGINE_TIMEOUT);
        CHECK(c->last.new_connection);
    }
}

TEST_BOTH(engines_refuse_a_head_without_measure)
{
    enum { HEAD = 100 * 1000 };

    char *text = malloc(HEAD + 100);
    CHECK(text);
    size_t n = (size_t)snprintf(text, 100, OK);
    while (n < HEAD)
        n += (size_t)snprintf(text + n, 100, "X-%zu: yyyyyyyyyyyyyyy\r\n", n);
    snprintf(text + n, 100, "Content-Length: 0\r\n\r\n");
    s->answer = text;
    s->after = CLOSE;
    scripted_start(s);
    client_open(c, kind, s->url, 1);
    client_ask(c, (struct engine_request){.path = "/"});
    CHECK_INT(c->last.error, ENGINE_GARBAGE);
}

TEST_BOTH(engines_say_when_nobody_listens)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    /* Bound and not listening: nobody else can take the port. */
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(s->listener, (struct sockaddr *)&a, len) == 0 &&
          getsockname(s->listener, (struct sockaddr *)&a, &len) == 0);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", ntohs(a.sin_port));
    client_open(c, kind, s->url, 1);
    client_ask(c, (struct engine_request){.path = "/"});
    CHECK_INT(c->last.error, ENGINE_CONNECT);
}

TEST_BOTH(engines_can_be_told_to_give_up)
{
    struct engine_request request = {
        .path = "/", .now_ns = fk_mono_ns(), .timeout_ns = PATIENCE};
    scripted_start(s);
    client_open(c, kind, s->url, 2);
    CHECK_INT(engine_start(c->engine, &request), FK_OK);
    CHECK_INT(engine_start(c->engine, &request), FK_OK);
    CHECK_INT(engine_start(c->engine, &request), FK_ERR_FULL);
    CHECK_INT(engine_inflight(c->engine), 2);
    CHECK_INT(engine_abort(c->engine), 2);
    CHECK_INT(engine_inflight(c->engine), 0);
    CHECK_INT(c->answers, 0);
}

/* Deadlines are kept also when later ones were given first, and the bell and
 * the clock end a wait. */
TEST_BOTH(engines_wait_no_longer_than_they_are_told)
{
    static const int64_t timeouts_ms[] = {300, 100, 200};
    scripted_start(s);
    client_open(c, kind, s->url, 3);
    for (int i = 0; i < 3; i++) {
        struct engine_request request = {.path = "/",
            .owner = s->url + timeouts_ms[i] / 100,
            .now_ns = fk_mono_ns(),
            .timeout_ns = timeouts_ms[i] * FK_NS_PER_MS};
        CHECK_INT(engine_start(c->engine, &request), FK_OK);
    }
    int64_t until = fk_mono_ns() + 20 * FK_NS_PER_MS;
    while (fk_mono_ns() < until)
        engine_run(c->engine, until);
    engine_wake(c->engine);
    engine_run(c->engine, fk_mono_ns() + PATIENCE);
    client_wait(c, 3);
    for (unsigned i = 0; i < 3; i++)
        CHECK(c->order[i] == s->url + i + 1);
    CHECK_INT(c->last.error, ENGINE_TIMEOUT);
}

/* ---- which one ---- */

TEST(engine_is_chosen_by_what_it_can)
{
    static const struct {
        enum engine_kind wanted;
        const char *base_url, *address;
        enum fk_err err;
        enum engine_kind kind;
        const char *why; /* part of it */
    } choices[] = {
        {ENGINE_AUTO, "http://localhost:1", "127.0.0.1", FK_OK, ENGINE_FAST,
            ""},
        {ENGINE_AUTO, "http://[::1]:1", "", FK_OK, ENGINE_FAST, ""},
        {ENGINE_AUTO, "http://127.0.0.1:1", "", FK_OK, ENGINE_FAST, ""},
        {ENGINE_FAST, "http://127.0.0.1:1", "", FK_OK, ENGINE_FAST, ""},
        {ENGINE_CURL, "http://127.0.0.1:1", "", FK_OK, ENGINE_CURL, ""},
        {ENGINE_AUTO, "https://127.0.0.1:1", "", FK_OK, ENGINE_CURL, "TLS"},
        {ENGINE_FAST, "https://127.0.0.1:1", "", FK_ERR_ARG, ENGINE_FAST,
            "TLS"},
        {ENGINE_AUTO, "http://name:1", "", FK_OK, ENGINE_CURL, "number"},
        {ENGINE_AUTO, "http://name:1", "fe80::1%lo", FK_OK, ENGINE_CURL,
            "number"},
    };

    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        struct engine_target t = {choices[i].base_url, choices[i].address};
        enum engine_kind kind = ENGINE_AUTO;
        struct fk_diag why = {""};
        CHECK_INT(engine_choose(choices[i].wanted, &t, 1, &kind, &why),
            choices[i].err);
        CHECK_INT(kind, choices[i].kind);
        CHECK(
            strstr(why.text, choices[i].why) && !*why.text == !*choices[i].why);
    }
}

TAP_MAIN
