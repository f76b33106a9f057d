#include "server/agents.h"

#include <ctype.h>
#include <string.h>

#include "common/clock.h"

#define SILENT_NS (300 * FK_NS_PER_S) /* its gauges no longer count */

enum kind { COUNTER, GAUGE, LONGEST };

/* In order of the page. Counters and gauges add up over the agents of a
 * service, of LONGEST the largest counts. A reason makes a row one of several
 * of a metric. */
static const struct number {
    const char *key, *metric, *reason;
    enum kind kind;
    const char *help;
} numbers[AGENTS_NUMBERS] = {
    {"taken", "samples_taken_total", NULL, COUNTER,
        "CPU samples that agents took; the sum of the next three."},
    {"delivered", "samples_delivered_total", NULL, COUNTER,
        "CPU samples that arrived here."},
    {"lost_table", "samples_lost_total", "table", COUNTER,
        "CPU samples that agents lost, by reason."},
    {"lost_profile", "samples_lost_total", "profile", COUNTER, NULL},
    {"lost_queue", "samples_lost_total", "queue", COUNTER, NULL},
    {"waiting", "samples_waiting", NULL, GAUGE,
        "CPU samples that wait in agents."},
    {"truncated", "stacks_truncated_total", NULL, COUNTER,
        "Stacks deeper than the agent's limit."},
    {"lost_labelsets", "tags_lost_total", NULL, COUNTER,
        "Tags left out, for there were too many different sets."},
    {"uploads_failed", "uploads_failed_total", NULL, COUNTER,
        "Tries to upload that failed."},
    {"uploads_dropped", "uploads_dropped_total", NULL, COUNTER,
        "Uploads given up."},
    {"no_timer", "threads_without_timer", NULL, GAUGE,
        "Threads that RLIMIT_SIGPENDING refused a timer."},
    {"blocked", "threads_blocking", NULL, GAUGE,
        "Threads that block the signal of the profiler."},
    {"wall_taken", "wall_nanoseconds_taken_total", NULL, COUNTER,
        "Time of threads by the wall clock; the sum of the next three."},
    {"wall_delivered", "wall_nanoseconds_delivered_total", NULL, COUNTER,
        "Wall-clock time that arrived here."},
    {"wall_lost_table", "wall_nanoseconds_lost_total", "table", COUNTER,
        "Wall-clock time that agents lost, by reason."},
    {"wall_lost_profile", "wall_nanoseconds_lost_total", "profile", COUNTER,
        NULL},
    {"wall_lost_queue", "wall_nanoseconds_lost_total", "queue", COUNTER, NULL},
    {"wall_waiting", "wall_nanoseconds_waiting", NULL, GAUGE,
        "Wall-clock time that waits in agents."},
    {"wall_looks", "wall_looks_total", NULL, COUNTER,
        "Stacks of waiting threads that were read."},
    {"wall_moved", "wall_looks_discarded_total", NULL, COUNTER,
        "Of these thrown away, for the thread woke up meanwhile."},
    {"wall_round", "wall_round_nanoseconds", NULL, LONGEST,
        "Between two looks at all threads, in the agent that is slowest."},
    {"heap_lost", "heap_samples_lost_total", NULL, COUNTER,
        "Samples of allocations that found no room."},
    {"lock_lost", "lock_samples_lost_total", NULL, COUNTER,
        "Samples of waits for locks that found no room."},
    {"cpu_unsampled", "cpu_unsampled_nanoseconds_total", NULL, COUNTER,
        "CPU time of programs before their threads had timers."},
};

/* ---- a line ------------------------------------------------------------- */

struct report {
    struct fk_slice service, id;
    uint64_t number[AGENTS_NUMBERS];
};

static bool read_number(
    struct report *r, struct fk_slice key, struct fk_slice value)
{
    for (size_t i = 0; i < AGENTS_NUMBERS; i++)
        if (fk_slice_eqz(key, numbers[i].key))
            return fk_slice_u64(value, &r->number[i]);
    return true; /* of a newer agent */
}

static bool is_text(struct fk_slice s, size_t room)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isprint((unsigned char)s.ptr[i]))
            return false;
    return s.len > 0 && s.len < room;
}

/* "key=value;key=value;...;service=the rest" */
static bool read_line(struct fk_slice line, struct report *r)
{
    static const struct fk_slice last = {"service=", 8};
    struct fk_slice part;
    while (!fk_slice_starts(line, last) && fk_slice_split(&line, ';', &part)) {
        struct fk_slice key;
        if (!fk_slice_split(&part, '=', &key))
            return false;
        if (fk_slice_eqz(key, "id"))
            r->id = part;
        else if (!read_number(r, key, part))
            return false;
    }
    if (!fk_slice_starts(line, last))
        return false;
    r->service = fk_slice_sub(line, last.len, line.len);
    return is_text(r->service, AGENTS_NAME) && is_text(r->id, AGENTS_ID);
}

