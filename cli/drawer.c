/*
 * drawer: what the page's exercise drawer shows, as JSON on stdout, and the
 * few things that it lets a student do. Started by the server
 * (api_exercises.c), which passes a stranger's words as arguments of their
 * own: nothing here reads an option.
 *
 *   drawer                       the exercises
 *   drawer EX                    one of them, checked now
 *   drawer EX hint | run         one more hint; play its load
 *   drawer EX predict VALUE      once
 *   drawer EX answer NAME VALUE
 *
 * Exit status 0, or 2 or 3 with a sentence on stdout.
 */
#include "cli/checker.h"
#include "cli/client.h"
#include "cli/stack.h"
#include "cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANSWER_MAX = 255 };

static const char *const state_names[] = {
    [PROGRESS_FRESH] = "fresh",
    [PROGRESS_STARTED] = "started",
    [PROGRESS_PASSED] = "passed",
};

static int fail(const struct fk_diag *diag, enum fk_err err)
{
    printf("%s\n", diag->text);
    return err == FK_ERR_ARG || err == FK_ERR_NOT_FOUND ? 2 : 3;
}

static int print(json_t *what)
{
    int status = what ? json_dumpf(what, stdout, JSON_COMPACT) : -1;
    json_decref(what);
    return status ? 3 : 0;
}

/* ---- what is shown ------------------------------------------------------- */

static json_t *brief(const struct kit *kit, const struct exercise *ex)
{
    return json_pack("{s:s, s:s, s:[i,i], s:s, s:b}", "id", ex->id, "title",
        ex->title, "minutes", ex->minutes_low, ex->minutes_high, "state",
        state_names[progress_state(kit, ex->id)], "optional", ex->optional);
}

static int show_list(const struct kit *kit)
{
    static struct exercise all[EXERCISES_MAX];
    struct fk_diag diag = {""};
    size_t n;
    enum fk_err err = exercise_list(kit, all, &n, &diag);
    if (err)
        return fail(&diag, err);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, brief(kit, &all[i]));
    return print(json_pack("{s:o}", "exercises", list));
}

/* A file of the exercise as a string; "" when it has none. */
static json_t *text_of(const struct checker *c, const char *name)
{
    struct fk_buf text;
    struct fk_slice body = {"", 0};
    if (!exercise_text(c->kit, &c->ex, name, &text, NULL))
        body = fk_buf_slice(&text);
    json_t *out = json_stringn(body.ptr, body.len);
    fk_buf_fini(&text);
    return out;
}

static json_t *hints_of(const struct checker *c)
{
    char level[24] = "0", name[32];
    json_t *out = json_array();
    progress_get(&c->progress, "hint", "", level, sizeof level);
    for (long i = 1; i <= strtol(level, NULL, 10) && i <= EXERCISE_HINTS; i++) {
        snprintf(name, sizeof name, "hints/%ld.md", i);
        json_array_append_new(out, text_of(c, name));
    }
    return out;
}

static json_t *findings_of(const struct checker *c)
{
    json_t *out = json_array();
    for (size_t i = 0; i < c->file.num_items; i++)
        if (c->finding[i].item)
            json_array_append_new(
                out, json_pack("{s:s, s:s, s:s}", "about",
                         checker_about(&c->file.item[i]), "verdict",
                         verdict_name(c->finding[i].verdict), "text",
                         c->finding[i].text));
    return out;
}

static json_t *options_of(const struct checker *c, const char *id, json_t *one)
{
    struct quiz_item quiz;
    json_t *out = json_array();
    if (quiz_find(fk_buf_slice(&c->quiz), "quiz.kit", id, &quiz, NULL))
        return out;
    json_object_set_new(one, "question", json_string(quiz.question));
    for (size_t i = 0; i < quiz.num_options; i++)
        json_array_append_new(
            out, json_pack("{s:s%, s:s}", "letter", &quiz.option[i].letter,
                     (size_t)1, "text", quiz.option[i].text));
    return out;
}

static json_t *questions_of(const struct checker *c)
{
    json_t *out = json_array();
    for (size_t i = 0; i < c->file.num_items; i++) {
        const struct check_item *item = &c->file.item[i];
        char answer[256] = "";
        if (item->kind != CHECK_ASK && item->kind != CHECK_PICK)
            continue;
        progress_get(&c->progress, "answer", item->id, answer, sizeof answer);
        json_t *one = json_pack("{s:s, s:s, s:s}", "name", item->id, "question",
            item->question, "answer", answer);
        if (item->kind == CHECK_PICK)
            json_object_set_new(one, "options", options_of(c, item->id, one));
        json_array_append_new(out, one);
    }
    return out;
}

/* Asked, guessed and, once the data are there, measured. */
static json_t *prediction_of(const struct checker *c)
{
    char guess[64] = "", seen[256] = "";
    progress_get(&c->progress, "predict", "", guess, sizeof guess);
    if (*guess)
        checker_measured(c, seen, sizeof seen);
    return json_pack("{s:s, s:s, s:s}", "question", c->ex.predict, "guess",
        guess, "measured", seen);
}

