/* What an upload goes through: gzip with a limit, then pprof. Bytes that are
 * not gzip are packed first, so that both halves are reached. */
#include "common/check.h"
#include "common/gzip.h"
#include "common/pprof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1 << 20, MEMORY = 40 << 20 };

static void read_packed(struct fk_slice packed, const struct fk_slice *want)
{
    struct fk_buf plain;
    struct fk_arena arena;
    struct fk_pprof p;
    fk_buf_init(&plain, LIMIT);
    fk_arena_init(&arena, MEMORY);
    enum fk_err err = fk_gzip_read(packed, &plain, NULL);
    FK_ASSERT(plain.len <= LIMIT && plain.cap <= LIMIT);
    if (want)
        FK_ASSERT(!err && fk_slice_eq(fk_buf_slice(&plain), *want));
    if (!err)
        err = fk_pprof_read(fk_buf_slice(&plain), NULL, &arena, &p, NULL);
    if (!err)
        FK_ASSERT(p.num_types > 0);
    fk_arena_fini(&arena);
    fk_buf_fini(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fk_slice body = {(const char *)data, size};
    struct fk_buf packed;
    if (fk_gzip_is(body)) {
        read_packed(body, NULL);
        return 0;
    }
    fk_buf_init(&packed, LIMIT);
    if (size <= LIMIT / 2) {
        FK_ASSERT(fk_gzip_write(body, 1, &packed) == FK_OK);
        read_packed(fk_buf_slice(&packed), &body);
    }
    fk_buf_fini(&packed);
    return 0;
}