/* ---- the tables --------------------------------------------------------- */

static void copy_text(char *to, struct fk_slice from)
{
    memcpy(to, from.ptr, from.len);
    to[from.len] = '\0';
}

static struct agents_service *service_of(struct agents *a, struct fk_slice name)
{
    struct agents_service *oldest = &a->service[0];
    for (size_t i = 0; i < AGENTS_SERVICES; i++) {
        struct agents_service *s = &a->service[i];
        if (s->heard_ns && fk_slice_eqz(name, s->name))
            return s;
        if (s->heard_ns < oldest->heard_ns)
            oldest = s;
    }
    *oldest = (struct agents_service){.heard_ns = 0};
    copy_text(oldest->name, name);
    return oldest;
}

static struct agents_instance *instance_of(
    struct agents_service *s, struct fk_slice id)
{
    struct agents_instance *oldest = &s->instance[0];
    for (size_t i = 0; i < AGENTS_INSTANCES; i++) {
        struct agents_instance *n = &s->instance[i];
        if (n->heard_ns && fk_slice_eqz(id, n->id))
            return n;
        if (n->heard_ns < oldest->heard_ns)
            oldest = n;
    }
    for (size_t i = 0; i < AGENTS_NUMBERS; i++)
        s->past[i] += numbers[i].kind == COUNTER ? oldest->number[i] : 0;
    *oldest = (struct agents_instance){.heard_ns = 0};
    copy_text(oldest->id, id);
    return oldest;
}

void agents_report(struct agents *a, struct fk_slice line, int64_t now_ns)
{
    struct report r = {.service = {0}};
    if (line.ptr == NULL)
        return;
    bool understood = read_line(line, &r);
    pthread_mutex_lock(&a->lock);
    if (understood) {
        struct agents_service *s = service_of(a, r.service);
        struct agents_instance *n = instance_of(s, r.id);
        s->heard_ns = n->heard_ns = now_ns;
        memcpy(n->number, r.number, sizeof(n->number));
    }
    a->ignored += !understood;
    pthread_mutex_unlock(&a->lock);
}

/* ---- the page ----------------------------------------------------------- */

static uint64_t sum_of(
    const struct agents_service *s, size_t number, int64_t now_ns)
{
    enum kind kind = numbers[number].kind;
    uint64_t sum = s->past[number];
    for (size_t i = 0; i < AGENTS_INSTANCES; i++) {
        const struct agents_instance *n = &s->instance[i];
        uint64_t value = n->number[number];
        if (kind != COUNTER && now_ns - n->heard_ns >= SILENT_NS)
            continue;
        if (kind != LONGEST)
            sum += value;
        else if (value > sum)
            sum = value;
    }
    return sum;
}

static void print_name(const char *name, struct fk_buf *out)
{
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            fk_buf_adds(out, "\\");
        fk_buf_add(out, name, 1);
    }
}

static void print_value(const struct agents_service *s, size_t number,
    int64_t now_ns, struct fk_buf *out)
{
    const struct number *n = &numbers[number];
    fk_buf_printf(out, "flamekit_agent_%s{service_name=\"", n->metric);
    print_name(s->name, out);
    if (n->reason != NULL)
        fk_buf_printf(out, "\",reason=\"%s", n->reason);
    fk_buf_printf(
        out, "\"} %llu\n", (unsigned long long)sum_of(s, number, now_ns));
}

void agents_print(struct agents *a, int64_t now_ns, struct fk_buf *out)
{
    static const char *const kinds[] = {"counter", "gauge", "gauge"};
    pthread_mutex_lock(&a->lock);
    for (size_t i = 0; i < AGENTS_NUMBERS; i++) {
        const struct number *n = &numbers[i];
        if (n->help != NULL)
            fk_buf_printf(out,
                "# HELP flamekit_agent_%s %s\n# TYPE flamekit_agent_%s %s\n",
                n->metric, n->help, n->metric, kinds[n->kind]);
        for (size_t k = 0; k < AGENTS_SERVICES; k++)
            if (a->service[k].heard_ns)
                print_value(&a->service[k], i, now_ns, out);
    }
    fk_buf_printf(out,
        "# HELP flamekit_agent_reports_ignored_total Lines of agents that "
        "were not understood.\n"
        "# TYPE flamekit_agent_reports_ignored_total counter\n"
        "flamekit_agent_reports_ignored_total %llu\n",
        (unsigned long long)a->ignored);
    pthread_mutex_unlock(&a->lock);
}
