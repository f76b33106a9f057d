/* Folded text of both kinds: frames are views into the text, never empty and
 * never holding a separator; counts are positive. */
#include "common/check.h"
#include "server/folded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum fk_err look(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    const struct fk_slice *text = arg;

    FK_ASSERT(n > 0 && n <= STACKS_MAX_DEPTH && count > 0);
    for (size_t i = 0; i < n; i++) {
        FK_ASSERT(frames[i].len > 0);
        FK_ASSERT(frames[i].ptr >= text->ptr);
        FK_ASSERT(frames[i].ptr + frames[i].len <= text->ptr + text->len);
        FK_ASSERT(fk_slice_find(frames[i], ';') < 0);
        FK_ASSERT(fk_slice_find(frames[i], '\n') < 0);
        FK_ASSERT(fk_slice_utf8(frames[i]));
    }
    return FK_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fk_slice text = {(const char *)data, size};

    const stacks_read_fn readers[] = {folded_read_groups, folded_read_lines};

    for (int i = 0; i < 2; i++) {
        struct fk_diag diag = {{0}};
        if (readers[i](text, look, &text, &diag))
            FK_ASSERT(diag.text[0]);
    }
    return 0;
}
