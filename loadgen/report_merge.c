/* Several runs of one plan become one: those of several machines at a time, or
 * of one machine one after the other. */
#include "loadgen/report.h"

#include <stdio.h>
#include <string.h>

/* The seconds in which at least one of the two was sending: `from` began
 * later, perhaps before `into` had ended. */
static void add_time(struct report_row *into, const struct report_row *from)
{
    if (!into->from_ms)
        into->from_ms = from->from_ms;
    int64_t shared_ms = into->sent_until_ms - from->from_ms;
    int64_t alone_ms = from->sent_until_ms - into->sent_until_ms;
    if (shared_ms <= 0)
        into->seconds += from->seconds;
    else if (alone_ms > 0)
        into->seconds += (double)alone_ms / 1000;
    if (alone_ms > 0)
        into->sent_until_ms = from->sent_until_ms;
    if (from->until_ms > into->until_ms)
        into->until_ms = from->until_ms;
}

static bool add_row(struct report_rows *rows, const struct report_row *from)
{
    struct report_row *into = report_row(rows, from->name);
    if (!into)
        return false;
    tally_merge(into->tally, from->tally);
    add_time(into, from);
    into->planned += from->planned;
    return true;
}

static bool add_rows(struct report_rows *into, const struct report_rows *from)
{
    bool room = true;
    for (uint32_t i = 0; i < from->num && room; i++)
        room = add_row(into, &from->row[i]);
    return room;
}

/* A threshold holds when it held in every run; what each measured is told. */
static void add_threshold(
    struct report *into, const struct report_threshold *from)
{
    for (uint32_t i = 0; i < into->num_thresholds; i++) {
        struct report_threshold *t = &into->thresholds[i];
        size_t len = strlen(t->measured);
        if (strcmp(t->text, from->text) != 0)
            continue;
        snprintf(t->measured + len, sizeof t->measured - len, ", %s",
            from->measured);
        t->held &= from->held;
        return;
    }
    if (into->num_thresholds < THRESHOLD_MAX_ROWS)
        into->thresholds[into->num_thresholds++] = *from;
}

/* What is not the same in all is that of none. */
static void keep_common(char *into, size_t size, const char *from)
{
    if (strcmp(into, from) != 0)
        snprintf(into, size, "several");
}

static void add_facts(struct report *into, const struct report *from)
{
    keep_common(into->target, sizeof into->target, from->target);
    keep_common(into->engine, sizeof into->engine, from->engine);
    keep_common(into->priority, sizeof into->priority, from->priority);
    if (!*into->stopped)
        memcpy(into->stopped, from->stopped, sizeof into->stopped);
    if (into->seed != from->seed)
        into->seed = 0;
    if (into->digest != from->digest)
        into->digest = 0;
    if (into->resolve_ms < from->resolve_ms)
        into->resolve_ms = from->resolve_ms;
    into->runs += from->runs;
    into->untold += from->untold;
    into->posts_failed += from->posts_failed;
    into->interrupted |= from->interrupted;
    into->sender_cpu_s += from->sender_cpu_s;
    into->sender_wait_s += from->sender_wait_s;
}

enum fk_err report_merge(
    struct report *into, const struct report *from, struct fk_diag *diag)
{
    if (strcmp(into->plan, from->plan) != 0)
        return fk_diag_set(diag, FK_ERR_ARG,
            "One run is of plan %s, another of plan %s; only runs of the same "
            "plan can be added up.",
            into->plan, from->plan);
    tally_merge(into->all.tally, from->all.tally);
    add_facts(into, from);
    for (uint32_t i = 0; i < from->num_thresholds; i++)
        add_threshold(into, &from->thresholds[i]);
    if (!add_rows(&into->phases, &from->phases) ||
        !add_rows(&into->endpoints, &from->endpoints) ||
        !add_rows(&into->regions, &from->regions))
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "The runs have more than %d phases or endpoints in all.",
            REPORT_MAX_ROWS);
    return FK_OK;
}
