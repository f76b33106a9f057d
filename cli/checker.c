/* Checking an exercise: see checker.h. */
#include "cli/checker.h"

#include "cli/client.h"
#include "cli/judge.h"
#include "cli/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[] = {
    [VERDICT_PASS] = "PASS",
    [VERDICT_NOT_YET] = "NOT YET",
    [VERDICT_MORE_DATA] = "MORE DATA",
    [VERDICT_BROKEN] = "BROKEN",
};

static judge_fn *const judges[] = {
    [CHECK_RANGE] = judge_range,
    [CHECK_PATH] = judge_path,
    [CHECK_VIEWED] = judge_viewed,
    [CHECK_MARKED] = judge_marked,
    [CHECK_ASK] = judge_ask,
    [CHECK_PICK] = judge_pick,
};

/* A share of the requests; 0 on a machine that has time. */
static const double HELD_UP = 0.02;

const char *verdict_name(enum verdict v)
{
    return verdict_names[v];
}

enum fk_err checker_open(const struct kit *kit, const char *name,
    struct checker *c, struct fk_diag *diag)
{
    *c = (struct checker){.kit = kit};
    fk_buf_init(&c->text, 1);
    fk_buf_init(&c->quiz, 1);
    fk_buf_init(&c->progress.text, 1);
    enum fk_err err = exercise_find(kit, name, &c->ex, diag);
    if (!err)
        err = exercise_file(kit, &c->ex, "check.kit", &c->text, diag);
    if (!err)
        err = checkfile_parse(
            fk_buf_slice(&c->text), "check.kit", &c->file, diag);
    if (!err)
        err = exercise_file(kit, &c->ex, "quiz.kit", &c->quiz, diag);
    if (!err)
        err = progress_open(kit, c->ex.id, &c->progress, diag);
    return err;
}

static void forget_world(struct checker *c)
{
    world_forget(&c->world);
    json_decref(c->activity);
    json_decref(c->markers);
    c->activity = c->markers = NULL;
}

void checker_close(struct checker *c)
{
    forget_world(c);
    progress_close(&c->progress);
    fk_buf_fini(&c->quiz);
    fk_buf_fini(&c->text);
}

/* ---- looking
 * ------------------------------------------------------------------ */

/* What the student did since the first window began. */
static enum fk_err fetch_deeds(struct checker *c, struct fk_diag *diag)
{
    char path[128];
    int64_t from = INT64_MAX;
    for (size_t i = 0; i < c->file.rule.num_windows; i++)
        if (c->world.window[i].start_ms < from)
            from = c->world.window[i].start_ms;
    snprintf(path, sizeof path, "/api/kit/activity?from=%lld&until=now",
        (long long)from);
    struct client_request ask = {"GET", c->kit->server, path, NULL, 0};
    enum fk_err err = client_json(&ask, &c->activity, diag);
    snprintf(path, sizeof path, "/api/annotations?from=%lld",
        (long long)from - 60000);
    return err ? err : client_json(&ask, &c->markers, diag);
}

/* A reset begins anew, a replay is all there is to look at. */
static int64_t time_noted(const struct checker *c, const char *kind)
{
    char text[32];
    return progress_get(&c->progress, kind, "", text, sizeof text)
               ? strtoll(text, NULL, 10)
               : 0;
}

/* ---- judging
 * ------------------------------------------------------------------- */

/* The window whose load this machine held up most, if any. Of what was sent
 * late then, nobody knows what it shows. */
static const struct window *held_up(const struct checker *c)
{
    const struct window *worst = NULL;
    double most = HELD_UP;
    for (size_t i = 0; i < c->file.rule.num_windows; i++) {
        const struct window *w = &c->world.window[i];
        if (!w->sent || (double)w->late < most * (double)w->sent)
            continue;
        worst = w;
        most = (double)w->late / (double)w->sent;
    }
    return worst;
}

/* BROKEN, then MORE DATA, then NOT YET: the student's part counts only when
 * the world is known to be right; and when there is too little to tell, or a
 * busy machine made it what it is, nobody knows that it is wrong. */
void checker_judge(struct checker *c)
{
    bool doubtful = held_up(c) != NULL;
    c->verdict = VERDICT_PASS;
    for (size_t i = 0; i < c->file.num_items; i++) {
        struct finding *f = &c->finding[i];
        *f = (struct finding){.item = &c->file.item[i]};
        judges[f->item->kind](c, f->item, f);
        doubtful |= i == 0 && f->verdict == VERDICT_MORE_DATA;
        if (f->verdict == VERDICT_BROKEN && doubtful)
            f->verdict = VERDICT_MORE_DATA;
        if (f->verdict > c->verdict)
            c->verdict = f->verdict;
    }
}

void checker_run(struct checker *c)
{
    const struct kit *kit = c->kit;
    forget_world(c);
    memset(c->finding, 0, sizeof c->finding);
    c->diag.text[0] = '\0';
    c->verdict = VERDICT_BROKEN;
    if (!*kit->run) {
        fk_diag_set(&c->diag, FK_ERR_UNAVAILABLE,
            "nothing is up; type `make up` first");
        return;
    }
    const char *app = c->ex.night ? kit->night : kit->app;
    if (stack_verify_run(kit, kit->server, &c->diag) ||
        (*app && stack_verify_run(kit, app, &c->diag)))
        return;
    c->world.rule = &c->file.rule;
    c->world.server = kit->server;
    struct world_span span = {
        kit->run, time_noted(c, "since"), time_noted(c, "before")};
    enum fk_err err = world_find(&c->world, &span, &c->diag);
    if (err == FK_ERR_NOT_FOUND)
        c->verdict = VERDICT_NOT_YET;
    if (err || world_look(&c->world, &c->diag) || fetch_deeds(c, &c->diag))
        return;
    checker_judge(c);
}

