/* Base addresses and query strings: views stay inside the text, and what is
 * encoded decodes to itself. */
#include "common/check.h"
#include "common/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 1 << 20 };

static void check_address(struct fk_slice text)
{
    struct fk_url url;
    struct fk_diag diag = {0};
    if (fk_url_parse(text, &url, &diag)) {
        FK_ASSERT(diag.text[0]);
        return;
    }
    FK_ASSERT(url.port && url.host.len);
    FK_ASSERT(!url.path.len || url.path.ptr[0] == '/');
    FK_ASSERT(fk_slice_find(url.path, ' ') < 0);
    FK_ASSERT(fk_slice_find(url.host, '@') < 0);
}

static void check_coding(struct fk_slice text, struct fk_arena *a)
{
    struct fk_buf coded;
    fk_buf_init(&coded, MEMORY);
    fk_url_encode(&coded, text);
    struct fk_slice back = fk_url_decode(a, fk_buf_slice(&coded));
    FK_ASSERT(coded.err || a->failed || fk_slice_eq(back, text));
    fk_buf_fini(&coded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fk_slice text = {(const char *)data, size};
    struct fk_arena a;
    struct fk_query q;
    check_address(text);
    fk_arena_init(&a, MEMORY);
    check_coding(text, &a);
    if (!fk_query_parse(text, &a, &q, NULL)) {
        FK_ASSERT(q.count <= FK_QUERY_MAX_PARAMS);
        for (size_t i = 0; i < q.count; i++)
            FK_ASSERT(q.params[i].name.ptr && q.params[i].value.ptr);
    }
    fk_arena_fini(&a);
    return 0;
}
