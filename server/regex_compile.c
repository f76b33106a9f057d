#include "server/regex_code.h"
#include "server/utf8.h"

#include <string.h>

enum { MAX_REPEAT = 1000 };

void regex_refuse(struct regex_compiler *c, size_t at, const char *why)
{
    if (c->err)
        return;
    c->err = fk_diag_set(c->diag, FK_ERR_FORMAT,
        "regular expression, character %zu: %s", at + 1, why);
}

static bool room(struct regex_compiler *c, size_t n)
{
    if (!c->err && c->count + n > REGEX_MAX_OPS)
        c->err = fk_diag_set(c->diag, FK_ERR_LIMIT,
            "regular expression is too large once its repetitions are "
            "written out (limit %d steps); use smaller counts",
            REGEX_MAX_OPS);
    return !c->err;
}

void regex_emit(
    struct regex_compiler *c, enum regex_op op, int32_t lo, int32_t hi)
{
    if (room(c, 1))
        c->code[c->count++] =
            (struct regex_ins){(uint8_t)op, false, c->fold, lo, hi};
}

/* Open a gap of one instruction before `at`. */
static void insert(struct regex_compiler *c, int32_t at, enum regex_op op,
    int32_t lo, int32_t hi)
{
    if (!room(c, 1))
        return;
    memmove(&c->code[at + 1], &c->code[at],
        (size_t)(c->count - at) * sizeof *c->code);
    c->count++;
    c->code[at] = (struct regex_ins){(uint8_t)op, false, false, lo, hi};
}

static void compiler_init(
    struct regex_compiler *c, struct fk_slice text, struct fk_diag *diag)
{
    c->text = text;
    c->at = 0;
    c->count = c->num_ranges = 0;
    c->depth = 0;
    c->atom = REGEX_NONE;
    c->fold = c->quoting = false;
    c->err = FK_OK;
    c->diag = diag;
}

bool regex_peek_is(const struct regex_compiler *c, const char *z)
{
    return fk_slice_starts(
        fk_slice_sub(c->text, c->at, c->text.len), fk_slice_of(z));
}

bool regex_take(struct regex_compiler *c, const char *z)
{
    if (!regex_peek_is(c, z))
        return false;
    c->at += strlen(z);
    return true;
}

/* ---- groups, alternatives, repetition ---------------------------------- */

static void group_open(struct regex_compiler *c, bool fold_before)
{
    if (c->depth == REGEX_MAX_DEPTH) {
        regex_refuse(c, c->at, "groups nest too deeply");
        return;
    }
    c->stack[c->depth++] =
        (struct regex_group){c->count, c->count, REGEX_NONE, fold_before};
    c->atom = REGEX_NONE;
}

/* Every alternative but the last ends with a jump to the group's end. */
static void alternative_end(struct regex_compiler *c)
{
    struct regex_group *g = &c->stack[c->depth - 1];
    insert(c, g->alt_start, OP_SPLIT, 1, c->count - g->alt_start + 2);
    regex_emit(c, OP_JUMP, g->exits, 0);
    g->exits = c->count - 1;
    g->alt_start = c->count;
    c->atom = REGEX_NONE;
}

static void group_close(struct regex_compiler *c)
{
    struct regex_group *g = &c->stack[--c->depth];
    for (int32_t j = g->exits; j != REGEX_NONE && !c->err;) {
        int32_t next = c->code[j].lo;
        c->code[j].lo = c->count - j;
        j = next;
    }
    c->fold = g->fold;
    c->atom = g->start;
}

/* The rest of (?P<name> or (?<name>; names mean nothing here. */
static bool group_name(struct regex_compiler *c)
{
    bool look_behind = regex_peek_is(c, "<=") || regex_peek_is(c, "<!");
    if (look_behind || (!regex_take(c, "P<") && !regex_take(c, "<")))
        return false;
    size_t at = c->at;
    while (c->at < c->text.len && c->text.ptr[c->at] != '>')
        c->at++;
    if (!regex_take(c, ">"))
        regex_refuse(c, at, "the group's name is never closed");
    return true;
}

