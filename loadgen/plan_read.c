#include "loadgen/plan.h"

#include "common/check.h"
#include "common/clock.h"
#include "loadgen/plan_fields.h"
#include "loadgen/plan_resolve.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_LIMIT = 16 * 1024 * 1024, NAME_MAX_BYTES = 63 };

enum section {
    SECTION_GLOBAL,
    SECTION_PHASE,
    SECTION_ENDPOINT,
    SECTION_REGION,
    SECTION_THRESHOLDS,
    SECTION_UNKNOWN, /* reported once; its keys are skipped */
};

struct reader {
    struct draft draft;
    const struct plan_source *source;
    enum section section;
    unsigned line, section_line;
    uint32_t seen; /* keys of this section, a bit a row of its table */
};

static const struct field *fields_of(enum section s)
{
    switch (s) {
    case SECTION_GLOBAL:
        return fields_global;
    case SECTION_PHASE:
        return fields_phase;
    case SECTION_ENDPOINT:
        return fields_endpoint;
    case SECTION_REGION:
        return fields_region;
    case SECTION_THRESHOLDS:
    case SECTION_UNKNOWN:
        break;
    }
    return NULL;
}

static void section_end(struct reader *r)
{
    const struct field *f = fields_of(r->section);
    for (int i = 0; f && f[i].name; i++)
        if (f[i].required && !(r->seen >> i & 1))
            value_report(&r->draft.errors, r->section_line, 1,
                "this section needs a line \"%s = ...\"", f[i].name);
    if (r->section == SECTION_ENDPOINT && !r->draft.endpoint->path.num_parts &&
        !(r->seen & 3))
        value_report(&r->draft.errors, r->section_line, 1,
            "this section needs a line \"get = /path\" or \"post = /path\"");
}

static bool is_name(struct fk_slice s)
{
    if (s.len == 0 || s.len > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i], lower = (char)(c | 0x20);
        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-')
            return false;
    }
    return true;
}

static void open_phase(struct reader *r, struct value *v, struct fk_slice name)
{
    struct plan *p = r->draft.plan;
    for (uint32_t i = 0; i < p->num_phases; i++)
        if (fk_slice_eqz(name, p->phases[i].name))
            value_fail(v, "phase %s is there already, in line %u",
                p->phases[i].name, p->phases[i].line);
    if (p->num_phases == PLAN_MAX_PHASES)
        value_fail(v, "more than %d phases", PLAN_MAX_PHASES);
    if (v->bad)
        return;
    r->section = SECTION_PHASE;
    r->draft.phase = &p->phases[p->num_phases++];
    *r->draft.phase = (struct plan_phase){
        .name = field_text(&r->draft, name),
        .keys = {KEYS_UNIFORM, 100, 0},
        .record = true,
        .repeat = 1,
        .line = r->line,
    };
}

static void open_endpoint(
    struct reader *r, struct value *v, struct fk_slice name)
{
    struct plan *p = r->draft.plan;
    if (plan_find_endpoint(p, name) < p->num_endpoints)
        value_fail(v, "endpoint " FK_SLICE_FMT " is there already",
            FK_SLICE_ARG(name));
    if (p->num_endpoints == PLAN_MAX_ENDPOINTS)
        value_fail(v, "more than %d endpoints", PLAN_MAX_ENDPOINTS);
    if (v->bad)
        return;
    r->section = SECTION_ENDPOINT;
    r->draft.endpoint = &p->endpoints[p->num_endpoints++];
    r->draft.endpoint->name = field_text(&r->draft, name);
}

static void open_region(struct reader *r, struct value *v, struct fk_slice name)
{
    struct plan *p = r->draft.plan;
    if (plan_find_region(p, name) < p->num_regions)
        value_fail(
            v, "region " FK_SLICE_FMT " is there already", FK_SLICE_ARG(name));
    if (p->num_regions == PLAN_MAX_REGIONS)
        value_fail(v, "more than %d regions", PLAN_MAX_REGIONS);
    if (v->bad)
        return;
    r->section = SECTION_REGION;
    r->draft.region = &p->regions[p->num_regions++];
    *r->draft.region = (struct plan_region){field_text(&r->draft, name), ""};
}

typedef void open_fn(struct reader *r, struct value *v, struct fk_slice name);

