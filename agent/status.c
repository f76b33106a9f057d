#include "agent/status.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/counters.h"
#include "agent/message.h"

static char instance[FK_UUID_TEXT];

void fk_status_begin(void)
{
    fk_uuid_text(instance);
}

static uint64_t waiting(const struct fk_counters *c, uint64_t going)
{
    uint64_t gone = fk_counted(&c->weight_uploaded) + going +
                    fk_counted(&c->weight_unpacked) +
                    fk_counted(&c->weight_unsent);
    uint64_t samples = fk_counted(&c->samples);
    return samples > gone ? samples - gone : 0;
}

/* Handlers go on counting: `taken` is the sum of its parts as they were
 * read, not a further reading. */
static int write_numbers(char *line, size_t room, uint64_t going)
{
    const struct fk_counters *c = &fk_counters;

    const struct {
        const char *name;
        uint64_t value;
    } parts[] =
        {
            {"delivered", fk_counted(&c->weight_uploaded) + going},
            {"lost_table", fk_counted(&c->lost)},
            {"lost_profile", fk_counted(&c->weight_unpacked)},
            {"lost_queue", fk_counted(&c->weight_unsent)},
            {"waiting", waiting(c, going)},
        },
      others[] = {
          {"truncated", fk_counted(&c->truncated)},
          {"no_timer", fk_counted(&c->no_timer)},
          {"blocked", fk_counted(&c->blocked)},
          {"lost_labelsets", fk_counted(&c->lost_labelsets)},
          {"uploads_failed", fk_counted(&c->uploads_failed)},
          {"uploads_dropped", fk_counted(&c->uploads_dropped)},
      };

    uint64_t taken = 0;
    int n = snprintf(line, room, FK_STATUS_HEADER "id=%s", instance);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        taken += parts[i].value;
        n += snprintf(line + n, room - (size_t)n, ";%s=%" PRIu64, parts[i].name,
            parts[i].value);
    }
    n += snprintf(line + n, room - (size_t)n, ";taken=%" PRIu64, taken);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        n += snprintf(line + n, room - (size_t)n, ";%s=%" PRIu64,
            others[i].name, others[i].value);
    return n;
}

void fk_status_write(
    char *line, size_t room, const char *service, uint64_t going)
{
    int n = write_numbers(line, room, going);
    n += snprintf(line + n, room - (size_t)n, ";service=%.200s", service);
    for (int i = 0; i < n; i++)
        if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~')
            line[i] = '_';
}
