#include "demoapp/memory.h"

#include "common/check.h"
#include "common/hash.h"
#include "demoapp/teaching.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_LINES = 512 };

TEACHING uint64_t build_report(void)
{
    const size_t line = REPORT_BYTES / REPORT_LINES;
    char *lines[REPORT_LINES];
    uint64_t sum = 0;
    for (int i = 0; i < REPORT_LINES; i++) {
        lines[i] = malloc(line);
        FK_ASSERT(lines[i]);
        memset(lines[i], i, line);
        sum = fk_hash_mix(sum ^ (uint64_t)(unsigned char)lines[i][i]);
    }
    for (int i = 0; i < REPORT_LINES; i++)
        free(lines[i]);
    return sum;
}

struct session {
    struct session *newer;
    char state[SESSION_BYTES - sizeof(struct session *)];
};

struct sessions {
    pthread_mutex_t lock; /* guards the list, oldest first */
    struct session *oldest, *newest;
    size_t count;
};

struct sessions *sessions_new(void)
{
    struct sessions *s = calloc(1, sizeof *s);
    FK_ASSERT(s);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

static void drop_oldest(struct sessions *s)
{
    struct session *gone = s->oldest;
    s->oldest = gone->newer;
    if (!s->oldest)
        s->newest = NULL;
    s->count--;
    free(gone);
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    while (s->oldest)
        drop_oldest(s);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

TEACHING size_t session_store(struct sessions *s, bool leaking)
{
    struct session *one = malloc(sizeof *one);
    FK_ASSERT(one);
    one->newer = NULL;
    memset(one->state, 's', sizeof one->state);
    pthread_mutex_lock(&s->lock);
    *(s->newest ? &s->newest->newer : &s->oldest) = one;
    s->newest = one;
    s->count++;
    while (s->count > (size_t)(leaking ? SESSIONS_MAX : SESSIONS_KEPT))
        drop_oldest(s);
    size_t count = s->count;
    pthread_mutex_unlock(&s->lock);
    return count;
}
