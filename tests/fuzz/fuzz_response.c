/* Answers of a service to the load generator. The first byte says in pieces
 * of what size the rest comes in; the outcome must not depend on it. */
#include "common/check.h"
#include "loadgen/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t feed(
    struct response *r, struct fk_buf *kept, struct fk_slice all, size_t piece)
{
    while (all.len && r->state != RESPONSE_DONE && r->state != RESPONSE_BAD) {
        struct fk_slice in = fk_slice_sub(all, 0, piece);
        size_t given = in.len;
        response_feed(r, &in, kept);
        FK_ASSERT(in.len <= given);
        all = fk_slice_sub(all, given - in.len, all.len);
    }
    return all.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct response whole, parts;
    struct fk_buf body, body_in_parts;
    size_t piece = size ? 1u + data[0] : 1;
    struct fk_slice all = {(const char *)data + (size > 0), size - (size > 0)};

    response_init(&whole);
    response_init(&parts);
    fk_buf_init(&body, 64);
    fk_buf_init(&body_in_parts, 64);
    size_t left = feed(&whole, &body, all, size + 1);
    size_t left_of_parts = feed(&parts, &body_in_parts, all, piece);

    FK_ASSERT(whole.state == parts.state && whole.bytes == parts.bytes);
    FK_ASSERT(whole.status == parts.status);
    FK_ASSERT(fk_slice_eq(fk_buf_slice(&body), fk_buf_slice(&body_in_parts)));
    FK_ASSERT(whole.state == RESPONSE_BAD || left == left_of_parts);
    FK_ASSERT(whole.bytes <= size && whole.line.len <= RESPONSE_MAX_HEAD);
    if (whole.state == RESPONSE_DONE)
        FK_ASSERT(whole.status >= 200 && whole.status <= 999);
    else
        response_close(&whole);

    response_fini(&whole);
    response_fini(&parts);
    fk_buf_fini(&body);
    fk_buf_fini(&body_in_parts);
    return 0;
}
