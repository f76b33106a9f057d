/* An OTLP request, as protobuf or, when it begins with a brace, as JSON:
 * every reference of what comes out is within its table. */
#include "common/check.h"
#include "server/otlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_stack(
    const struct fk_pprof *p, const struct fk_pprof_sample *s)
{
    for (uint32_t i = 0; i < s->num_locations; i++) {
        FK_ASSERT(s->locations[i] < p->num_locations);
        const struct fk_pprof_location *l = &p->locations[s->locations[i]];
        FK_ASSERT(l->mapping == FK_PPROF_NONE || l->mapping < p->num_mappings);
        for (uint32_t k = 0; k < l->num_lines; k++)
            FK_ASSERT(l->lines[k].function < p->num_functions);
    }
}

static enum fk_err look(
    void *arg, const struct fk_pprof *p, const struct fk_labels *labels)
{
    (void)arg;
    FK_ASSERT(fk_labels_has(labels, FK_SLICE("service_name")));
    FK_ASSERT(fk_labels_has(labels, FK_SLICE("__name__")));
    FK_ASSERT(p->num_types == 1);
    for (uint32_t i = 0; i < p->num_samples; i++) {
        const struct fk_pprof_sample *s = &p->samples[i];
        check_stack(p, s);
        for (uint32_t k = 0; k < s->num_labels; k++)
            FK_ASSERT(s->labels[k].key.len && fk_slice_utf8(s->labels[k].str));
    }
    return FK_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fk_slice body = {(const char *)data, size};
    struct fk_diag diag = {{0}};
    struct fk_arena arena;
    struct fk_buf proto;
    enum fk_err err = FK_OK;

    fk_arena_init(&arena, (size_t)64 << 20);
    fk_buf_init(&proto, (size_t)4 << 20);
    if (size > 0 && data[0] == '{') {
        err = otlp_json_to_proto(body, &arena, &proto, &diag);
        body = fk_buf_slice(&proto);
    }
    if (!err)
        err = otlp_read(body, &arena, look, NULL, &diag);
    FK_ASSERT(!err || diag.text[0]);
    fk_buf_fini(&proto);
    fk_arena_fini(&arena);
    return 0;
}
