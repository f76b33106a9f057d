/* Profiles of older clients, read leniently and repaired: references stay
 * within their tables, stacks within their limit. */
#include "common/check.h"
#include "server/repair_go.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fk_pprof_limits limits = {.old_dotnet = true};
    const struct fk_slice body = {(const char *)data, size};
    struct fk_arena arena;
    struct fk_pprof p;
    struct fk_diag diag = {{0}};

    fk_arena_init(&arena, (size_t)64 << 20);
    enum fk_err err = fk_pprof_read(body, &limits, &arena, &p, &diag);
    FK_ASSERT(!err || diag.text[0]);
    if (!err && repair_go(&p, &arena) == FK_OK) {
        for (uint32_t i = 0; i < p.num_samples; i++) {
            FK_ASSERT(p.samples[i].num_locations <= 1000);
            for (uint32_t k = 0; k < p.samples[i].num_locations; k++)
                FK_ASSERT(p.samples[i].locations[k] < p.num_locations);
        }
        for (uint32_t i = 0; i < p.num_functions; i++)
            FK_ASSERT(fk_slice_utf8(p.functions[i].name));
    }
    fk_arena_fini(&arena);
    return 0;
}
