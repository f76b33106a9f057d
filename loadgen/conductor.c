#include "loadgen/conductor.h"

#include "common/clock.h"
#include "loadgen/marker.h"
#include "loadgen/player.h"
#include "loadgen/schedule.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_WORKERS = 16,
    AHEAD_MS = 50, /* all players know the start before it comes */
    TICK_MS = 100,
    VERB_TIMEOUT_MS = 6000,
    FLUSH_PATIENCE_S = 30,
    FLUSH_PAUSE_MS = 200,
    TELL_PATIENCE_S = 15,
    TELL_PAUSE_MS = 500,
    JUDGE_AFTER = 100, /* requests before abort_if is looked at */
};

struct stage {
    const struct conductor *c;
    struct run *run;
    struct player *players[MAX_WORKERS];
    unsigned num_players;
    int interrupts; /* signals seen */
    sigset_t signals;
};

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

void conductor_block_signals(void)
{
    sigset_t set;
    stop_signals(&set);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void end_early(struct stage *s, enum player_hurry hurry)
{
    for (unsigned i = 0; i < s->num_players; i++)
        player_end_early(s->players[i], hurry);
}

static void interrupt(struct stage *s)
{
    s->run->interrupted = true;
    s->interrupts++;
    if (s->interrupts == 1)
        display_note(s->c->display,
            "stopping; waiting for answers, once more to not wait");
    end_early(s, s->interrupts == 1 ? PLAYER_PATIENT : PLAYER_AT_ONCE);
}

/* Waits for a signal until the deadline. True when one came. */
static bool wait_until(struct stage *s, int64_t deadline_ns)
{
    int64_t left = deadline_ns - fk_mono_ns();
    if (left < 0)
        left = 0;
    struct timespec t = {left / FK_NS_PER_S, left % FK_NS_PER_S};
    if (sigtimedwait(&s->signals, NULL, &t) < 0)
        return false;
    interrupt(s);
    return true;
}

/* Nothing to do but to wait; Ctrl-C ends that, too. */
static void rest_until(struct stage *s, int64_t deadline_ns)
{
    while (!s->run->interrupted && fk_mono_ns() < deadline_ns)
        wait_until(s, deadline_ns);
}

/* Start instant on the monotonic clock: on an edge of the plan's snap. */
static int64_t choose_start(const struct plan *p)
{
    int64_t wall = fk_wall_ns(), mono = fk_mono_ns();
    int64_t start = wall + AHEAD_MS * FK_NS_PER_MS;
    if (p->snap_ns)
        start = (start + p->snap_ns - 1) / p->snap_ns * p->snap_ns;
    return mono + (start - wall);
}

static bool all_done(struct stage *s)
{
    bool done = true;
    for (unsigned i = 0; i < s->num_players; i++)
        done &= player_done(s->players[i]);
    return done;
}

/* abort_if: a machine that cannot keep up says so instead of failing a
 * check later. */
static void judge(struct stage *s, const struct player_live *live)
{
    const struct plan *p = s->run->plan;
    double late = tally_share(live->late, live->sent);
    double errors = tally_share(live->failed, live->ok + live->failed);
    if (live->sent < JUDGE_AFTER || *s->run->stopped.text)
        return;
    if (late > p->abort_late)
        fk_diag_set(&s->run->stopped, FK_ERR_CANCELLED,
            "%.1f %% of the requests were sent late, more than the %g %% the "
            "plan allows: this machine is too busy for the plan; close other "
            "programs.",
            late * 100, p->abort_late * 100);
    else if (errors > p->abort_errors)
        fk_diag_set(&s->run->stopped, FK_ERR_CANCELLED,
            "%.1f %% of the requests failed, more than the %g %% the plan "
            "allows; look at the service's log.",
            errors * 100, p->abort_errors * 100);
    if (*s->run->stopped.text)
        end_early(s, PLAYER_PATIENT);
}

static void tick(struct stage *s, uint32_t phase_index, int64_t start_ns)
{
    const struct plan_phase *p = &s->run->plan->phases[phase_index];
    struct player_live *live = calloc(1, sizeof *live);
    if (!live)
        return;
    fk_hist_reset(&live->response);
    for (unsigned i = 0; i < s->num_players; i++)
        player_live(s->players[i], live);
    double elapsed = (double)(fk_mono_ns() - start_ns) / FK_NS_PER_S;
    double duration = (double)p->duration_ns / FK_NS_PER_S;
    struct display_facts facts = {
        .phase = p->name,
        .number = phase_index + 1,
        .of = s->run->plan->num_phases,
        .elapsed_s = elapsed < duration ? elapsed : duration,
        .duration_s = duration,
    };
    double share = facts.elapsed_s / duration;
    facts.target_rate =
        p->arrive.rate + (p->arrive.rate_end - p->arrive.rate) * share;
    display_tick(s->c->display, &facts, live);
    judge(s, live);
    free(live);
}

static void collect(struct stage *s, uint32_t phase_index)
{
    struct run_phase *out = &s->run->phases[phase_index];
    uint32_t num_mix = s->run->plan->phases[phase_index].num_mix;
    for (uint32_t m = 0; m < num_mix; m++) {
        out->tally[m] = tally_new();
        for (unsigned i = 0; i < s->num_players; i++)
            tally_merge(out->tally[m], player_tally(s->players[i], m));
    }
    for (unsigned i = 0; i < s->num_players; i++)
        slots_move(&out->slots, player_slots(s->players[i]));
    slots_sort(&out->slots);
    out->played = true;
}

static bool ended(const struct stage *s)
{
    return s->run->interrupted || *s->run->stopped.text;
}

/* POST to the services themselves, not to the server. */
static bool tell_services(struct stage *s, const char *path)
{
    bool done = true;
    for (unsigned i = 0; i < s->c->num_targets; i++) {
        char url[1024];
        struct engine_reply reply = {0};
        snprintf(url, sizeof url, "%s%s", s->c->targets[i].base_url, path);
        done &= !engine_fetch(url, "{}", VERB_TIMEOUT_MS, &reply, NULL) &&
                reply.status == 200;
        engine_reply_fini(&reply);
    }
    return done;
}

static void set_fault(struct stage *s, const char *fault)
{
    char path[512];
    snprintf(path, sizeof path, "/api/faults/%s", fault);
    if (!s->run->has_verbs || !tell_services(s, path))
        display_note(s->c->display,
            "the service did not take the fault \"%s\": it takes faults of "
            "the kit's demo app, from its own machine",
            fault);
}

/* A flush queues up behind what the service still has to do, also for clients
 * that went away: an overloaded one refuses it, or takes long. The next phase
 * does not begin in that. */
static void flush_patiently(struct stage *s)
{
    int64_t deadline = fk_mono_ns() + FLUSH_PATIENCE_S * FK_NS_PER_S;
    while (s->run->has_verbs && !tell_services(s, "/api/kit/flush") &&
           !s->run->interrupted && fk_mono_ns() < deadline)
        wait_until(s, fk_mono_ns() + FLUSH_PAUSE_MS * FK_NS_PER_MS);
}

/* The profile of what was before belongs to no phase: it is sent off first.
 * So the windows of two phases never share a sample. */
static void verb_before(struct stage *s, const struct plan_phase *p)
{
    if (p->before)
        set_fault(s, p->before);
    flush_patiently(s);
}

static void verb_after(struct stage *s, const struct plan_phase *p)
{
    if (p->before)
        set_fault(s, "none");
    if (s->run->has_verbs)
        tell_services(s, "/api/kit/flush");
}

static void play_phase(struct stage *s, uint32_t i)
{
    struct run_phase *out = &s->run->phases[i];
    const struct plan_phase *p = &s->run->plan->phases[i];
    verb_before(s, p);
    int64_t start = choose_start(s->run->plan);
    int64_t end = start + p->duration_ns;
    for (unsigned n = 0; n < s->num_players; n++)
        player_play(s->players[n], i, start);
    rest_until(s, start);
    out->from_ms = fk_wall_ns() / FK_NS_PER_MS;
    marker_open(s->run, s->c->server, i);
    int64_t stopped_ns = 0;
    while (!all_done(s) || (!ended(s) && fk_mono_ns() < end)) {
        tick(s, i, start);
        wait_until(s, fk_mono_ns() + TICK_MS * FK_NS_PER_MS);
        if (ended(s) && !stopped_ns)
            stopped_ns = fk_mono_ns();
    }
    int64_t last = stopped_ns && stopped_ns < end ? stopped_ns : end;
    out->seconds = (double)(last - start) / FK_NS_PER_S;
    out->planned = schedule_planned(p) * out->seconds /
                   ((double)p->duration_ns / FK_NS_PER_S);
    verb_after(s, p);
    out->until_ms = fk_wall_ns() / FK_NS_PER_MS;
    collect(s, i);
    marker_close(s->run, s->c->server, i);
}

/* For live teaching: the room decides when it goes on. Ctrl-C goes on, too,
 * to the end. */
static void wait_for_enter(struct stage *s, const char *phase)
{
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    char line[256];
    if (!isatty(STDIN_FILENO))
        return;
    display_note(s->c->display, "after %s; Enter goes on", phase);
    while (!s->run->interrupted && poll(&in, 1, 0) == 0)
        wait_until(s, fk_mono_ns() + TICK_MS * FK_NS_PER_MS);
    if (!s->run->interrupted && !fgets(line, sizeof line, stdin))
        display_note(s->c->display, "nobody is there to press Enter");
}

/* A server that went away meanwhile is given time to come back. */
static void tell_the_end(struct stage *s)
{
    struct run *r = s->run;
    int64_t deadline = fk_mono_ns() + TELL_PATIENCE_S * FK_NS_PER_S;
    bool taken = false;
    for (;;) {
        taken = marker_retell(r, s->c->server) && marker_run(r, s->c->server);
        if (taken || !r->told || r->interrupted || fk_mono_ns() >= deadline)
            break;
        wait_until(s, fk_mono_ns() + TELL_PAUSE_MS * FK_NS_PER_MS);
    }
    r->posts_failed += !taken;
}

static void play_all(struct stage *s)
{
    const struct plan *p = s->run->plan;
    s->run->posts_failed += !marker_run(s->run, s->c->server);
    for (uint32_t i = 0; i < p->num_phases && !ended(s); i++) {
        int64_t idle = schedule_offset_ns(p, i) + (i ? p->gap_ns : 0);
        rest_until(s, fk_mono_ns() + idle);
        if (!ended(s))
            play_phase(s, i);
        if (p->phases[i].ask && !ended(s))
            wait_for_enter(s, p->phases[i].name);
    }
    s->run->until_ms = fk_wall_ns() / FK_NS_PER_MS;
    s->run->finished = true;
    tell_the_end(s);
}

enum fk_err conductor_play(
    const struct conductor *c, struct run *run, struct fk_diag *diag)
{
    struct stage s = {.c = c, .run = run};
    enum fk_err err = FK_OK;
    stop_signals(&s.signals);
    for (unsigned i = 0; i < c->workers && i < MAX_WORKERS && !err; i++) {
        struct player_config config = {run->plan, c->targets, c->num_targets,
            c->engine, c->seconds, c->priority, i, c->workers};
        err = player_start(&config, &s.players[i], diag);
        s.num_players += !err;
    }
    if (!err)
        play_all(&s);
    run->priority = c->priority;
    for (unsigned i = 0; i < s.num_players; i++) {
        enum priority got = player_priority(s.players[i]);
        if (got < run->priority)
            run->priority = got;
        player_cost(s.players[i], &run->cost);
        player_stop(s.players[i]);
    }
    display_break(c->display);
    return err;
}
