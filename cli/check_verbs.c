/* check and solve: the verdict, for a student and for the robot. */
#include "cli/checker.h"
#include "cli/client.h"
#include "cli/stack.h"
#include "cli/verbs.h"

#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WATCH_INTERVAL_S = 5, SOLVE_PATIENCE_S = 15 };

/* ---- asking
 * ---------------------------------------------------------------------- */

/* Asks what is not answered yet, when a person sits there. */
static void ask_open_questions(struct checker *c)
{
    for (size_t i = 0; i < c->file.num_items; i++) {
        const struct check_item *item = &c->file.item[i];
        char line[256];
        struct quiz_item quiz;
        bool pick = item->kind == CHECK_PICK;
        if ((!pick && item->kind != CHECK_ASK) ||
            progress_get(&c->progress, "answer", item->id, line, sizeof line))
            continue;
        if (pick && quiz_find(fk_buf_slice(&c->quiz), "quiz.kit", item->id,
                        &quiz, NULL))
            continue;
        if (pick)
            quiz_print(&quiz);
        else
            printf("  ? %s\n", item->question);
        printf("    your answer (empty: later): ");
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin))
            return;
        line[strcspn(line, "\n")] = '\0';
        if (*line &&
            progress_set(&c->progress, "answer", item->id, line, &c->diag))
            return;
    }
}

static int judge_once(struct checker *c, bool asks)
{
    checker_run(c);
    if (asks && c->verdict <= VERDICT_NOT_YET && !*c->diag.text) {
        ask_open_questions(c);
        checker_run(c);
    }
    checker_print(c);
    if (c->verdict == VERDICT_PASS)
        if (progress_set(&c->progress, "passed", "", "", &c->diag))
            return verb_fail(VERDICT_BROKEN, &c->diag);
    return (int)c->verdict;
}

/* While it is watched, answers come from elsewhere. */
static enum fk_err reread_answers(struct checker *c)
{
    progress_close(&c->progress);
    return progress_open(c->kit, c->ex.id, &c->progress, &c->diag);
}

int verb_check(struct kit *kit, int argc, char **argv)
{
    struct checker c;
    struct fk_diag diag = {""};
    const char *name = NULL;
    bool watch = false;
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--watch"))
            watch = true;
        else if (!strcmp(argv[i], "-v"))
            client_trace(true);
        else
            name = argv[i];
    }
    if (!name) {
        fprintf(stderr, "usage: flamekit check EX [--watch] [-v]\n");
        return 2;
    }
    if (checker_open(kit, name, &c, &diag)) {
        checker_close(&c);
        return verb_fail(VERDICT_BROKEN, &diag);
    }
    bool asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !watch;
    int status = judge_once(&c, asks);
    fflush(stdout);
    while (watch && status != VERDICT_PASS) {
        fk_sleep_until_mono(fk_mono_ns() + WATCH_INTERVAL_S * FK_NS_PER_S);
        printf("\n");
        if (reread_answers(&c))
            break;
        status = judge_once(&c, false);
        fflush(stdout);
    }
    checker_close(&c);
    return status;
}

/* ---- the robot
 * --------------------------------------------------------------------- */

/* Plays the exercise's load in a child and waits for its end. */
static enum fk_err play(
    struct kit *kit, const struct checker *c, char *speed, struct fk_diag *diag)
{
    char id[16], option[] = "--speed";
    char *args[] = {id, option, speed};
    snprintf(id, sizeof id, "%s", c->ex.id);
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(verb_run(kit, 3, args));
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
        WEXITSTATUS(status) > 1)
        return fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "the load of %s did not end well; see above", c->ex.id);
    return FK_OK;
}

static enum fk_err tell(const struct checker *c, const char *path, json_t *what,
    struct fk_diag *diag)
{
    char *body = what ? json_dumps(what, 0) : NULL;
    struct fk_buf answer;
    int status = 0;
    struct client_request post = {"POST", c->kit->server, path, body, 0};
    enum fk_err err = client_send(&post, &status, &answer, diag);
    if (!err && status != 200)
        err = fk_diag_set(diag, FK_ERR_ARG,
            "the server refused %s: " FK_SLICE_FMT, path,
            FK_SLICE_ARG(fk_buf_slice(&answer)));
    fk_buf_fini(&answer);
    json_decref(what);
    free(body);
    return err;
}

