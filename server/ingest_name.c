#include "server/ingest_name.h"

#include <ctype.h>
#include <string.h>

/* Letters of other scripts are as good as ours: whoever checks labels later
 * checks that they are UTF-8. */
static bool is_word(char c, const char *others)
{
    unsigned char u = (unsigned char)c;

    return isalnum(u) || u >= 0x80 || (c != '\0' && strchr(others, c));
}

static enum fk_err check_app(struct fk_slice app, struct fk_diag *diag)
{
    if (app.len == 0)
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "name: service name is required");
    for (size_t i = 0; i < app.len; i++)
        if (!is_word(app.ptr[i], "_.-/"))
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "name: invalid service name: %.*s: character is not "
                "allowed: '%c'",
                (int)(app.len < 200 ? app.len : 200), app.ptr,
                isprint((unsigned char)app.ptr[i]) ? app.ptr[i] : '?');
    return FK_OK;
}

static enum fk_err check_key(struct fk_slice key, struct fk_diag *diag)
{
    if (key.len == 0)
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "name: a label has no name before its '='");
    for (size_t i = 0; i < key.len; i++)
        if (!is_word(key.ptr[i], "_."))
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "name: invalid label name: %.*s: character is not allowed: "
                "'%c'",
                (int)(key.len < 200 ? key.len : 200), key.ptr,
                isprint((unsigned char)key.ptr[i]) ? key.ptr[i] : '?');
    return FK_OK;
}

static enum fk_err add_pair(
    struct fk_slice pair, struct ingest_name *out, struct fk_diag *diag)
{
    ptrdiff_t equals = fk_slice_find(pair, '=');

    if (equals < 0) /* a key alone says nothing */
        return FK_OK;
    struct fk_slice key = fk_slice_trim(fk_slice_sub(pair, 0, (size_t)equals));
    struct fk_slice value =
        fk_slice_trim(fk_slice_sub(pair, (size_t)equals + 1, pair.len));
    enum fk_err err = check_key(key, diag);
    if (err)
        return err;
    if (fk_slice_eqz(key, "__name__")) {
        out->app = value;
        return FK_OK;
    }
    if (fk_slice_starts(key, FK_SLICE("__")))
        return FK_OK;
    err = fk_labels_set(&out->labels, key, value);
    if (err)
        fk_diag_set(diag, err, "name: more than %d labels", FK_LABELS_MAX);
    return err;
}

/* Everything up to the next ',' or '}'; false when neither comes, for a pair
 * that is not closed does not count. */
static bool next_pair(struct fk_slice *rest, struct fk_slice *pair)
{
    for (size_t i = 0; i < rest->len; i++) {
        char c = rest->ptr[i];
        if (c != ',' && c != '}')
            continue;
        *pair = fk_slice_sub(*rest, 0, i);
        *rest = c == '}' ? (struct fk_slice){0}
                         : fk_slice_sub(*rest, i + 1, rest->len);
        return true;
    }
    return false;
}

enum fk_err ingest_name_parse(
    struct fk_slice text, struct ingest_name *out, struct fk_diag *diag)
{
    ptrdiff_t brace = fk_slice_find(text, '{');
    size_t end = brace < 0 ? text.len : (size_t)brace;
    struct fk_slice rest = fk_slice_sub(text, end, text.len), pair;

    out->labels.count = 0;
    out->app = fk_slice_trim(fk_slice_sub(text, 0, end));
    if (rest.len > 0)
        rest = fk_slice_sub(rest, 1, rest.len);
    while (next_pair(&rest, &pair)) {
        enum fk_err err = add_pair(pair, out, diag);
        if (err)
            return err;
    }
    return check_app(out->app, diag);
}

static const struct ingest_kind kinds[] = {
    {"cpu", "process_cpu", "cpu", "nanoseconds", true},
    {"itimer", "process_cpu", "cpu", "nanoseconds", true},
    {"wall", "wall", "wall", "nanoseconds", true},
    {"seconds", "wall", "wall", "nanoseconds", true},
    {"nanoseconds", "wall", "wall", "nanoseconds", true},
    {"microseconds", "wall", "wall", "nanoseconds", true},
    {"milliseconds", "wall", "wall", "nanoseconds", true},
    {"inuse_objects", "memory", "inuse_objects", "count", false},
    {"alloc_objects", "memory", "alloc_objects", "count", false},
    {"inuse_space", "memory", "inuse_space", "bytes", false},
    {"alloc_space", "memory", "alloc_space", "bytes", false},
    {"goroutines", "goroutine", "goroutines", "count", false},
    {"mutex_count", "mutex", "contentions", "count", false},
    {"mutex_duration", "mutex", "delay", "nanoseconds", false},
    {"block_count", "block", "contentions", "count", false},
    {"lock_count", "block", "contentions", "count", false},
    {"block_duration", "block", "delay", "nanoseconds", false},
    {"lock_duration", "block", "delay", "nanoseconds", false},
    {"alloc_in_new_tlab_objects", "memory", "alloc_in_new_tlab_objects",
        "count", false},
    {"alloc_outside_tlab_objects", "memory", "alloc_outside_tlab_objects",
        "count", false},
    {"alloc_in_new_tlab_bytes", "memory", "alloc_in_new_tlab_bytes", "bytes",
        false},
    {"alloc_outside_tlab_bytes", "memory", "alloc_outside_tlab_bytes", "bytes",
        false},
    {"live", "memory", "live", "count", false},
    {"exceptions", "exceptions", "samples", "count", false},
    {"bytes", "memory", "samples", "bytes", false},
};

enum fk_err ingest_kind_of(struct fk_slice app, const struct ingest_kind **kind,
    struct fk_slice *service, struct fk_diag *diag)
{
    ptrdiff_t dot = fk_slice_rfind(app, '.');
    struct fk_slice tail = FK_SLICE("cpu");

    *service = app;
    if (dot >= 0) {
        tail = fk_slice_sub(app, (size_t)dot + 1, app.len);
        *service = fk_slice_sub(app, 0, (size_t)dot);
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (fk_slice_eqz(tail, kinds[i].tail)) {
            *kind = &kinds[i];
            return FK_OK;
        }
    }
    return fk_diag_set(diag, FK_ERR_ARG,
        "name: failed to convert metadata: unknown profile type: %.*s; end "
        "the name with a type such as .cpu",
        (int)(tail.len < 100 ? tail.len : 100), tail.ptr);
}

const char *ingest_tail_of(struct fk_slice metric, struct fk_slice type)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (fk_slice_eqz(metric, kinds[i].metric) &&
            fk_slice_eqz(type, kinds[i].type))
            return kinds[i].tail;
    return NULL;
}
