/* A speedscope file: counts are positive, every refusal names its place. */
#include "common/check.h"
#include "server/speedscope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum fk_err look(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    (void)arg;
    FK_ASSERT(n > 0 && n <= STACKS_MAX_DEPTH && count > 0);
    for (size_t i = 0; i < n; i++)
        FK_ASSERT(frames[i].len > 0 && fk_slice_utf8(frames[i]));
    return FK_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct speedscope s;
    struct fk_arena arena;
    struct fk_diag diag = {{0}};

    fk_arena_init(&arena, (size_t)16 << 20);
    enum fk_err err = speedscope_open(
        &s, (struct fk_slice){(const char *)data, size}, &arena, &diag);
    for (size_t i = 0; !err && i < s.num_profiles; i++)
        err = speedscope_stacks(&s, i, 1e7, look, NULL, &diag);
    FK_ASSERT(!err || diag.text[0]);
    speedscope_close(&s);
    fk_arena_fini(&arena);
    return 0;
}
