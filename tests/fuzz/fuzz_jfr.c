/* A recording, and the same bytes as its labels: references of what comes out
 * are within their tables, and every refusal says why. */
#include "common/check.h"
#include "server/jfr.h"
#include "server/jfr_labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct jfr *j)
{
    for (uint32_t i = 0; i < j->num_samples; i++) {
        const struct jfr_sample *s = &j->samples[i];
        FK_ASSERT(s->kind < JFR_KINDS);
        FK_ASSERT(s->depth > 0 && s->depth <= JFR_MAX_STACK);
        for (uint32_t k = 0; k < s->depth; k++)
            FK_ASSERT(s->locations[k] < j->num_locations);
    }
    for (uint32_t i = 0; i < j->num_locations; i++)
        FK_ASSERT(j->locations[i].lines[0].function < j->num_functions);
    for (uint32_t i = 0; i < j->num_functions; i++)
        FK_ASSERT(fk_slice_utf8(j->functions[i].name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fk_slice body = {(const char *)data, size};
    struct fk_diag diag = {{0}}, why = {{0}};
    struct fk_arena arena;
    struct jfr j;
    struct jfr_labels l;

    fk_arena_init(&arena, (size_t)64 << 20);
    if (jfr_open(&j, body, &arena, &diag) == FK_OK)
        check(&j);
    else
        FK_ASSERT(diag.text[0]);
    jfr_close(&j);
    if (jfr_labels_open(&l, body, &arena, &why) != FK_OK)
        FK_ASSERT(why.text[0]);
    jfr_labels_close(&l);
    fk_arena_fini(&arena);
    return 0;
}
