#include "loadgen/tally.h"

#include "common/check.h"
#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

const char *const tally_hist_names[TALLY_HISTS] = {
    "response", "service", "lateness", "connect", "tls", "firstByte"};

struct tally *tally_new(void)
{
    struct tally *t = calloc(1, sizeof *t);
    FK_ASSERT(t);
    tally_reset(t);
    return t;
}

void tally_reset(struct tally *t)
{
    memset(t, 0, sizeof *t);
}

void tally_merge(struct tally *into, const struct tally *from)
{
    into->sent += from->sent;
    into->ok += from->ok;
    into->late += from->late;
    into->failed += from->failed;
    into->aborted += from->aborted;
    into->dropped += from->dropped;
    into->requests += from->requests;
    into->bytes += from->bytes;
    into->new_connections += from->new_connections;
    into->failed_connections += from->failed_connections;
    into->wrong_status += from->wrong_status;
    into->wrong_content += from->wrong_content;
    into->wrong_size += from->wrong_size;
    for (int i = 0; i < ENGINE_NUM_ERRORS; i++)
        into->error[i] += from->error[i];
    for (int i = 0; i < TALLY_STATUSES; i++)
        into->status[i] += from->status[i];
    for (int i = 0; i < TALLY_HISTS; i++)
        fk_hist_merge(&into->hist[i], &from->hist[i]);
}

void tally_sent(struct tally *t, int64_t due_ns, int64_t sent_ns)
{
    int64_t lateness = sent_ns > due_ns ? sent_ns - due_ns : 0;
    t->sent++;
    t->late += lateness > TALLY_LATE_MS * FK_NS_PER_MS;
    fk_hist_add(&t->lateness, lateness);
}

static bool check(struct tally *t, const struct engine_answer *a,
    const struct tally_expect *expect)
{
    bool status = expect->status ? a->status == expect->status
                                 : a->status >= 200 && a->status < 300;
    bool content = !expect->content ||
                   fk_slice_contains(a->body, fk_slice_of(expect->content));
    t->wrong_status += !status;
    bool size = !expect->max_bytes || a->bytes <= expect->max_bytes;
    t->wrong_content += status && !content;
    t->wrong_size += status && content && !size;
    return status && content && size;
}

static void count_connection(struct tally *t, const struct engine_answer *a)
{
    bool refused = a->error == ENGINE_RESOLVE || a->error == ENGINE_CONNECT ||
                   a->error == ENGINE_TLS || a->error == ENGINE_LIMIT;
    t->failed_connections += refused;
    if (refused || !a->new_connection)
        return;
    t->new_connections++;
    if (a->connect_ns)
        fk_hist_add(&t->connect, a->connect_ns);
    if (a->tls_ns)
        fk_hist_add(&t->tls, a->tls_ns);
    if (a->first_byte_ns)
        fk_hist_add(&t->first_byte, a->first_byte_ns);
}

void tally_answer(struct tally *t, int64_t due_ns,
    const struct engine_answer *a, const struct tally_expect *expect)
{
    t->bytes += a->bytes;
    count_connection(t, a);
    t->error[a->error]++;
    if (a->error == ENGINE_OK && a->status > 0 && a->status < TALLY_STATUSES)
        t->status[a->status]++;
    if (a->error != ENGINE_OK || !check(t, a, expect)) {
        t->failed++;
        return;
    }
    t->ok++;
    fk_hist_add(&t->response, a->done_ns - due_ns);
    fk_hist_add(&t->service, a->done_ns - a->sent_ns);
}

uint64_t tally_done(const struct tally *t)
{
    return t->ok + t->failed;
}

uint64_t tally_reuses(const struct tally *t)
{
    return tally_done(t) - t->new_connections - t->failed_connections;
}

double tally_share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}
