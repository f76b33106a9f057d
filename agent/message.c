#include "agent/message.h"

#include <stdio.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/gzip.h"
#include "common/hash.h"
#include "common/labels.h"
#include "common/pb.h"
#include "common/rng.h"

#define GZIP_LEVEL 1 /* measured: higher levels cost 3x for 6 % */

/* Field numbers of push.v1 and types.v1. */
enum { REQUEST_SERIES = 1 };

enum { SERIES_LABELS = 1, SERIES_SAMPLES = 2 };

enum { LABEL_NAME = 1, LABEL_VALUE = 2 };

enum { SAMPLE_PROFILE = 1, SAMPLE_ID = 2 };

void fk_uuid_text(char text[FK_UUID_TEXT])
{
    uint64_t r[2];
    /* Early at boot there may be no entropy yet; a host is not kept waiting. */
    if (getrandom(r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r)) {
        uint64_t seed = fk_hash_seed() ^ (uint64_t)fk_mono_ns();
        r[0] = fk_rng_at(seed, 0);
        r[1] = fk_rng_at(seed, 1);
    }
    snprintf(text, FK_UUID_TEXT, "%08x-%04x-4%03x-%04x-%012llx",
        (unsigned)(r[0] >> 32), (unsigned)(r[0] >> 16) & 0xffffu,
        (unsigned)r[0] & 0xfffu, 0x8000u | ((unsigned)(r[1] >> 48) & 0x3fffu),
        (unsigned long long)(r[1] & 0xffffffffffffull));
}

static bool collect_labels(
    struct fk_labels *labels, const flamekit_config *config, const char *name)
{
    bool ok = true;
    for (size_t i = 0; i < config->num_tags; i++)
        if (config->tags[i].value[0] != '\0')
            ok = fk_labels_set(labels, fk_slice_of(config->tags[i].key),
                     fk_slice_of(config->tags[i].value)) == FK_OK &&
                 ok;
    return fk_labels_set(labels, FK_SLICE("__name__"), fk_slice_of(name)) ==
               FK_OK &&
           fk_labels_set(labels, FK_SLICE("service_name"),
               fk_slice_of(config->application_name)) == FK_OK &&
           ok;
}

void fk_message_add(struct fk_buf *out, const flamekit_config *config,
    const struct fk_series *series)
{
    struct fk_labels labels = {.count = 0};
    if (!collect_labels(&labels, config, series->name)) {
        out->err = FK_ERR_LIMIT;
        return;
    }
    char id[FK_UUID_TEXT];
    fk_uuid_text(id);
    size_t whole = fk_pb_begin(out, REQUEST_SERIES);
    for (uint32_t i = 0; i < labels.count; i++) {
        size_t label = fk_pb_begin(out, SERIES_LABELS);
        fk_pb_add_bytes(out, LABEL_NAME, labels.pair[i].name);
        fk_pb_add_bytes(out, LABEL_VALUE, labels.pair[i].value);
        fk_pb_end(out, label);
    }
    size_t sample = fk_pb_begin(out, SERIES_SAMPLES);
    fk_pb_add_bytes(out, SAMPLE_PROFILE, series->pprof);
    fk_pb_add_string(out, SAMPLE_ID, id);
    fk_pb_end(out, sample);
    fk_pb_end(out, whole);
}

bool fk_message_pack(
    const struct fk_buf *message, uint64_t weight, struct fk_payload *payload)
{
    struct fk_buf gz;
    fk_buf_init(&gz, FK_QUEUE_BYTES);
    enum fk_err err = message->err;
    if (err == FK_OK)
        err = fk_gzip_write(fk_buf_slice(message), GZIP_LEVEL, &gz);
    if (err != FK_OK) {
        fk_buf_fini(&gz);
        return false;
    }
    *payload = (struct fk_payload){.weight = weight, .made_ns = fk_mono_ns()};
    payload->bytes = fk_buf_take(&gz, &payload->len);
    return true;
}
