/* The name of /ingest: labels are sorted and unique, none is private, and
 * the normal form of a name reads back as the same name. */
#include "common/check.h"
#include "server/ingest_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(const struct ingest_name *n, struct fk_buf *out)
{
    fk_buf_add_slice(out, n->app);
    fk_buf_addc(out, '{');
    for (uint32_t i = 0; i < n->labels.count; i++) {
        fk_buf_add_slice(out, n->labels.pair[i].name);
        fk_buf_addc(out, '=');
        fk_buf_add_slice(out, n->labels.pair[i].value);
        fk_buf_addc(out, i + 1 < n->labels.count ? ',' : '}');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fk_slice text = {(const char *)data, size}, service;
    struct ingest_name name, again;
    const struct ingest_kind *kind;
    struct fk_diag diag = {{0}};
    struct fk_buf normal;

    if (ingest_name_parse(text, &name, &diag) != FK_OK) {
        FK_ASSERT(diag.text[0]);
        return 0;
    }
    FK_ASSERT(name.app.len > 0);
    for (uint32_t i = 0; i < name.labels.count; i++) {
        FK_ASSERT(!fk_slice_starts(name.labels.pair[i].name, FK_SLICE("__")));
        FK_ASSERT(i == 0 || fk_slice_cmp(name.labels.pair[i - 1].name,
                                name.labels.pair[i].name) < 0);
    }
    fk_buf_init(&normal, 1 << 20);
    print(&name, &normal);
    if (!normal.err) {
        FK_ASSERT(
            ingest_name_parse(fk_buf_slice(&normal), &again, &diag) == FK_OK);
        FK_ASSERT(fk_slice_eq(name.app, again.app));
        FK_ASSERT(fk_labels_eq(&name.labels, &again.labels));
    }
    fk_buf_fini(&normal);
    if (ingest_kind_of(name.app, &kind, &service, &diag) != FK_OK)
        FK_ASSERT(diag.text[0]);
    return 0;
}