static int show(struct checker *c)
{
    char advice[600];
    struct fk_diag diag = {""};
    checker_run(c);
    checker_advice(c, advice, sizeof advice);
    if (c->verdict == VERDICT_PASS &&
        progress_set(&c->progress, "passed", "", "", &diag))
        return fail(&diag, FK_ERR_IO);
    json_t *out = brief(c->kit, &c->ex);
    json_t *more = json_pack("{s:o, s:o, s:i, s:o, s:s, s:s, s:s, s:o, s:o}",
        "text", text_of(c, "README.md"), "hints", hints_of(c), "hintsAll",
        EXERCISE_HINTS, "prediction", prediction_of(c), "verdict",
        verdict_name(c->verdict), "reason", c->diag.text, "advice", advice,
        "findings", findings_of(c), "questions", questions_of(c));
    if (out && more)
        json_object_update(out, more);
    json_decref(more);
    return print(out);
}

/* ---- what is done -------------------------------------------------------- */

static enum fk_err do_hint(
    struct checker *c, char *const argv[], struct fk_diag *diag)
{
    char level[24] = "0";
    (void)argv;
    progress_get(&c->progress, "hint", "", level, sizeof level);
    long next = strtol(level, NULL, 10) + 1;
    snprintf(level, sizeof level, "%ld",
        next > EXERCISE_HINTS ? (long)EXERCISE_HINTS : next);
    return progress_set(&c->progress, "hint", "", level, diag);
}

static enum fk_err do_predict(
    struct checker *c, char *const argv[], struct fk_diag *diag)
{
    char value[64];
    if (progress_get(&c->progress, "predict", "", value, sizeof value))
        return fk_diag_set(
            diag, FK_ERR_ARG, "you predicted %s already, and it stays", value);
    if (!*argv[0] || strlen(argv[0]) >= sizeof value)
        return fk_diag_set(diag, FK_ERR_ARG,
            "a prediction is one word or number, of at most 63 bytes");
    return progress_set(&c->progress, "predict", "", argv[0], diag);
}

static enum fk_err do_answer(
    struct checker *c, char *const argv[], struct fk_diag *diag)
{
    if (!checker_question(c, argv[0]))
        return fk_diag_set(
            diag, FK_ERR_ARG, "%s has no question '%s'", c->ex.id, argv[0]);
    if (!*argv[1] || strlen(argv[1]) > ANSWER_MAX)
        return fk_diag_set(diag, FK_ERR_ARG,
            "an answer is a few words, of at most %d bytes", ANSWER_MAX);
    return progress_set(&c->progress, "answer", argv[0], argv[1], diag);
}

/* The load outlives this process and the page: a session of its own, its
 * words in log/load. */
static void become_load(struct kit *kit, const struct exercise *ex)
{
    char log[PATH_MAX], dir[PATH_MAX], id[16];
    char *argv[] = {id};
    snprintf(id, sizeof id, "%s", ex->id);
    setsid();
    if (kit_path(dir, kit->state, "log") ||
        (mkdir(dir, 0700) && errno != EEXIST) || kit_path(log, dir, "load"))
        _exit(3);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(3);
    _exit(verb_run(kit, 1, argv));
}

static enum fk_err do_run(
    struct checker *c, char *const argv[], struct fk_diag *diag)
{
    struct kit kit = *c->kit;
    (void)argv;
    if (!*kit.app)
        return fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "the demo app is not up; type `make up` first");
    enum fk_err err = stack_verify_run(&kit, kit.app, diag);
    if (err)
        return err;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        become_load(&kit, &c->ex);
    return pid > 0 ? FK_OK
                   : fk_diag_set(diag, FK_ERR_IO, "cannot start the load: %s",
                         strerror(errno));
}

static const struct {
    const char *name;
    int args;
    enum fk_err (*fn)(
        struct checker *c, char *const argv[], struct fk_diag *diag);
} acts[] = {
    {"hint", 0, do_hint},
    {"predict", 1, do_predict},
    {"answer", 2, do_answer},
    {"run", 0, do_run},
};

static enum fk_err act(
    struct checker *c, int argc, char *const argv[], struct fk_diag *diag)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (!strcmp(argv[0], acts[i].name) && argc == acts[i].args + 1)
            return acts[i].fn(c, argv + 1, diag);
    return fk_diag_set(diag, FK_ERR_ARG,
        "the drawer knows hint, run, predict VALUE and answer NAME VALUE");
}

int verb_drawer(struct kit *kit, int argc, char **argv)
{
    struct checker c;
    struct fk_diag diag = {""};
    if (argc == 0)
        return show_list(kit);
    enum fk_err err = checker_open(kit, argv[0], &c, &diag);
    if (!err && argc > 1)
        err = act(&c, argc - 1, argv + 1, &diag);
    int status = err ? fail(&diag, err) : show(&c);
    checker_close(&c);
    return status;
}