/* ---- telling
 * --------------------------------------------------------------------- */

const char *checker_about(const struct check_item *item)
{
    switch (item->kind) {
    case CHECK_RANGE:
        return *item->todo ? "you" : "data";
    case CHECK_PATH:
        return "data";
    case CHECK_VIEWED:
    case CHECK_MARKED:
        return "you";
    case CHECK_ASK:
    case CHECK_PICK:
        return "answer";
    }
    return "";
}

static const char *const marks[] = {
    [VERDICT_PASS] = "✓",
    [VERDICT_NOT_YET] = "·",
    [VERDICT_MORE_DATA] = "…",
    [VERDICT_BROKEN] = "✗",
};

/* The line that wants the most: what it has, what it needs, how long. */
static void say_more_data(const struct checker *c, char *out, size_t size)
{
    const struct window *busy = held_up(c);
    double have = 0, need = 0, seconds = 0;
    for (size_t i = 0; i < c->file.num_items; i++) {
        const struct check_item *item = &c->file.item[i];
        struct value v;
        if (item->kind != CHECK_RANGE ||
            c->finding[i].verdict != VERDICT_MORE_DATA)
            continue;
        measure(&item->expr, &c->world, &v);
        if (v.unit != UNIT_COUNT || item->low - v.number < need - have)
            continue;
        const struct window *w = &c->world.window[item->expr.term[0].window];
        have = v.number;
        need = item->low;
        seconds = (double)(w->until_ms - w->from_ms) / 1000;
    }
    if (busy)
        snprintf(out, size,
            "this machine was too busy while the load was played (%lld of "
            "%lld requests were sent late): close other programs, then "
            "`flamekit run %s`",
            (long long)busy->late, (long long)busy->sent, c->ex.id);
    else if (have > 0 && seconds > 0)
        snprintf(out, size,
            "%.0f of %.0f samples: about %.0f s more of this load", have, need,
            (need - have) * seconds / have);
    else
        snprintf(out, size,
            "too few samples to tell: let the load run on, or `flamekit run "
            "%s`",
            c->ex.id);
}

bool checker_measured(const struct checker *c, char *out, size_t size)
{
    struct value v;
    if (!c->file.predict.num_terms || *c->diag.text)
        return false;
    measure(&c->file.predict, &c->world, &v);
    measure_print(&v, out, size);
    return true;
}

static void print_prediction(const struct checker *c)
{
    char guess[64], seen[256];
    if (progress_get(&c->progress, "predict", "", guess, sizeof guess) &&
        checker_measured(c, seen, sizeof seen))
        printf("  > guess   you predicted %s; measured %s\n", guess, seen);
}

void checker_advice(const struct checker *c, char *out, size_t size)
{
    switch (c->verdict) {
    case VERDICT_PASS:
        snprintf(out, size, "%s", c->file.say);
        break;
    case VERDICT_NOT_YET:
        if (*c->diag.text)
            snprintf(out, size, "%s: flamekit run %s", c->diag.text, c->ex.id);
        else
            snprintf(out, size,
                "the lines with a dot are left.  hint: flamekit hint %s",
                c->ex.id);
        break;
    case VERDICT_MORE_DATA:
        say_more_data(c, out, size);
        break;
    case VERDICT_BROKEN:
        if (*c->diag.text)
            snprintf(out, size, "%s", c->diag.text);
        else
            snprintf(out, size,
                "the lines with a cross are the kit's fault, not yours: `make "
                "doctor`, then `make restart` and `flamekit run %s`; or go on "
                "with what was recorded: `flamekit catch-up %s`",
                c->ex.id, c->ex.id);
        break;
    }
}

void checker_print(const struct checker *c)
{
    char advice[1200];
    checker_advice(c, advice, sizeof advice);
    printf("%s %s\n", c->ex.id, c->file.title);
    for (size_t i = 0; i < c->file.num_items; i++)
        if (c->finding[i].item)
            printf("  %s %-7s %s\n", marks[c->finding[i].verdict],
                checker_about(&c->file.item[i]), c->finding[i].text);
    print_prediction(c);
    printf("%s   %s\n", verdict_names[c->verdict], advice);
}

const struct check_item *checker_question(
    const struct checker *c, const char *id)
{
    for (size_t i = 0; i < c->file.num_items; i++) {
        const struct check_item *item = &c->file.item[i];
        if ((item->kind == CHECK_ASK || item->kind == CHECK_PICK) &&
            !strcmp(item->id, id))
            return item;
    }
    return NULL;
}

enum fk_err checker_solution(struct checker *c, const struct check_item *item,
    char *out, size_t size, struct fk_diag *diag)
{
    struct quiz_item quiz;
    struct value v;
    if (item->kind == CHECK_ASK) {
        measure(&item->expr, &c->world, &v);
        measure_print(&v, out, size);
        return FK_OK;
    }
    enum fk_err err =
        quiz_find(fk_buf_slice(&c->quiz), "quiz.kit", item->id, &quiz, diag);
    for (size_t i = 0; !err && i < quiz.num_options; i++)
        if (quiz.option[i].right)
            snprintf(out, size, "%c", quiz.option[i].letter);
    return err;
}
