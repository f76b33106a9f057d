/* Requests of querier.v1.QuerierService: the first byte picks the message
 * and the codec. What is accepted holds only views that can be read. */
#include "common/check.h"
#include "server/querier_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 16 << 20 };

static unsigned checksum;

static void touch(struct fk_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        checksum += (unsigned char)s.ptr[i];
}

static void touch_list(const struct wire_list *list)
{
    const struct fk_slice *items = list->items;
    FK_ASSERT(list->count <= list->cap && list->count <= WIRE_MAX_LIST);
    for (uint32_t i = 0; i < list->count; i++)
        touch(items[i]);
}

static void touch_request(const struct querier_request *q)
{
    const struct wire_list *lists[] = {&q->matchers, &q->label_names,
        &q->group_by, &q->call_site, &q->profile_ids, &q->trace_ids, &q->spans};
    touch(q->name);
    touch(q->type_id);
    touch(q->selector);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        touch_list(lists[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct wire_field *const messages[] = {
        querier_profile_types_request, querier_label_names_request,
        querier_label_values_request, querier_series_request,
        querier_merge_request, querier_select_series_request,
        querier_profile_request, querier_span_request, querier_diff_request,
        querier_heatmap_request};

    enum { COUNT = sizeof messages / sizeof *messages };

    if (!size)
        return 0;
    const struct wire_field *message = messages[data[0] % COUNT];
    struct fk_slice body = {(const char *)data + 1, size - 1};
    struct querier_diff_request out = {0};
    struct fk_diag diag = {""};
    struct fk_arena a;
    fk_arena_init(&a, MEMORY);
    enum fk_err err = (data[0] & 0x80 ? wire_read_json : wire_read_proto)(
        message, body, &a, &out, &diag);
    FK_ASSERT(!err || diag.text[0]);
    if (!err) {
        touch_request(&out.left);
        touch_request(&out.right);
    }
    fk_arena_fini(&a);
    return 0;
}
