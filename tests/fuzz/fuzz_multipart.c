/* A form: the first line of the input is the Content-Type, the rest the
 * body. Parts are views into the input. */
#include "common/check.h"
#include "server/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_view(struct fk_slice view, struct fk_slice all)
{
    FK_ASSERT(view.len == 0 || (view.ptr >= all.ptr &&
                                   view.ptr + view.len <= all.ptr + all.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fk_slice all = {(const char *)data, size}, body = all, type = {0};
    struct multipart form;
    struct fk_diag diag = {{0}};

    fk_slice_split(&body, '\n', &type);
    multipart_is(type);
    if (multipart_read(type, body, &form, &diag) != FK_OK) {
        FK_ASSERT(diag.text[0]);
        return 0;
    }
    FK_ASSERT(form.count <= MULTIPART_MAX_PARTS);
    for (size_t i = 0; i < form.count; i++) {
        check_view(form.part[i].name, all);
        check_view(form.part[i].filename, all);
        check_view(form.part[i].body, all);
    }
    multipart_file(&form, "profile");
    return 0;
}
