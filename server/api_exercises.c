/*
 * The exercise drawer of the page: its texts, verdicts and hints are those of
 * `flamekit drawer`, which is started for each question, one at a time. Only
 * a server that the kit started (--kit) can do so, and what a stranger sends
 * is an argument of its own, never a program, an option or a path.
 */
#include "common/clock.h"
#include "server/program.h"
#include "server/request_json.h"
#include "server/routes.h"
#include "server/server.h"

#include <ctype.h>
#include <stdatomic.h>

#define ONE        FK_SLICE("/api/kit/exercises/")
#define TIMEOUT_NS (20 * FK_NS_PER_S)

enum { MAX_BODY = 4 << 10, MAX_ID = 15, MAX_ARGS = 4 };

/* Digits, dots and small letters, a digit first: 07.2f. Whether there is
 * such an exercise, the program knows. */
static bool is_id(struct fk_slice id)
{
    if (id.len == 0 || id.len > MAX_ID || !isdigit((unsigned char)id.ptr[0]))
        return false;
    for (size_t i = 0; i < id.len; i++) {
        unsigned char c = (unsigned char)id.ptr[i];
        if (!isdigit(c) && !islower(c) && c != '.')
            return false;
    }
    return true;
}

/* A browser says when it is another site's page that makes it ask. */
static bool from_elsewhere(const struct request *r)
{
    struct fk_slice site = request_header(r, "Sec-Fetch-Site");

    return site.len && !fk_slice_eqz(site, "same-origin") &&
           !fk_slice_eqz(site, "none");
}

static void answer(struct request *r, enum fk_err err, int status,
    const struct fk_buf *said, const struct fk_diag *diag)
{
    struct fk_slice text = fk_slice_trim(fk_buf_slice(said));

    if (err) {
        reply_error(r, 500, "%s", diag->text);
        return;
    }
    if (status) {
        reply_error(r, status == 2 ? 400 : 500, FK_SLICE_FMT,
            FK_SLICE_ARG(
                fk_slice_sub(text, 0, text.len < 500 ? text.len : 500)));
        return;
    }
    r->reply.status = 200;
    r->reply.content_type = "application/json";
    fk_buf_add_slice(&r->reply.body, text);
}

/* args: what follows `flamekit drawer`; NULL-terminated. */
static void ask_kit(struct request *r, const char *const args[MAX_ARGS + 1])
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;
    const char *argv[MAX_ARGS + 3] = {r->server->options.kit, "drawer"};
    struct fk_buf said;
    struct fk_diag diag = {{0}};
    int status = 0;

    if (!argv[0]) {
        reply_error(r, 404,
            "this server was not started by `flamekit up`, so it has no "
            "exercises to show; `flamekit list` has");
        return;
    }
    if (from_elsewhere(r)) {
        reply_error(r, 403, "a page of another site asks for this");
        return;
    }
    if (atomic_flag_test_and_set(&busy)) {
        reply_header(r, "Retry-After", "1");
        reply_error(r, 429, "another question to the kit is being answered");
        return;
    }
    for (size_t i = 0; i < MAX_ARGS; i++)
        argv[2 + i] = args[i];
    fk_buf_init(&said, 1 << 20);
    enum fk_err err = program_run(argv, TIMEOUT_NS, &said, &status, &diag);
    atomic_flag_clear(&busy);
    answer(r, err, status, &said, &diag);
    fk_buf_fini(&said);
}

/* NULL after a reply that says what is wrong with it. */
static const char *id_of(struct request *r)
{
    struct fk_slice id = fk_slice_sub(r->path, ONE.len, r->path.len);
    const char *text = is_id(id) ? fk_arena_strdup(&r->arena, id) : NULL;

    if (!text)
        reply_error(r, 404, "an exercise is named like 07.2");
    return text;
}

static void get_list(struct request *r)
{
    static const char *const none[MAX_ARGS + 1] = {NULL};

    ask_kit(r, none);
}

static void get_one(struct request *r)
{
    const char *args[MAX_ARGS + 1] = {id_of(r)};

    if (args[0])
        ask_kit(r, args);
}

/* As text; NULL when it holds a NUL or there is no memory. */
static const char *field(
    struct request *r, struct request_json *j, const char *name)
{
    struct fk_slice text = request_json_str(j, j->root, name);

    return fk_slice_find(text, '\0') < 0 ? fk_arena_strdup(&r->arena, text)
                                         : NULL;
}

/* The arguments of an act; else what is wrong with it. */
static const char *acts_args(
    struct request *r, struct request_json *j, const char *args[MAX_ARGS + 1])
{
    static const struct {
        const char *act;
        bool has_name, has_value;
    } acts[] = {{"hint", false, false}, {"run", false, false},
        {"predict", false, true}, {"answer", true, true}};
    struct fk_slice act = request_json_str(j, j->root, "act");

    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        size_t n = 1;
        if (!fk_slice_eqz(act, acts[i].act))
            continue;
        args[n++] = acts[i].act;
        if (acts[i].has_name)
            args[n++] = field(r, j, "name");
        if (acts[i].has_value)
            args[n++] = field(r, j, "value");
        while (n > 0)
            if (!args[--n])
                return "name and value must be text";
        return NULL;
    }
    return "act must be hint, run, predict or answer";
}

static void post_one(struct request *r)
{
    const char *args[MAX_ARGS + 1] = {id_of(r)};
    const char *fault = NULL;
    struct request_json j;

    if (!args[0])
        return;
    if (request_json_open(&j, r->body) == FK_OK)
        fault = acts_args(r, &j, args);
    if (j.err)
        fault = j.diag.text;
    if (fault)
        reply_error(r, 400, "%s", fault);
    else
        ask_kit(r, args);
    request_json_close(&j);
}

const struct route api_exercises_routes[] = {
    {"GET", "/api/kit/exercises", get_list, 0, ROUTE_KIT,
        "The exercises, and how far one is with them.", LANE_QUERY},
    {"GET", "/api/kit/exercises/*", get_one, 0, ROUTE_KIT,
        "An exercise: text, verdict, questions, hints taken.", LANE_QUERY},
    {"POST", "/api/kit/exercises/*", post_one, MAX_BODY, ROUTE_KIT,
        "A hint, an answer, a prediction, or the load; answers like GET.",
        LANE_QUERY},
    {0},
};
