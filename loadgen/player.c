#include "loadgen/player.h"

#include "common/check.h"
#include "common/clock.h"
#include "loadgen/clients.h"
#include "loadgen/schedule.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A request under way. */
struct flight {
    struct flight *next_free;
    int64_t due_ns;
    uint32_t mix;
};

/* The phase at hand; only the player's thread touches it. */
struct stand {
    struct schedule schedule;
    struct schedule_request next; /* the next of this player's share */
    bool has_next;
    int64_t start_ns, end_ns, give_up_ns, timeout_ns;
    uint32_t second; /* that is counted in slots */
    struct clients clients;
};

struct player {
    struct player_config config;
    pthread_t thread;
    struct engine *engine;
    struct flight *flights, *free;
    struct tally *tallies[PLAN_MAX_MIX];
    struct slots slots;
    struct stand stand;
    struct fk_buf path, body;
    enum priority priority;
    struct priority_cost cost;
    _Atomic int early; /* 0, or 1 + enum player_hurry */

    /* The display must not hold up the player, which may have the higher
     * priority of the two: no lock. The player keeps `live`, copies it to
     * `shown` when the copy before was taken, and says so by `fresh`. */
    struct player_live live, shown;
    _Atomic bool fresh;
    struct player_live seen; /* the conductor's: counts taken last */

    pthread_mutex_t lock; /* guards what follows; never held while sending */
    pthread_cond_t changed;
    bool playing, stopping;
    uint32_t phase_index;
};

static const struct plan_phase *phase_of(const struct player *p)
{
    return p->stand.schedule.phase;
}

static bool is_closed_loop(const struct player *p)
{
    return phase_of(p)->arrive.kind == ARRIVE_CLIENTS;
}

/* ---- answers
 * ------------------------------------------------------------------ */

static void on_answer(void *arg, const struct engine_answer *a)
{
    struct player *p = arg;
    struct flight *f = a->owner;
    uint32_t index = phase_of(p)->mix[f->mix].endpoint;
    const struct plan_endpoint *endpoint = &p->config.plan->endpoints[index];
    struct tally_expect expect = {endpoint->expect_status,
        endpoint->expect_content, (uint64_t)endpoint->expect_bytes};
    struct tally *t = p->tallies[f->mix];
    uint64_t ok = t->ok, failed = t->failed;
    tally_answer(t, f->due_ns, a, &expect);
    if (is_closed_loop(p))
        clients_add(
            &p->stand.clients, a->done_ns + phase_of(p)->arrive.think_ns);
    p->live.ok += t->ok - ok;
    p->live.failed += t->failed - failed;
    if (t->ok > ok)
        fk_hist_add(&p->live.response, a->done_ns - f->due_ns);
    f->next_free = p->free;
    p->free = f;
}

/* ---- sending
 * ------------------------------------------------------------------ */

static void advance(struct player *p)
{
    struct stand *s = &p->stand;
    do
        s->has_next = schedule_next(&s->schedule, &s->next);
    while (s->has_next && s->next.k % p->config.count != p->config.index);
}

/* False when all connections are busy: the request stays due. */
static bool send_next(struct player *p, int64_t due_ns)
{
    struct flight *f = p->free;
    if (!f)
        return false;
    p->free = f->next_free;
    *f = (struct flight){NULL, due_ns, p->stand.next.mix};
    fk_buf_reset(&p->path);
    fk_buf_reset(&p->body);
    schedule_write(&p->stand.schedule, &p->stand.next, &p->path, &p->body);
    uint32_t index = phase_of(p)->mix[f->mix].endpoint;
    bool post = p->config.plan->endpoints[index].post;
    struct engine_request request = {
        .owner = f,
        .path = p->path.ptr,
        .header = phase_of(p)->header,
        .target = phase_of(p)->mix[f->mix].region,
        .body = !post         ? NULL
                : p->body.len ? p->body.ptr
                              : "",
        .now_ns = fk_mono_ns(),
        .timeout_ns = p->stand.timeout_ns,
    };
    struct tally *t = p->tallies[f->mix];
    uint64_t late = t->late;
    tally_sent(t, due_ns, request.now_ns);
    t->requests +=
        schedule_digest(&p->stand.schedule, &p->stand.next, &p->path, &p->body);
    p->live.sent++;
    p->live.late += t->late - late;
    /* There are as many flights as the engine has slots. */
    FK_ASSERT(engine_start(p->engine, &request) == FK_OK);
    return true;
}

/* Sends what is due; returns when to look again. */
static int64_t send_by_schedule(struct player *p)
{
    struct stand *s = &p->stand;
    while (s->has_next) {
        int64_t due = s->start_ns + s->next.due_ns;
        if (due > fk_mono_ns())
            return due;
        if (!send_next(p, due))
            return INT64_MAX;
        advance(p);
    }
    return INT64_MAX;
}