/* What the page would have told the server about a student's clicks. */
static enum fk_err click(const struct checker *c, const struct check_item *item,
    struct fk_diag *diag)
{
    const struct check_view *view = &item->view;
    const struct window *left =
        &c->world.window[view->window == CHECK_ANYWHERE ? 0 : view->window];
    const struct window *right =
        &c->world.window[view->right == CHECK_ANYWHERE ? 0 : view->right];
    const char *type = view->other_kind ? PROFILE_SAMPLES
                       : view->has_kind ? world_kind_type(view->kind)
                                        : PROFILE_CPU;
    char query[512];
    snprintf(query, sizeof query, "%s{service_name=\"%s\"%s%s%s}", type,
        c->world.service, *view->filter ? ", " : "", view->filter,
        *view->filter ? "=\"/api/slow_io\"" : "");
    json_t *seen = json_pack("{s:s, s:s, s:I, s:I, s:s, s:{s:{s:s, s:I, s:I}}}",
        "view", view->name, "query", query, "from", (json_int_t)left->from_ms,
        "until", (json_int_t)left->until_ms, "focus", view->focus, "detail",
        "right", "query", query, "from", (json_int_t)right->from_ms, "until",
        (json_int_t)right->until_ms);
    return tell(c, "/api/kit/activity", seen, diag);
}

static enum fk_err set_marker(const struct checker *c,
    const struct check_item *item, struct fk_diag *diag)
{
    return tell(c, "/api/annotations",
        json_pack("{s:s, s:s, s:I, s:s}", "content", item->text, "kind", "note",
            "timestamp",
            (json_int_t)c->world.window[item->near_window].start_ms, "run",
            c->kit->run),
        diag);
}

static enum fk_err solve_item(
    struct checker *c, const struct check_item *item, struct fk_diag *diag)
{
    char answer[256];
    switch (item->kind) {
    case CHECK_RANGE:
    case CHECK_PATH:
        return FK_OK;
    case CHECK_VIEWED:
        return click(c, item, diag);
    case CHECK_MARKED:
        return set_marker(c, item, diag);
    case CHECK_ASK:
    case CHECK_PICK:
        break;
    }
    enum fk_err err = checker_solution(c, item, answer, sizeof answer, diag);
    return err ? err
               : progress_set(&c->progress, "answer", item->id, answer, diag);
}

/* The last profiles of a phase arrive one flush after its end. */
static enum fk_err play_and_wait(
    struct kit *kit, struct checker *c, char *speed, struct fk_diag *diag)
{
    enum fk_err err = play(kit, c, speed, diag);
    int64_t deadline = fk_mono_ns() + SOLVE_PATIENCE_S * FK_NS_PER_S;
    c->verdict = VERDICT_MORE_DATA;
    while (!err && c->verdict == VERDICT_MORE_DATA && fk_mono_ns() < deadline) {
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_S);
        checker_run(c);
    }
    return err;
}

static enum fk_err play_all(
    struct kit *kit, struct checker *c, char *speed, struct fk_diag *diag)
{
    char usual[] = "1";
    enum fk_err err = c->ex.night ? stack_need_night(kit, diag) : FK_OK;
    if (!err)
        err = play_and_wait(kit, c, speed, diag);
    /* A machine too busy for the speed: once more, in real time. */
    if (!err && c->verdict >= VERDICT_MORE_DATA)
        err = play_and_wait(kit, c, usual, diag);
    return err;
}

/* At what was played, or replayed, before. */
static enum fk_err look(struct checker *c)
{
    checker_run(c);
    return FK_OK;
}

int verb_solve(struct kit *kit, int argc, char **argv)
{
    struct checker c;
    struct fk_diag diag = {""};
    char usual[] = "1", *speed = usual;
    bool no_load = argc == 2 && !strcmp(argv[1], "--no-load");
    if (argc == 3 && !strcmp(argv[1], "--speed"))
        speed = argv[2];
    else if (argc != 1 && !no_load) {
        fprintf(stderr, "usage: flamekit solve EX [--speed X | --no-load]\n");
        return 2;
    }
    enum fk_err err = checker_open(kit, argv[0], &c, &diag);
    if (!err)
        err = no_load ? look(&c) : play_all(kit, &c, speed, &diag);
    for (size_t i = 0; !err && i < c.file.num_items; i++)
        err = solve_item(&c, &c.file.item[i], &diag);
    int status = err ? verb_fail(VERDICT_BROKEN, &diag) : judge_once(&c, false);
    checker_close(&c);
    return status;
}
