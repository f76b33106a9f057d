/* What text and HTML say in words. */
#include "loadgen/summary.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE = 512 };

struct notes {
    summary_say_fn *say;
    void *arg;
};

FK_PRINTF(2, 3)

static void note(const struct notes *n, const char *fmt, ...)
{
    char sentence[SENTENCE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    n->say(n->arg, sentence);
}

/* A sender that waited for a core sent late by itself; what its requests
 * waited for then tells nothing about the service. */
static bool is_machine_busy(const struct report *r)
{
    double seconds = 0;
    for (uint32_t i = 0; i < r->phases.num; i++)
        seconds += r->phases.row[i].seconds;
    return r->sender_wait_s > 0.02 * seconds;
}

/* One sentence for the most common surprises. */
static void note_waiting(const struct notes *n, const struct report *r)
{
    const struct tally *t = r->all.tally;
    int64_t late = fk_hist_quantile(&t->lateness, 0.99);
    int64_t response = fk_hist_quantile(&t->response, 0.99);
    int64_t service = fk_hist_quantile(&t->service, 0.99);
    bool busy = is_machine_busy(r);
    if (busy && late > FK_NS_PER_MS && strcmp(r->priority, "real-time") != 0)
        note(n, "Requests left late because this machine is busy: close other "
                "programs, or say --priority realtime, as root.");
    if (!busy && response > 2 * service &&
        response - service > 10 * FK_NS_PER_MS)
        note(n, "Requests waited longer for their turn than they took: the "
                "service cannot keep up with this rate.");
}

static void note_lateness(const struct notes *n, const struct report *r)
{
    int64_t late = fk_hist_quantile(&r->all.tally->lateness, 0.99);
    note(n,
        "99 %% were sent within %.2f ms of their due time, with %s priority; "
        "sending took %.2f s of a core and waited %.2f s for one.",
        (double)late / FK_NS_PER_MS, r->priority, r->sender_cpu_s,
        r->sender_wait_s);
}

static void note_left_out(const struct notes *n, const struct tally *t)
{
    if (t->aborted)
        note(n,
            "%" PRIu64 " were still under way at the end and were given up; "
            "that is no failure.",
            t->aborted);
    if (t->dropped)
        note(n,
            "%" PRIu64 " were due but found no free connection before the "
            "end: raise max_inflight or lower the rate.",
            t->dropped);
}

void summary_failures(const struct tally *t, summary_say_fn *say, void *arg)
{
    const struct notes n = {say, arg};
    for (int i = ENGINE_OK + 1; i < ENGINE_NUM_ERRORS; i++)
        if (t->error[i])
            note(&n, "%" PRIu64 " x %s", t->error[i],
                engine_error_name((enum engine_error)i));
    for (int i = 300; i < TALLY_STATUSES; i++)
        if (t->status[i])
            note(&n, "%u x status %d", t->status[i], i);
    if (t->wrong_content)
        note(&n, "%" PRIu64 " x unexpected content", t->wrong_content);
    if (t->wrong_size)
        note(&n, "%" PRIu64 " x body too long", t->wrong_size);
}

void summary_notes(const struct report *r, summary_say_fn *say, void *arg)
{
    const struct notes n = {say, arg};
    if (r->interrupted)
        note(&n, "Interrupted: this is what was played.");
    if (*r->stopped)
        note(&n, "Stopped: %s", r->stopped);
    note_left_out(&n, r->all.tally);
    note_lateness(&n, r);
    note_waiting(&n, r);
    if (r->untold)
        note(&n,
            "The profiling server was away when %" PRIu64 " phases ended; the "
            "timeline does not show them as they were.",
            r->untold);
}

void summary_ms(struct fk_buf *out, int width, int64_t ns)
{
    double ms = (double)ns / FK_NS_PER_MS;
    int decimals = ms < 10 ? 2 : ms < 100 ? 1 : 0;
    fk_buf_printf(out, "%*.*f", width, decimals, ms);
}
