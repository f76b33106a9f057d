#include "server/ingest_labels.h"

#include <stdio.h>
#include <string.h>

struct ingest_labels_text ingest_labels_text(const struct fk_labels *l)
{
    struct ingest_labels_text out;
    struct fk_buf text;
    size_t room = sizeof(out.text) - 4;

    fk_buf_init(&text, (size_t)1 << 20);
    fk_labels_print(l, &text);
    struct fk_slice s = fk_buf_slice(&text);
    size_t n = s.len < room ? s.len : room;
    while (n > 0 && n < s.len && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
        n--;
    snprintf(out.text, sizeof(out.text), "%.*s%s", (int)n, s.ptr ? s.ptr : "",
        n < s.len ? "..." : "");
    fk_buf_fini(&text);
    return out;
}

/* Room for the message and a hint of the culprit. */
static int shown(struct fk_slice s)
{
    return (int)(s.len < 64 ? s.len : 64);
}

static enum fk_err check_pair(const struct fk_labels *l,
    const struct fk_label *p, const struct limits *limits, struct fk_diag *diag)
{
    if (p->name.len > (size_t)limits->label_name_bytes)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "profile with labels '%s' has label name too long: '%.*s...'",
            ingest_labels_text(l).text, shown(p->name), p->name.ptr);
    if (p->value.len > (size_t)limits->label_value_bytes)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "profile with labels '%s' has label value too long: '%.*s...' "
            "(label %.*s)",
            ingest_labels_text(l).text, shown(p->value), p->value.ptr,
            shown(p->name), p->name.ptr);
    if (p->name.len == 0 || !fk_slice_utf8(p->name))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "invalid labels '%s' with error: invalid label name '%.*s'",
            ingest_labels_text(l).text, shown(p->name), p->name.ptr);
    if (!fk_slice_utf8(p->value))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "invalid labels '%s' with error: the value of label '%.*s' is "
            "not UTF-8: invalid label value",
            ingest_labels_text(l).text, shown(p->name), p->name.ptr);
    return FK_OK;
}

enum fk_err ingest_labels_check(const struct fk_labels *l,
    const struct limits *limits, struct fk_diag *diag)
{
    if (l->count == 0)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "error at least one label pair is required per profile");
    if (l->count > limits->label_names)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "profile series '%s' has %u label names; limit %ld",
            ingest_labels_text(l).text, l->count, limits->label_names);
    for (uint32_t i = 0; i < l->count; i++) {
        enum fk_err err = check_pair(l, &l->pair[i], limits, diag);
        if (err)
            return err;
    }
    if (fk_labels_get(l, FK_SLICE("__name__")).len == 0)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "invalid labels '%s' with error: invalid metric name",
            ingest_labels_text(l).text);
    return FK_OK;
}

enum fk_err ingest_labels_add(struct fk_labels *l, struct fk_label pair,
    const struct limits *limits, struct fk_diag *diag)
{
    if (fk_labels_has(l, pair.name))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "profile with labels '%s' has duplicate label name: '%.*s'",
            ingest_labels_text(l).text, shown(pair.name), pair.name.ptr);
    enum fk_err err = fk_labels_set(l, pair.name, pair.value);
    if (err)
        fk_diag_set(diag, err,
            "profile series '%s' has more than %d label names; limit %ld",
            ingest_labels_text(l).text, FK_LABELS_MAX, limits->label_names);
    return err;
}

static struct fk_slice type_id(struct fk_slice metric,
    struct fk_pprof_type type, struct fk_pprof_type period,
    struct fk_arena *arena)
{
    struct fk_buf text;

    fk_buf_init(&text, 16 * 1024);
    fk_buf_add_slice(&text, metric);
    fk_buf_addc(&text, ':');
    fk_buf_add_slice(&text, type.type);
    fk_buf_addc(&text, ':');
    fk_buf_add_slice(&text, type.unit);
    fk_buf_addc(&text, ':');
    fk_buf_add_slice(&text, period.type);
    fk_buf_addc(&text, ':');
    fk_buf_add_slice(&text, period.unit);
    struct fk_slice id = {0};
    if (text.err == FK_OK)
        id = fk_arena_dup(arena, fk_buf_slice(&text));
    fk_buf_fini(&text);
    return id;
}

enum fk_err ingest_labels_private(struct fk_labels *l,
    struct fk_pprof_type type, struct fk_pprof_type period,
    struct fk_arena *arena, struct fk_diag *diag)
{
    struct fk_slice metric = fk_labels_get(l, FK_SLICE("__name__"));
    const struct fk_label extra[] = {
        {FK_SLICE("__type__"), type.type},
        {FK_SLICE("__unit__"), type.unit},
        {FK_SLICE("__period_type__"), period.type},
        {FK_SLICE("__period_unit__"), period.unit},
        {FK_SLICE("__service_name__"),
            fk_labels_get(l, FK_SLICE("service_name"))},
        {FK_SLICE("__profile_type__"), type_id(metric, type, period, arena)},
    };

    for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++)
        if (fk_labels_set(l, extra[i].name, extra[i].value) != FK_OK)
            return fk_diag_set(diag, FK_ERR_LIMIT,
                "profile series '%s' has more than %d label names, those of "
                "its samples included",
                ingest_labels_text(l).text, FK_LABELS_MAX);
    if (fk_labels_get(l, FK_SLICE("__profile_type__")).len == 0)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the names of the profile's type and unit are too long");
    return FK_OK;
}