static open_fn *named_section(struct fk_slice kind)
{
    static const struct {
        const char *kind;
        open_fn *open;
    } rows[] = {{"phase", open_phase}, {"endpoint", open_endpoint},
        {"region", open_region}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (fk_slice_eqz(kind, rows[i].kind))
            return rows[i].open;
    return NULL;
}

/* [phase NAME] and the like, or [thresholds]; `v` is the inside. */
static void section_open(struct reader *r, struct value *v)
{
    section_end(r);
    r->section = SECTION_UNKNOWN;
    r->section_line = r->line;
    r->seen = 0;
    struct fk_slice kind = value_token(v);
    open_fn *open = named_section(kind);
    if (fk_slice_eqz(kind, "thresholds")) {
        if (value_end(v))
            r->section = SECTION_THRESHOLDS;
        return;
    }
    if (!open) {
        value_fail(v, "unknown section; known are [phase NAME], "
                      "[endpoint NAME], [region NAME] and [thresholds]");
        return;
    }
    struct fk_slice name = value_token(v);
    if (!is_name(name)) {
        value_fail(v,
            "a name of letters, digits, \"-\" and \"_\" is needed "
            "here, at most %d",
            NAME_MAX_BYTES);
        return;
    }
    size_t name_at = v->token_at; /* where its mistakes are */
    if (!value_end(v))
        return;
    v->token_at = name_at;
    open(r, v, name);
}

/* ${NAME} and ${NAME:-default}. */
static bool expand_one(struct reader *r, struct value *v,
    struct fk_slice inside, struct fk_buf *out)
{
    const char *mark =
        inside.len ? memmem(inside.ptr, inside.len, ":-", 2) : NULL;
    size_t len = mark ? (size_t)(mark - inside.ptr) : inside.len;
    char name[NAME_MAX_BYTES + 1];
    if (!is_name(fk_slice_sub(inside, 0, len)))
        return value_fail(v, "${...} holds the name of a variable");
    memcpy(name, inside.ptr, len);
    name[len] = '\0';
    const char *value = r->source->env(name);
    if (value && *value)
        fk_buf_adds(out, value);
    else if (mark)
        fk_buf_add_slice(out, fk_slice_sub(inside, len + 2, inside.len));
    else
        return value_fail(v,
            "the environment does not set %s; give a default: ${%s:-VALUE}",
            name, name);
    return true;
}

static void expand(struct reader *r, struct value *v)
{
    struct fk_buf out;
    fk_buf_init(&out, PLAN_MAX_LINE);
    size_t at = 0;
    while (at < v->text.len && !v->bad) {
        struct fk_slice rest = fk_slice_sub(v->text, at, v->text.len);
        const char *open = memmem(rest.ptr, rest.len, "${", 2);
        if (!open)
            break;
        size_t skip = (size_t)(open - rest.ptr);
        v->token_at = at + skip;
        struct fk_slice inside = fk_slice_sub(rest, skip + 2, rest.len);
        ptrdiff_t close = fk_slice_find(inside, '}');
        if (close < 0) {
            value_fail(v, "\"${\" is not closed by \"}\"");
            break;
        }
        fk_buf_add(&out, rest.ptr, skip);
        v->moved |=
            expand_one(r, v, fk_slice_sub(inside, 0, (size_t)close), &out);
        at += skip + 2 + (size_t)close + 1;
    }
    if (v->moved && !v->bad) {
        fk_buf_add_slice(&out, fk_slice_sub(v->text, at, v->text.len));
        if (out.err || memchr(out.ptr ? out.ptr : "x", '\n', out.len))
            value_fail(v, "the expanded value is too long or has a line end");
        v->text = fk_arena_dup(&r->draft.plan->arena, fk_buf_slice(&out));
    }
    fk_buf_fini(&out);
}

static void read_field(
    struct reader *r, struct fk_slice key, unsigned column, struct value *v)
{
    const struct field *fields = fields_of(r->section);
    int i = 0;
    while (fields && fields[i].name && !fk_slice_eqz(key, fields[i].name))
        i++;
    if (!fields)
        return;
    if (!fields[i].name) {
        value_report(&r->draft.errors, r->line, column,
            "unknown key \"" FK_SLICE_FMT "\" in this section",
            FK_SLICE_ARG(key));
        return;
    }
    if (r->seen >> i & 1) {
        value_report(&r->draft.errors, r->line, column,
            "\"%s\" is there twice in this section", fields[i].name);
        return;
    }
    r->seen |= 1u << i;
    expand(r, v);
    if (!v->bad)
        fields[i].read(&r->draft, v);
}

static struct value value_at(
    struct reader *r, struct fk_slice line, struct fk_slice text)
{
    return (struct value){
        .text = text,
        .line = r->line,
        .column = (unsigned)(text.ptr - line.ptr) + 1,
        .errors = &r->draft.errors,
    };
}

/* A comment starts with '#' at the start or after a blank, not in quotes. */
static struct fk_slice without_comment(struct fk_slice line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        char before = i ? line.ptr[i - 1] : ' ';
        quoted ^= line.ptr[i] == '"';
        if (line.ptr[i] == '#' && !quoted && (before == ' ' || before == '\t'))
            return fk_slice_sub(line, 0, i);
    }
    return line;
}