/* Flags up to the `:` or `)`; only i changes what matches here. */
static void group_flags(struct regex_compiler *c)
{
    bool on = true;
    for (; !c->err && c->at < c->text.len; c->at++) {
        char ch = c->text.ptr[c->at];
        if (ch == ':' || ch == ')')
            break;
        if (ch == '-')
            on = false;
        else if (ch == 'i')
            c->fold = on;
        else if (!strchr("smU", ch))
            regex_refuse(c, c->at,
                "look-around and this kind of group are not supported");
    }
}

/* After "(?": a group with a name, or flags with or without a group. */
static void group_special(struct regex_compiler *c)
{
    size_t at = c->at;
    bool fold = c->fold;
    if (group_name(c)) {
        group_open(c, fold);
        return;
    }
    group_flags(c);
    c->atom = REGEX_NONE;
    if (regex_take(c, ":"))
        group_open(c, fold);
    else if (!regex_take(c, ")"))
        regex_refuse(c, at, "the group is never closed");
}

static void copy_atom(struct regex_compiler *c, int32_t start, int32_t len)
{
    if (!room(c, (size_t)len))
        return;
    memcpy(&c->code[c->count], &c->code[start], (size_t)len * sizeof *c->code);
    c->count += len;
}

static void repeat_star(struct regex_compiler *c, int32_t start)
{
    int32_t len = c->count - start;
    insert(c, start, OP_SPLIT, 1, len + 2);
    regex_emit(c, OP_JUMP, -(len + 1), 0);
}

/* The atom, `min` to `max` times in all; max REGEX_NONE = no end. First as many
 * copies as there can be, then the optional ones are wrapped from the last to
 * the first, so that those still to be wrapped have not moved. */
static void repeat(struct regex_compiler *c, int32_t min, int32_t max)
{
    int32_t start = c->atom, len = c->count - start;
    int32_t copies = max == REGEX_NONE ? min + 1 : max;
    if (copies == 0)
        c->count = start;
    for (int32_t i = 1; i < copies && !c->err; i++)
        copy_atom(c, start, len);
    if (max == REGEX_NONE)
        repeat_star(c, start + min * len);
    for (int32_t i = copies - 1; i >= min && max != REGEX_NONE && !c->err; i--)
        insert(c, start + i * len, OP_SPLIT, 1, len + 1);
}

/* {n}, {n,} or {n,m}; false: the brace is a literal, as in RE2. */
static bool take_counts(struct regex_compiler *c, int32_t *min, int32_t *max)
{
    struct fk_slice rest = fk_slice_sub(c->text, c->at, c->text.len);
    ptrdiff_t end = fk_slice_find(rest, '}');
    if (end < 2 || rest.ptr[0] != '{')
        return false;
    struct fk_slice low, high = fk_slice_sub(rest, 1, (size_t)end);
    bool comma = fk_slice_find(high, ',') >= 0;
    uint64_t n, m;
    if (!fk_slice_split(&high, ',', &low) || !fk_slice_u64(low, &n))
        return false;
    m = n;
    if (comma && high.len && !fk_slice_u64(high, &m))
        return false;
    if (n > MAX_REPEAT || m > MAX_REPEAT || m < n)
        regex_refuse(
            c, c->at, "a repetition goes up to 1000, small number first");
    c->at += (size_t)end + 1;
    *min = (int32_t)n;
    *max = comma && !high.len ? REGEX_NONE : (int32_t)m;
    return true;
}

static bool repetition(struct regex_compiler *c)
{
    int32_t min, max;
    size_t at = c->at;
    if (regex_take(c, "*"))
        min = 0, max = REGEX_NONE;
    else if (regex_take(c, "+"))
        min = 1, max = REGEX_NONE;
    else if (regex_take(c, "?"))
        min = 0, max = 1;
    else if (!take_counts(c, &min, &max))
        return false;
    regex_take(c, "?"); /* lazy: the same set of whole values */
    if (c->atom == REGEX_NONE)
        regex_refuse(c, at, "there is nothing to repeat");
    if (!c->err)
        repeat(c, min, max);
    return true;
}

