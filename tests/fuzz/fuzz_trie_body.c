/* Trie and tree: frames are never empty and UTF-8, counts positive, and every
 * refusal names its place. */
#include "common/check.h"
#include "server/trie_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stacks share their bytes, so their number is bounded here as the server
 * bounds it. */
static enum fk_err look(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    size_t *left = arg;

    FK_ASSERT(n > 0 && n <= STACKS_MAX_DEPTH && count > 0);
    for (size_t i = 0; i < n; i++) {
        FK_ASSERT(frames[i].len > 0 && frames[i].len <= TRIE_BODY_MAX_NAME);
        FK_ASSERT(fk_slice_utf8(frames[i]));
    }
    return (*left)-- > 0 ? FK_OK : FK_ERR_CANCELLED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const stacks_read_fn readers[] = {trie_body_read, tree_body_read};

    for (int i = 0; i < 2; i++) {
        struct fk_diag diag = {{0}};
        size_t left = 1000;
        enum fk_err err = readers[i](
            (struct fk_slice){(const char *)data, size}, look, &left, &diag);
        FK_ASSERT(!err || err == FK_ERR_CANCELLED || diag.text[0]);
    }
    return 0;
}
