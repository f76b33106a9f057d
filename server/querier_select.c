/* From a request to what of the stored profiles is meant. */
#include "server/hex.h"
#include "server/querier_call.h"

enum fk_err querier_select(struct querier_call *c, struct querier_request *ask,
    struct query_select *out)
{
    enum fk_err err = query_select_parse(
        out, ask->type_id, ask->selector, &c->request->arena, &c->why);
    out->t0 = ask->start_ms;
    out->t1 = ask->end_ms;
    out->call_site = ask->call_site.items;
    out->call_site_depth = ask->call_site.count;
    return err;
}

static enum fk_err take_ids(struct querier_call *c,
    const struct querier_request *ask, struct query_select *out)
{
    const struct fk_slice *text = ask->profile_ids.items;
    uint32_t n = ask->profile_ids.count, kept = 0;
    struct profile_id *ids =
        fk_arena_array(&c->request->arena, (size_t)n + 1, sizeof *ids);
    if (!ids)
        return FK_ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        enum fk_err err = profile_id_parse(text[i], &ids[kept]);
        if (err == FK_ERR_FORMAT)
            return fk_diag_set(&c->why, err,
                "profile_id_selector \"%.*s\" is not a UUID",
                (int)(text[i].len < 64 ? text[i].len : 64), text[i].ptr);
        kept += !err;
    }
    out->ids = ids;
    out->num_ids = kept;
    out->by_id = n > 0;
    return FK_OK;
}

static enum fk_err bad_hex(
    struct querier_call *c, const char *what, struct fk_slice text, int digits)
{
    return fk_diag_set(&c->why, FK_ERR_FORMAT,
        "%s \"%.*s\" is not %d hexadecimal digits", what,
        (int)(text.len < 64 ? text.len : 64), text.ptr, digits);
}

static enum fk_err take_span_ids(struct querier_call *c,
    const struct wire_list *list, struct query_select *out)
{
    const struct fk_slice *text = list->items;
    uint64_t *spans =
        fk_arena_array(&c->request->arena, list->count, sizeof *spans);
    if (!spans)
        return FK_ERR_NOMEM;
    for (uint32_t i = 0; i < list->count; i++) {
        uint8_t id[sizeof *spans];
        if (!hex_read(text[i], id, sizeof id))
            return bad_hex(c, "span_selector", text[i], 2 * sizeof id);
        spans[i] = 0;
        for (size_t k = 0; k < sizeof id; k++)
            spans[i] = spans[i] << 8 | id[k];
    }
    out->spans = spans;
    out->num_spans = list->count;
    return FK_OK;
}

static enum fk_err take_trace_ids(struct querier_call *c,
    const struct wire_list *list, struct query_select *out)
{
    const struct fk_slice *text = list->items;
    uint8_t(*traces)[QUERY_TRACE_BYTES] =
        fk_arena_array(&c->request->arena, list->count, sizeof *traces);
    if (!traces)
        return FK_ERR_NOMEM;
    for (uint32_t i = 0; i < list->count; i++)
        if (!hex_read(text[i], traces[i], QUERY_TRACE_BYTES))
            return bad_hex(
                c, "trace_id_selector", text[i], 2 * QUERY_TRACE_BYTES);
    out->traces = traces;
    out->num_traces = list->count;
    return FK_OK;
}

static enum fk_err take_spans(struct querier_call *c,
    const struct querier_request *ask, struct query_select *out)
{
    out->by_span = ask->spans.count || ask->trace_ids.count;
    if (ask->spans.count && ask->trace_ids.count)
        return fk_diag_set(&c->why, FK_ERR_FORMAT,
            "span_selector and trace_id_selector cannot be combined");
    if (ask->spans.count)
        return take_span_ids(c, &ask->spans, out);
    return ask->trace_ids.count ? take_trace_ids(c, &ask->trace_ids, out)
                                : FK_OK;
}

enum fk_err querier_select_parts(struct querier_call *c,
    const struct querier_request *ask, struct query_select *out)
{
    enum fk_err err = take_ids(c, ask, out);
    return err ? err : take_spans(c, ask, out);
}
