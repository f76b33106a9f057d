#include "loadgen/clients.h"

#include "common/check.h"

#include <stdlib.h>

void clients_init(struct clients *c, uint32_t count, int64_t start_ns)
{
    *c = (struct clients){.count = count};
    if (!count)
        return;
    c->ready_ns = calloc(count, sizeof *c->ready_ns);
    FK_ASSERT(c->ready_ns);
    for (uint32_t i = 0; i < count; i++)
        clients_add(c, start_ns);
}

void clients_fini(struct clients *c)
{
    free(c->ready_ns);
    *c = (struct clients){0};
}

int64_t clients_next(const struct clients *c)
{
    return c->num_ready ? c->ready_ns[c->first] : INT64_MAX;
}

bool clients_take(struct clients *c, int64_t now_ns, int64_t *ready_ns)
{
    *ready_ns = clients_next(c);
    if (*ready_ns > now_ns)
        return false;
    c->first = (c->first + 1) % c->count;
    c->num_ready--;
    return true;
}

void clients_add(struct clients *c, int64_t ready_ns)
{
    FK_ASSERT(c->num_ready < c->count);
    c->ready_ns[(c->first + c->num_ready++) % c->count] = ready_ns;
}
