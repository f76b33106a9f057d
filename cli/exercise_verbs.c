/* list, next, predict, run, reset, hint, answer: the verbs around an
 * exercise. */
#include "cli/checker.h"
#include "cli/client.h"
#include "cli/stack.h"
#include "cli/verbs.h"

#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct exercise exercises[EXERCISES_MAX];

static const char *const state_signs[] = {"○", "◔", "●"};

int verb_list(struct kit *kit, int argc, char **argv)
{
    struct fk_diag diag = {""};
    size_t n;
    (void)argc, (void)argv;
    if (exercise_list(kit, exercises, &n, &diag))
        return verb_fail(3, &diag);
    for (size_t i = 0; i < n; i++)
        printf("%s %s  %-40s %d to %d minutes\n",
            state_signs[progress_state(kit, exercises[i].id)], exercises[i].id,
            exercises[i].title, exercises[i].minutes_low,
            exercises[i].minutes_high);
    return 0;
}

/* The exercise named, or the first that is not passed. */
static enum fk_err pick(const struct kit *kit, int argc, char **argv,
    struct exercise *ex, struct fk_diag *diag)
{
    size_t n;
    if (argc > 0)
        return exercise_find(kit, argv[0], ex, diag);
    enum fk_err err = exercise_list(kit, exercises, &n, diag);
    for (size_t i = 0; !err && i < n; i++) {
        if (exercises[i].optional ||
            progress_state(kit, exercises[i].id) == PROGRESS_PASSED)
            continue;
        *ex = exercises[i];
        return FK_OK;
    }
    return err ? err
               : fk_diag_set(diag, FK_ERR_NOT_FOUND,
                     "every exercise is solved; `make reset` starts afresh");
}

static enum fk_err note(const struct kit *kit, const struct exercise *ex,
    const char *kind, const char *value, struct fk_diag *diag)
{
    struct progress p;
    enum fk_err err = progress_open(kit, ex->id, &p, diag);
    if (!err)
        err = progress_set(&p, kind, "", value, diag);
    progress_close(&p);
    return err;
}

int verb_next(struct kit *kit, int argc, char **argv)
{
    struct exercise ex;
    struct fk_diag diag = {""};
    struct fk_buf text;
    fk_buf_init(&text, 1);
    enum fk_err err = pick(kit, argc, argv, &ex, &diag);
    if (!err)
        err = exercise_text(kit, &ex, "README.md", &text, &diag);
    if (!err)
        err = note(kit, &ex, "opened", "", &diag);
    if (!err)
        printf(FK_SLICE_FMT "\n(%s/README.md; check with: make check EX=%s)\n",
            FK_SLICE_ARG(fk_buf_slice(&text)), ex.dir, ex.id);
    fk_buf_fini(&text);
    return err ? verb_fail(err == FK_ERR_NOT_FOUND ? 1 : 3, &diag) : 0;
}

int verb_predict(struct kit *kit, int argc, char **argv)
{
    struct exercise ex;
    struct progress p;
    struct fk_diag diag = {""};
    char value[64];
    if (argc < 1 || argc > 2) {
        fprintf(stderr, "usage: flamekit predict EX [ANSWER]\n");
        return 2;
    }
    if (exercise_find(kit, argv[0], &ex, &diag) ||
        progress_open(kit, ex.id, &p, &diag))
        return verb_fail(2, &diag);
    int status = 0;
    if (progress_get(&p, "predict", "", value, sizeof value))
        printf("%s: you predicted %s; now look\n", ex.id, value);
    else if (argc == 1)
        printf("%s: %s\n  flamekit predict %s ...\n", ex.id, ex.predict, ex.id);
    else if (progress_set(&p, "predict", "", argv[1], &diag))
        status = verb_fail(3, &diag);
    else
        printf("%s: noted %s; you cannot change it now\n", ex.id, argv[1]);
    progress_close(&p);
    return status;
}

