/* Reports of the load generator that are to be added up. What is taken can be
 * added to itself, written in every form, and read again. */
#include "common/check.h"
#include "loadgen/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write(const struct report *r)
{
    static summary_writer *const forms[] = {
        summary_text, summary_html, summary_hgrm};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct fk_buf out;
        fk_buf_init(&out, REPORT_MAX_TEXT);
        forms[i](r, &out);
        fk_buf_fini(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report *r, *again;
    struct fk_diag diag = {""};
    struct fk_buf json;
    if (report_read((struct fk_slice){(const char *)data, size}, &r, &diag))
        return 0;
    uint64_t sent = r->all.tally->sent;
    write(r);
    fk_buf_init(&json, REPORT_MAX_TEXT);
    summary_json(r, &json);
    FK_ASSERT(!json.err);
    FK_ASSERT(!report_read(fk_buf_slice(&json), &again, &diag));
    FK_ASSERT(!report_merge(r, again, &diag));
    FK_ASSERT(r->all.tally->sent == 2 * sent);
    write(r);
    fk_buf_fini(&json);
    report_free(again);
    report_free(r);
    return 0;
}
