/*
 * `flamekit plan expect NAME`: are the lines `expect = ...` of a load plan
 * true of what the server has, phase by phase? They are the E lines of a
 * check, so they are judged as those: the exit status is a verdict.
 */
#include "cli/expect.h"

#include "cli/checker.h"
#include "cli/judge.h"
#include "cli/stack.h"
#include "cli/verbs.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

enum { PLAN_MAX_BYTES = 1024 * 1024 };

/* A file, or a name: the plan of that name in a scenario or with loadgen. */
static enum fk_err read_plan(const struct kit *kit, const char *name,
    struct fk_buf *text, struct fk_diag *diag)
{
    static const char *const places[] = {
        "scenarios/*/%s.load", "loadgen/plans/%s.load"};
    if (strchr(name, '/') || strchr(name, '.'))
        return kit_read_file(name, PLAN_MAX_BYTES, text, diag);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char pattern[2 * PATH_MAX];
        glob_t found;
        const char *star = strstr(places[i], "%s");
        snprintf(pattern, sizeof pattern, "%s/%.*s%s.load", kit->root,
            (int)(star - places[i]), places[i], name);
        enum fk_err err = FK_ERR_NOT_FOUND;
        if (!glob(pattern, GLOB_NOSORT, NULL, &found))
            err = kit_read_file(found.gl_pathv[0], PLAN_MAX_BYTES, text, diag);
        globfree(&found);
        if (err != FK_ERR_NOT_FOUND)
            return err;
    }
    fk_buf_init(text, 1);
    return fk_diag_set(diag, FK_ERR_NOT_FOUND, "there is no plan '%s'", name);
}

/* "samples >= 300, share(f) 60%..97%": an E line each. */
static void add_lines(
    struct fk_buf *lines, struct fk_slice phase, struct fk_slice expect)
{
    struct fk_slice one;
    while (fk_slice_split(&expect, ',', &one))
        fk_buf_printf(lines, "E  " FK_SLICE_FMT "." FK_SLICE_FMT "\n",
            FK_SLICE_ARG(phase), FK_SLICE_ARG(fk_slice_trim(one)));
}

/* The plan as a check file: windows first, then what is expected of them. */
static void translate(
    struct fk_slice plan, const char *name, struct fk_buf *out)
{
    struct fk_buf lines;
    struct fk_slice line, key, phase = {0};
    bool night = false;
    fk_buf_init(&lines, PLAN_MAX_BYTES);
    fk_buf_printf(out, "check 00.0 \"%s\"\n", name);
    while (fk_slice_split(&plan, '\n', &line)) {
        struct fk_slice head = fk_slice_trim(line), value = line;
        fk_slice_split(&value, '=', &key);
        key = fk_slice_trim(key);
        value = fk_slice_trim(value);
        if (fk_slice_starts(head, FK_SLICE("[phase ")) && head.len > 8)
            phase = fk_slice_trim(fk_slice_sub(head, 7, head.len - 1));
        else if (fk_slice_eqz(key, "instance"))
            night = fk_slice_starts(value, FK_SLICE("night"));
        else if (phase.len && fk_slice_eqz(key, "expect")) {
            fk_buf_printf(out,
                "window " FK_SLICE_FMT " phase=" FK_SLICE_FMT "\n",
                FK_SLICE_ARG(phase), FK_SLICE_ARG(phase));
            add_lines(&lines, phase, value);
        }
    }
    fk_buf_printf(
        out, "profile cpu workshop.demo.%s\n", night ? "night" : "app");
    fk_buf_add_slice(out, fk_buf_slice(&lines));
    fk_buf_adds(out, "say \"as the plan expects\"\n");
    fk_buf_fini(&lines);
}

static enum verdict judge_lines(struct checker *c)
{
    enum verdict worst = VERDICT_PASS;
    for (size_t i = 0; i < c->file.num_items; i++) {
        struct finding f = {.item = &c->file.item[i]};
        judge_range(c, f.item, &f);
        printf("%-9s %s\n", verdict_name(f.verdict), f.text);
        if (f.verdict > worst)
            worst = f.verdict;
    }
    return worst;
}

int plan_expect(const struct kit *kit, const char *name)
{
    static struct checker c;
    struct fk_buf plan;
    struct fk_diag diag = {""};
    struct world_span span = {kit->run, 0, 0};
    c = (struct checker){.kit = kit};
    fk_buf_init(&c.text, 2 * PLAN_MAX_BYTES);
    enum fk_err err = read_plan(kit, name, &plan, &diag);
    if (!err) {
        translate(fk_buf_slice(&plan), name, &c.text);
        err = checkfile_parse(fk_buf_slice(&c.text), name, &c.file, &diag);
    }
    if (!err && !*kit->run)
        err = fk_diag_set(
            &diag, FK_ERR_UNAVAILABLE, "nothing is up; type `make up` first");
    if (!err)
        err = stack_verify_run(kit, kit->server, &diag);
    c.world.rule = &c.file.rule;
    c.world.server = kit->server;
    if (!err)
        err = world_find(&c.world, &span, &diag);
    int status = err == FK_ERR_NOT_FOUND ? VERDICT_NOT_YET : VERDICT_BROKEN;
    if (!err)
        err = world_look(&c.world, &diag);
    status = err ? verb_fail(status, &diag) : (int)judge_lines(&c);
    world_forget(&c.world);
    fk_buf_fini(&c.text);
    fk_buf_fini(&plan);
    return status;
}
