/* Stored spans: whatever the bytes are, what is visited is in bounds. The CRC
 * is made right, or nothing would get past it. */
#include "common/check.h"
#include "server/envelope.h"
#include "server/spans.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES = 1000 };

static enum fk_err look(void *arg, const struct store_span_item *item)
{
    size_t *count = arg;
    FK_ASSERT(item->node < NODES && item->value >= 0 && item->trace);
    ++*count;
    return FK_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct store_span_item like = {.series = 1};
    uint8_t *bytes = malloc(size + ENVELOPE_BYTES);
    size_t count = 0;
    if (!bytes)
        return 0;
    if (size)
        memcpy(bytes + ENVELOPE_BYTES, data, size);
    envelope_close(bytes, size + ENVELOPE_BYTES, SPANS_VERSION, 0);
    struct fk_slice all = {(const char *)bytes, size + ENVELOPE_BYTES};
    size_t told = spans_count(all);
    enum fk_err err = spans_visit(all, NODES, &like, look, &count);
    FK_ASSERT(err || count == told);
    free(bytes);
    return 0;
}