static int64_t send_for_clients(struct player *p)
{
    struct stand *s = &p->stand;
    int64_t now = fk_mono_ns(), ready;
    if (now >= s->end_ns) {
        s->has_next = false;
        return INT64_MAX;
    }
    while (s->has_next && clients_take(&s->clients, now, &ready)) {
        bool sent = send_next(p, ready);
        FK_ASSERT(sent); /* there is a flight for each client */
        advance(p);
    }
    int64_t first = clients_next(&s->clients);
    return first < s->end_ns ? first : s->end_ns;
}

/* ---- a phase
 * -------------------------------------------------------------------- */

static uint32_t share_of_clients(const struct player *p, uint32_t clients)
{
    return clients / p->config.count +
           (p->config.index < clients % p->config.count);
}

static void open_stand(struct player *p, uint32_t phase_index, int64_t start_ns)
{
    const struct plan *plan = p->config.plan;
    struct stand *s = &p->stand;
    memset(s, 0, sizeof *s);
    schedule_init(&s->schedule, plan, phase_index);
    const struct plan_phase *phase = phase_of(p);
    s->start_ns = start_ns;
    s->end_ns = start_ns + phase->duration_ns;
    s->give_up_ns = s->end_ns + plan->drain_ns;
    s->timeout_ns = phase->timeout_ns ? phase->timeout_ns : plan->timeout_ns;
    clients_init(
        &s->clients, share_of_clients(p, phase->arrive.clients), start_ns);
    for (uint32_t m = 0; m < phase->num_mix; m++) {
        if (!p->tallies[m])
            p->tallies[m] = tally_new();
        tally_reset(p->tallies[m]);
    }
    advance(p);
    if (is_closed_loop(p) && !s->clients.count)
        s->has_next = false;
}

static void heed_early_end(struct player *p)
{
    int early = atomic_load(&p->early);
    struct stand *s = &p->stand;
    if (!early)
        return;
    int64_t patience =
        early == 1 + PLAYER_PATIENT ? p->config.plan->drain_ns : 0;
    int64_t give_up = fk_mono_ns() + patience;
    s->has_next = false;
    if (give_up < s->give_up_ns)
        s->give_up_ns = give_up;
}

/* What was due and never got a connection. */
static void count_dropped(struct player *p)
{
    struct stand *s = &p->stand;
    for (; s->has_next && !is_closed_loop(p); advance(p))
        p->tallies[s->next.mix]->dropped++;
}

static void count_aborted(struct player *p)
{
    uint64_t done = 0, sent = 0;
    for (uint32_t m = 0; m < phase_of(p)->num_mix; m++) {
        struct tally *t = p->tallies[m];
        done += tally_done(t);
        sent += t->sent;
        t->aborted = t->sent - tally_done(t);
    }
    FK_ASSERT(engine_abort(p->engine) == sent - done);
}

static void refill_flights(struct player *p, unsigned count)
{
    p->free = NULL;
    for (unsigned i = 0; i < count; i++) {
        p->flights[i].next_free = p->free;
        p->free = &p->flights[i];
    }
}

static unsigned max_inflight(const struct player_config *c)
{
    unsigned most = (unsigned)c->plan->max_inflight / c->count;
    for (uint32_t i = 0; i < c->plan->num_phases; i++) {
        uint32_t clients = c->plan->phases[i].arrive.clients;
        if (clients > most)
            most = clients;
    }
    return most ? most : 1;
}

static void show(struct player *p)
{
    if (atomic_load_explicit(&p->fresh, memory_order_acquire))
        return;
    p->shown = p->live;
    fk_hist_reset(&p->live.response);
    atomic_store_explicit(&p->fresh, true, memory_order_release);
}

static void close_second(struct player *p)
{
    for (uint32_t m = 0; p->config.seconds && m < phase_of(p)->num_mix; m++)
        slots_take(&p->slots, p->stand.second, m, p->tallies[m]);
}

/* What is answered after the phase belongs to the second it came in. */
static void heed_second(struct player *p, int64_t now)
{
    struct stand *s = &p->stand;
    uint32_t second = (uint32_t)((now - s->start_ns) / FK_NS_PER_S);
    if (now < s->start_ns || second == s->second)
        return;
    close_second(p);
    s->second = second;
}