/* ---- the reader -------------------------------------------------------- */

static void literal(struct regex_compiler *c, uint32_t ch)
{
    regex_emit(c, OP_CHAR, (int32_t)ch, (int32_t)ch);
}

static void escape(struct regex_compiler *c)
{
    static const struct {
        const char *text;
        enum regex_op op;
    } asserts[] = {
        {"A", OP_BEGIN}, {"z", OP_END}, {"b", OP_WORD}, {"B", OP_NOWORD}};

    for (size_t i = 0; i < sizeof asserts / sizeof *asserts; i++)
        if (regex_take(c, asserts[i].text)) {
            regex_emit(c, asserts[i].op, 0, 0);
            return;
        }
    int32_t first = c->num_ranges;
    if (regex_take(c, "Q"))
        c->quoting = true;
    else if (regex_class_escape(c))
        regex_emit_class(c, first, false);
    else
        literal(c, regex_char_escape(c));
}

static void atom(struct regex_compiler *c)
{
    c->atom = c->count;
    if (regex_take(c, "["))
        regex_bracket(c);
    else if (regex_take(c, "."))
        regex_emit(c, OP_CHAR, 0, 0x10FFFF);
    else if (regex_take(c, "^"))
        regex_emit(c, OP_BEGIN, 0, 0);
    else if (regex_take(c, "$"))
        regex_emit(c, OP_END, 0, 0);
    else if (regex_take(c, "\\"))
        escape(c);
    else
        literal(c, utf8_next(c->text, &c->at));
}

static void quoted(struct regex_compiler *c)
{
    if (regex_take(c, "\\E")) {
        c->quoting = false;
        return;
    }
    c->atom = c->count;
    literal(c, utf8_next(c->text, &c->at));
}

static void item(struct regex_compiler *c)
{
    if (c->quoting)
        quoted(c);
    else if (regex_take(c, "(?"))
        group_special(c);
    else if (regex_take(c, "("))
        group_open(c, c->fold);
    else if (regex_take(c, "|"))
        alternative_end(c);
    else if (regex_peek_is(c, ")") && c->depth == 1)
        regex_refuse(c, c->at, "this ) closes nothing");
    else if (regex_take(c, ")"))
        group_close(c);
    else if (!repetition(c))
        atom(c);
}

static enum fk_err finish(
    struct regex_compiler *c, struct fk_arena *a, const struct regex **out)
{
    struct regex *re = fk_arena_alloc(a, sizeof *re);
    struct regex_ins *code =
        fk_arena_array(a, (size_t)c->count, sizeof *c->code);
    struct regex_range *ranges =
        fk_arena_array(a, (size_t)c->num_ranges + 1, sizeof *c->ranges);
    if (!re || !code || !ranges)
        return fk_diag_set(c->diag, FK_ERR_NOMEM, "out of memory");
    memcpy(code, c->code, (size_t)c->count * sizeof *code);
    memcpy(ranges, c->ranges, (size_t)c->num_ranges * sizeof *ranges);
    *re = (struct regex){code, (uint32_t)c->count, ranges};
    *out = re;
    return FK_OK;
}

enum fk_err regex_compile(struct fk_slice pattern, struct fk_arena *arena,
    const struct regex **out, struct fk_diag *diag)
{
    struct regex_compiler c;
    compiler_init(&c, pattern, diag);
    group_open(&c, false);
    while (!c.err && c.at < pattern.len)
        item(&c);
    if (c.depth != 1)
        regex_refuse(&c, pattern.len, "a ( is never closed");
    if (!c.err)
        group_close(&c);
    regex_emit(&c, OP_MATCH, 0, 0);
    return c.err ? c.err : finish(&c, arena, out);
}
