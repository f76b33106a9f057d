/* Checking an exercise: see checker.h. */
#include "cli/checker.h"

#include "cli/client.h"
#include "cli/judge.h"
#include "cli/stack.h"

#include <stdio.h>
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
    [CHECK_ASK] = judge_ask,
    [CHECK_PICK] = judge_pick,
};

/* The seed document calls the service by its Flask name. */
#define SERVICE       "workshop.demo.app"
#define SERVICE_ALIAS "workshop.flask.app"

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
    profile_fini(&c->world.cpu);
    json_decref(c->activity);
    c->activity = NULL;
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

static enum fk_err fetch_samples(
    struct checker *c, struct profile_query query, struct fk_diag *diag)
{
    struct profile p;
    query.type = PROFILE_SAMPLES;
    enum fk_err err = profile_fetch(c->kit->server, &query, &p, diag);
    if (err)
        return err;
    c->world.samples = (double)profile_total(&p);
    profile_fini(&p);
    return FK_OK;
}

static enum fk_err fetch_activity(struct checker *c, struct fk_diag *diag)
{
    char path[128];
    snprintf(path, sizeof path, "/api/kit/activity?from=%lld&until=now",
        (long long)(c->world.window.from_ms - c->file.window.trim_ms));
    struct client_request ask = {"GET", c->kit->server, path, NULL, 0};
    return client_json(&ask, &c->activity, diag);
}

static enum fk_err look(struct checker *c, struct fk_diag *diag)
{
    struct world *w = &c->world;
    char selector[192];
    bool alias = !strcmp(c->file.service, SERVICE_ALIAS);
    w->service = alias ? SERVICE : c->file.service;
    snprintf(selector, sizeof selector, "{service_name=\"%s\"}", w->service);
    struct profile_query query = {
        PROFILE_CPU, selector, w->window.from_ms, w->window.until_ms};
    enum fk_err err = profile_fetch(c->kit->server, &query, &w->cpu, diag);
    if (!err)
        err = fetch_samples(c, query, diag);
    return err ? err : fetch_activity(c, diag);
}

/* ---- judging
 * ------------------------------------------------------------------- */

/* BROKEN, then MORE DATA, then NOT YET: the student's part counts only when
 * the world is known to be right. */
static void judge_all(struct checker *c)
{
    c->verdict = VERDICT_PASS;
    for (size_t i = 0; i < c->file.num_items; i++) {
        struct finding *f = &c->finding[i];
        *f = (struct finding){.item = &c->file.item[i]};
        judges[f->item->kind](c, f->item, f);
        if (f->verdict > c->verdict)
            c->verdict = f->verdict;
    }
    if (c->verdict == VERDICT_BROKEN &&
        c->finding[0].verdict == VERDICT_MORE_DATA)
        c->verdict = VERDICT_MORE_DATA; /* too little to judge the rest */
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
    if (stack_verify_run(kit, kit->server, &c->diag) ||
        stack_verify_run(kit, kit->app, &c->diag))
        return;
    enum fk_err err = window_find(
        kit->server, kit->run, &c->file.window, &c->world.window, &c->diag);
    if (err == FK_ERR_NOT_FOUND)
        c->verdict = VERDICT_NOT_YET;
    if (err || look(c, &c->diag))
        return;
    judge_all(c);
}

/* ---- telling
 * --------------------------------------------------------------------- */

static const char *kind_word(enum check_kind kind)
{
    switch (kind) {
    case CHECK_RANGE:
    case CHECK_PATH:
        return "data";
    case CHECK_VIEWED:
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

static void print_more_data(const struct checker *c)
{
    double seconds =
        (double)(c->world.window.until_ms - c->world.window.from_ms) / 1000;
    double rate = seconds > 0 ? c->world.samples / seconds : 0;
    double need = 0;
    for (size_t i = 0; i < c->file.num_items; i++)
        if (c->file.item[i].kind == CHECK_RANGE &&
            c->finding[i].verdict == VERDICT_MORE_DATA)
            need = c->file.item[i].low > need ? c->file.item[i].low : need;
    if (rate > 0 && need > c->world.samples)
        printf("%.0f of %.0f samples: about %.0f s more of this load\n",
            c->world.samples, need, (need - c->world.samples) / rate);
    else
        printf("%.0f samples are too few to tell: let the load run on, or "
               "`flamekit run %s`\n",
            c->world.samples, c->ex.id);
}

void checker_print(const struct checker *c)
{
    printf("%s %s\n", c->ex.id, c->file.title);
    for (size_t i = 0; i < c->file.num_items; i++)
        if (c->finding[i].item)
            printf("  %s %-7s %s\n", marks[c->finding[i].verdict],
                kind_word(c->file.item[i].kind), c->finding[i].text);
    printf("%s   ", verdict_names[c->verdict]);
    switch (c->verdict) {
    case VERDICT_PASS:
        printf("%s\n", c->file.say);
        break;
    case VERDICT_NOT_YET:
        if (*c->diag.text)
            printf("%s: flamekit run %s\n", c->diag.text, c->ex.id);
        else
            printf("the lines with a dot are left.  hint: flamekit hint %s\n",
                c->ex.id);
        break;
    case VERDICT_MORE_DATA:
        print_more_data(c);
        break;
    case VERDICT_BROKEN:
        printf("%s; this is the kit's fault, not yours: `make doctor`, then "
               "`make restart`\n",
            *c->diag.text ? c->diag.text : "the world is not as it should be");
        break;
    }
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