static void play(struct player *p, uint32_t phase_index, int64_t start_ns)
{
    struct stand *s = &p->stand;
    refill_flights(p, max_inflight(&p->config));
    open_stand(p, phase_index, start_ns);
    while (fk_mono_ns() < start_ns && !atomic_load(&p->early))
        engine_run(p->engine, start_ns);
    for (;;) {
        int64_t now = fk_mono_ns();
        heed_early_end(p);
        heed_second(p, now);
        show(p);
        int64_t wake =
            is_closed_loop(p) ? send_for_clients(p) : send_by_schedule(p);
        bool idle = !s->has_next && engine_inflight(p->engine) == 0;
        if (idle || now >= s->give_up_ns)
            break;
        engine_run(p->engine, wake < s->give_up_ns ? wake : s->give_up_ns);
    }
    close_second(p);
    count_dropped(p);
    count_aborted(p);
    schedule_fini(&s->schedule);
    clients_fini(&s->clients);
}

static void *player_main(void *arg)
{
    struct player *p = arg;
    pthread_setname_np(pthread_self(), "player");
    pthread_mutex_lock(&p->lock);
    p->priority = priority_take(p->config.priority);
    for (;;) {
        while (!p->playing && !p->stopping)
            pthread_cond_wait(&p->changed, &p->lock);
        if (!p->playing)
            break;
        uint32_t phase_index = p->phase_index;
        int64_t start_ns = p->stand.start_ns;
        pthread_mutex_unlock(&p->lock);
        play(p, phase_index, start_ns);
        priority_read_cost(&p->cost);
        pthread_mutex_lock(&p->lock);
        p->playing = false;
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- the conductor's side
 * --------------------------------------------------------- */

static void player_free(struct player *p)
{
    engine_close(p->engine);
    slots_fini(&p->slots);
    for (int i = 0; i < PLAN_MAX_MIX; i++)
        free(p->tallies[i]);
    free(p->flights);
    fk_buf_fini(&p->path);
    fk_buf_fini(&p->body);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

enum fk_err player_start(const struct player_config *config,
    struct player **out, struct fk_diag *diag)
{
    struct player *p = calloc(1, sizeof *p);
    unsigned n = max_inflight(config);
    FK_ASSERT(p);
    p->config = *config;
    p->flights = calloc(n, sizeof *p->flights);
    FK_ASSERT(p->flights);
    fk_buf_init(&p->path, 128 * 1024);
    fk_buf_init(&p->body, 1024 * 1024);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    struct engine_config engine = {.kind = config->engine,
        .targets = config->targets,
        .num_targets = config->num_targets,
        .max_inflight = n,
        .per_connection = (unsigned)config->plan->per_connection,
        .on_answer = on_answer,
        .arg = p};
    enum fk_err err = engine_open(&engine, &p->engine, diag);
    if (!err && pthread_create(&p->thread, NULL, player_main, p))
        err = fk_diag_set(diag, FK_ERR_LIMIT,
            "A thread could not be started; raise the limit of processes "
            "(ulimit -u).");
    if (err) {
        player_free(p);
        return err;
    }
    *out = p;
    return FK_OK;
}

void player_stop(struct player *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    player_free(p);
}

void player_play(struct player *p, uint32_t phase_index, int64_t start_ns)
{
    pthread_mutex_lock(&p->lock);
    p->phase_index = phase_index;
    p->stand.start_ns = start_ns;
    p->playing = true;
    atomic_store(&p->early, 0);
    memset(&p->live, 0, sizeof p->live);
    fk_hist_reset(&p->live.response);
    p->seen = p->live;
    atomic_store(&p->fresh, false);
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void player_end_early(struct player *p, enum player_hurry hurry)
{
    atomic_store(&p->early, 1 + (int)hurry);
    engine_wake(p->engine);
}

bool player_done(struct player *p)
{
    pthread_mutex_lock(&p->lock);
    bool done = !p->playing;
    pthread_mutex_unlock(&p->lock);
    return done;
}

void player_live(struct player *p, struct player_live *into)
{
    if (atomic_load_explicit(&p->fresh, memory_order_acquire)) {
        fk_hist_merge(&into->response, &p->shown.response);
        p->seen = p->shown;
        atomic_store_explicit(&p->fresh, false, memory_order_release);
    }
    const struct player_live *seen = &p->seen;
    into->sent += seen->sent;
    into->ok += seen->ok;
    into->late += seen->late;
    into->failed += seen->failed;
    into->inflight += (unsigned)(seen->sent - seen->ok - seen->failed);
    engine_wake(p->engine); /* an idle player shows its counts, too */
}

const struct tally *player_tally(const struct player *p, uint32_t mix)
{
    return p->tallies[mix];
}

struct slots *player_slots(struct player *p)
{
    return &p->slots;
}

enum priority player_priority(const struct player *p)
{
    return p->priority;
}

void player_cost(const struct player *p, struct priority_cost *into)
{
    into->cpu_ns += p->cost.cpu_ns;
    into->wait_ns += p->cost.wait_ns;
}