int verb_run(struct kit *kit, int argc, char **argv)
{
    struct exercise ex;
    struct fk_diag diag = {""};
    if (argc < 1) {
        fprintf(stderr, "usage: flamekit run EX\n");
        return 2;
    }
    if (exercise_find(kit, argv[0], &ex, &diag) ||
        note(kit, &ex, "ran", "", &diag) ||
        note(kit, &ex, "before", "", &diag)) /* no replay any more */
        return verb_fail(2, &diag);
    if (ex.night && stack_need_night(kit, &diag))
        return verb_fail(3, &diag);
    const char *args[24] = {"--plan", ex.plan, "--for", ex.duration};
    size_t n = *ex.duration ? 4 : 2;
    for (int i = 1; i < argc && n < 24; i++)
        args[n++] = argv[i];
    return stack_become_load(kit, ex.night, args, n);
}

/* What the server has stays, but this exercise no longer looks at it. */
int verb_reset_exercise(struct kit *kit, int argc, char **argv)
{
    struct exercise ex;
    struct progress p = {.text = {0}};
    struct fk_diag diag = {""};
    char now[32];
    if (argc != 1) {
        fprintf(stderr, "usage: flamekit reset [EX]\n");
        return 2;
    }
    fk_buf_init(&p.text, 1);
    snprintf(now, sizeof now, "%lld", (long long)(fk_wall_ns() / FK_NS_PER_MS));
    enum fk_err err = exercise_find(kit, argv[0], &ex, &diag);
    if (!err)
        err = progress_open(kit, ex.id, &p, &diag);
    fk_buf_reset(&p.text);
    if (!err)
        err = progress_set(&p, "since", "", now, &diag);
    if (!err)
        printf("%s: forgotten; begin with `flamekit run %s`\n", ex.id, ex.id);
    progress_close(&p);
    return err ? verb_fail(2, &diag) : 0;
}

int verb_hint(struct kit *kit, int argc, char **argv)
{
    struct exercise ex;
    struct progress p = {.text = {0}};
    struct fk_diag diag = {""};
    struct fk_buf text;
    char name[32], level[16] = "0";
    fk_buf_init(&text, 1);
    fk_buf_init(&p.text, 1);
    enum fk_err err = pick(kit, argc, argv, &ex, &diag);
    if (!err)
        err = progress_open(kit, ex.id, &p, &diag);
    if (!err) {
        progress_get(&p, "hint", "", level, sizeof level);
        int next = (int)strtol(level, NULL, 10) + 1;
        next = next > EXERCISE_HINTS ? EXERCISE_HINTS : next;
        snprintf(level, sizeof level, "%d", next);
        snprintf(name, sizeof name, "hints/%d.md", next);
        err = exercise_file(kit, &ex, name, &text, &diag);
    }
    if (!err)
        err = progress_set(&p, "hint", "", level, &diag);
    if (!err)
        printf("%s, hint %s of %d\n" FK_SLICE_FMT, ex.id, level, EXERCISE_HINTS,
            FK_SLICE_ARG(fk_buf_slice(&text)));
    fk_buf_fini(&text);
    progress_close(&p);
    return err ? verb_fail(3, &diag) : 0;
}

static enum fk_err take_answer(
    struct checker *c, const char *pair, struct fk_diag *diag)
{
    struct fk_slice value = fk_slice_of(pair), name;
    char id[32];
    fk_slice_split(&value, '=', &name);
    snprintf(id, sizeof id, FK_SLICE_FMT, FK_SLICE_ARG(name));
    if (!checker_question(c, id))
        return fk_diag_set(diag, FK_ERR_ARG,
            "%s has no question '%s'; `flamekit check %s` lists the questions "
            "and how to answer them",
            c->ex.id, id, c->ex.id);
    if (!value.len)
        return fk_diag_set(diag, FK_ERR_ARG,
            "'%s' has no value: an answer is NAME=VALUE, without blanks "
            "around the sign",
            pair);
    enum fk_err err = progress_set(&c->progress, "answer", id, value.ptr, diag);
    if (!err)
        printf("%s: %s = %s\n", c->ex.id, id, value.ptr);
    return err;
}

int verb_answer(struct kit *kit, int argc, char **argv)
{
    struct checker c;
    struct fk_diag diag = {""};
    if (argc < 2) {
        fprintf(stderr, "usage: flamekit answer EX NAME=VALUE...\n");
        return 2;
    }
    enum fk_err err = checker_open(kit, argv[0], &c, &diag);
    for (int i = 1; !err && i < argc; i++)
        err = take_answer(&c, argv[i], &diag);
    checker_close(&c);
    return err ? verb_fail(2, &diag) : 0;
}
