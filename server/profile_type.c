#include "server/profile_type.h"

enum { PARTS = 5 };

enum fk_err profile_type_parse(
    struct fk_slice text, struct profile_type *out, struct fk_diag *diag)
{
    struct fk_slice part[PARTS + 1] = {{NULL, 0}}, rest = text, p;
    size_t n = 0;
    /* A trailing colon begins an empty part, which splitting does not see. */
    bool more = true;
    while (more) {
        ptrdiff_t colon = fk_slice_find(rest, ':');
        more = colon >= 0;
        p = fk_slice_sub(rest, 0, more ? (size_t)colon : rest.len);
        rest = fk_slice_sub(rest, p.len + (more ? 1 : 0), rest.len);
        if (n <= PARTS)
            part[n] = p;
        n++;
    }
    bool delta = n == PARTS + 1 && fk_slice_eqz(part[PARTS], "delta");
    if (n != PARTS && !delta)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "profile-type selection must be of the form <name>:<sample-type>:"
            "<sample-unit>:<period-type>:<period-unit>(:delta), got(%zu): "
            "\"%.*s\"",
            n, text.len < 200 ? (int)text.len : 200, text.ptr ? text.ptr : "");
    size_t tail = delta ? sizeof ":delta" - 1 : 0;
    *out = (struct profile_type){fk_slice_sub(text, 0, text.len - tail),
        part[0], part[1], part[2], part[3], part[4]};
    return FK_OK;
}

int64_t profile_type_period(const struct profile_type *type)
{
    if (fk_slice_eqz(type->name, "process_cpu"))
        return 1000000000;
    if (fk_slice_eqz(type->name, "memory"))
        return 524288;
    return 1;
}

struct profile_type_units profile_type_units(const struct profile_type *type)
{
    static const struct {
        const char *sample_type;
        struct profile_type_units as;
    } known[] = {
        {"cpu", {{"samples", 7}, 1000000000}},
        {"inuse_objects", {{"objects", 7}, 100}},
        {"alloc_objects", {{"objects", 7}, 100}},
        {"goroutine", {{"objects", 7}, 100}},
        {"samples", {{"objects", 7}, 100}},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (fk_slice_eqz(type->sample_type, known[i].sample_type))
            return known[i].as;
    return (struct profile_type_units){type->sample_unit, 100};
}