static void read_line(struct reader *r, struct fk_slice line)
{
    struct value_errors *errors = &r->draft.errors;
    if (line.len > PLAN_MAX_LINE || !fk_slice_utf8(line)) {
        value_report(errors, r->line, 1, "%s",
            line.len > PLAN_MAX_LINE ? "the line is longer than 64 KB"
                                     : "the line is not UTF-8");
        return;
    }
    struct fk_slice text = fk_slice_trim(without_comment(line));
    if (text.len == 0)
        return;
    struct value whole = value_at(r, line, text);
    if (text.ptr[0] == '[') {
        if (text.ptr[text.len - 1] != ']') {
            value_fail(&whole, "\"[\" is not closed by \"]\"");
            return;
        }
        whole.text = fk_slice_sub(text, 1, text.len - 1);
        whole.column++;
        section_open(r, &whole);
        return;
    }
    if (r->section == SECTION_THRESHOLDS) {
        field_threshold(&r->draft, &whole);
        return;
    }
    ptrdiff_t equal = fk_slice_find(text, '=');
    if (equal < 0) {
        value_fail(&whole, "\"key = value\" or a [section] is needed here");
        return;
    }
    struct fk_slice right = fk_slice_sub(text, (size_t)equal + 1, text.len);
    struct value v = value_at(r, line, fk_slice_trim(right));
    if (v.text.len == 0)
        v = value_at(r, line, right);
    read_field(r, fk_slice_trim(fk_slice_sub(text, 0, (size_t)equal)),
        whole.column, &v);
}

static const char *name_of_file(struct draft *d, const char *file)
{
    struct fk_slice s = fk_slice_of(file);
    ptrdiff_t slash = fk_slice_rfind(s, '/');
    s = fk_slice_sub(s, (size_t)(slash + 1), s.len);
    ptrdiff_t point = fk_slice_rfind(s, '.');
    return field_text(d, point > 0 ? fk_slice_sub(s, 0, (size_t)point) : s);
}

enum fk_err plan_parse(
    const struct plan_source *source, struct plan **out, struct fk_buf *errors)
{
    struct plan *p = calloc(1, sizeof *p);
    struct reader *r = calloc(1, sizeof *r);
    FK_ASSERT(p && r);
    fk_arena_init(&p->arena, ARENA_LIMIT);
    r->source = source;
    r->draft.plan = p;
    r->draft.errors = (struct value_errors){errors, source->file, 0};
    p->name = name_of_file(&r->draft, source->file);
    p->instance = "main";
    p->target = "";
    p->version = 1;
    p->drain_ns = 2 * FK_NS_PER_S;
    p->timeout_ns = 10 * FK_NS_PER_S;
    p->max_inflight = 256;
    p->abort_late = p->abort_errors = 1;

    struct fk_slice rest = source->text, line;
    if (rest.len > PLAN_MAX_TEXT)
        value_report(&r->draft.errors, 1, 1, "the plan is longer than 1 MB");
    else
        while (fk_slice_split(&rest, '\n', &line)) {
            r->line++;
            read_line(r, line);
        }
    section_end(r);
    plan_resolve(&r->draft, r->line);
    bool good = r->draft.errors.count == 0;
    free(r);
    *out = p;
    return good ? FK_OK : FK_ERR_FORMAT;
}
