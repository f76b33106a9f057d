#include "server/regex.h"

#include "server/utf8.h"

#include <string.h>

enum op {
    OP_CHAR,  /* one character in [lo, hi] */
    OP_CLASS, /* one character in ranges[lo .. lo+hi), or not (negated) */
    OP_SPLIT, /* go on at +lo and at +hi */
    OP_JUMP,  /* go on at +lo */
    OP_BEGIN,
    OP_END,
    OP_WORD,   /* \b */
    OP_NOWORD, /* \B */
    OP_MATCH,
};

/* Jumps are relative, so code can be moved and copied as it is. */
struct ins {
    uint8_t op;
    bool negated, fold;
    int32_t lo, hi;
};

struct range {
    uint32_t lo, hi;
};

struct regex {
    const struct ins *code;
    uint32_t count;
    const struct range *ranges;
};

enum { MAX_RANGES = 2048, MAX_REPEAT = 1000, NONE = -1 };

struct group {
    int32_t start;     /* of the group's code */
    int32_t alt_start; /* of the alternative being read */
    int32_t exits;     /* last jump to the group's end; linked by `lo` */
    bool fold;         /* flag i, restored when the group ends */
};

struct compiler {
    struct fk_slice text;
    size_t at;
    struct ins code[REGEX_MAX_OPS];
    int32_t count;
    struct range ranges[MAX_RANGES];
    int32_t num_ranges;
    struct group stack[REGEX_MAX_DEPTH];
    int depth;
    int32_t atom; /* where the last atom's code starts, or NONE */
    bool fold, quoting;
    enum fk_err err;
    struct fk_diag *diag;
};

static void refuse(struct compiler *c, size_t at, const char *why)
{
    if (c->err)
        return;
    c->err = fk_diag_set(c->diag, FK_ERR_FORMAT,
        "regular expression, character %zu: %s", at + 1, why);
}

static bool room(struct compiler *c, size_t n)
{
    if (!c->err && c->count + n > REGEX_MAX_OPS)
        c->err = fk_diag_set(c->diag, FK_ERR_LIMIT,
            "regular expression is too large once its repetitions are "
            "written out (limit %d steps); use smaller counts",
            REGEX_MAX_OPS);
    return !c->err;
}

static void emit(struct compiler *c, enum op op, int32_t lo, int32_t hi)
{
    if (room(c, 1))
        c->code[c->count++] = (struct ins){(uint8_t)op, false, c->fold, lo, hi};
}

/* Open a gap of one instruction before `at`. */
static void insert(
    struct compiler *c, int32_t at, enum op op, int32_t lo, int32_t hi)
{
    if (!room(c, 1))
        return;
    memmove(&c->code[at + 1], &c->code[at],
        (size_t)(c->count - at) * sizeof *c->code);
    c->count++;
    c->code[at] = (struct ins){(uint8_t)op, false, false, lo, hi};
}

static void compiler_init(
    struct compiler *c, struct fk_slice text, struct fk_diag *diag)
{
    c->text = text;
    c->at = 0;
    c->count = c->num_ranges = 0;
    c->depth = 0;
    c->atom = NONE;
    c->fold = c->quoting = false;
    c->err = FK_OK;
    c->diag = diag;
}

static bool peek_is(const struct compiler *c, const char *z)
{
    return fk_slice_starts(
        fk_slice_sub(c->text, c->at, c->text.len), fk_slice_of(z));
}

static bool take(struct compiler *c, const char *z)
{
    if (!peek_is(c, z))
        return false;
    c->at += strlen(z);
    return true;
}

/* ---- classes ------------------------------------------------------------ */

static void add_range(struct compiler *c, uint32_t lo, uint32_t hi)
{
    if (c->num_ranges == MAX_RANGES) {
        refuse(c, c->at, "too many character ranges");
        return;
    }
    c->ranges[c->num_ranges++] = (struct range){lo, hi};
}

/* Pairs of first and last character, ASCII as in RE2. */
static const struct {
    const char *name, *pairs;
} named[] = {
    {"d", "09"},
    {"w", "09AZ__az"},
    {"s", "\t\n\f\r  "},
    {"[:alnum:]", "09AZaz"},
    {"[:alpha:]", "AZaz"},
    {"[:ascii:]", "\x01\x7f"},
    {"[:blank:]", "\t\t  "},
    {"[:cntrl:]", "\x01\x1f\x7f\x7f"},
    {"[:digit:]", "09"},
    {"[:graph:]", "!~"},
    {"[:lower:]", "az"},
    {"[:print:]", " ~"},
    {"[:punct:]", "!/:@[`{~"},
    {"[:space:]", "\t\r  "},
    {"[:upper:]", "AZ"},
    {"[:word:]", "09AZ__az"},
    {"[:xdigit:]", "09AFaf"},
};

static const char *named_pairs(struct fk_slice name)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (fk_slice_eqz(name, named[i].name))
            return named[i].pairs;
    return NULL;
}

/* The named set, or all other characters. The tables are ascending. */
static void add_pairs(struct compiler *c, const char *pairs, bool negated)
{
    uint32_t next = 0;
    for (; *pairs; pairs += 2) {
        uint32_t lo = (uint8_t)pairs[0], hi = (uint8_t)pairs[1];
        if (!negated)
            add_range(c, lo, hi);
        else if (lo > next)
            add_range(c, next, lo - 1);
        next = hi + 1;
    }
    if (negated)
        add_range(c, next, 0x10FFFF);
}

/* \d \W and so on, at the letter: consumes it. */
static bool class_escape(struct compiler *c)
{
    if (c->at >= c->text.len)
        return false;
    char letter = c->text.ptr[c->at];
    char lower = (char)(letter | 0x20);
    const char *pairs = named_pairs((struct fk_slice){&lower, 1});
    if (!pairs)
        return false;
    c->at++;
    add_pairs(c, pairs, letter != lower);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After \x: two digits, or any number of them in braces. */
static uint32_t hex_escape(struct compiler *c)
{
    uint32_t v = 0;
    bool braces = take(c, "{");
    int digits = 0;
    while (c->at < c->text.len && (braces || digits < 2)) {
        int d = hex_digit(c->text.ptr[c->at]);
        if (d < 0)
            break;
        v = v << 4 | (uint32_t)d;
        c->at++;
        if (++digits > 6)
            break;
    }
    if (digits == 0 || (!braces && digits < 2) || v > 0x10FFFF ||
        (braces && !take(c, "}")))
        refuse(c, c->at, "\\x wants two hexadecimal digits or {digits}");
    return v;
}

/* A character after a backslash that stands for one character. */
static uint32_t char_escape(struct compiler *c)
{
    static const char letters[] = "aftnrv", values[] = "\a\f\t\n\r\v";
    if (c->at >= c->text.len) {
        refuse(c, c->at, "the backslash at the end escapes nothing");
        return 0;
    }
    size_t at = c->at;
    uint32_t ch = utf8_next(c->text, &c->at);
    const char *p = ch && ch < 0x80 ? strchr(letters, (int)ch) : NULL;
    if (p)
        return (uint8_t)values[p - letters];
    if (ch == 'x')
        return hex_escape(c);
    bool alnum = ch < 0x80 && (hex_digit((char)ch) >= 0 ||
                                  ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'));
    if (alnum)
        refuse(c, at,
            ch >= '0' && ch <= '9'
                ? "back-references are not supported"
                : "this escape is not supported (\\d \\w \\s \\b \\t \\n "
                  "\\x41 are)");
    return ch;
}

static uint32_t class_char(struct compiler *c)
{
    if (take(c, "\\"))
        return char_escape(c);
    return utf8_next(c->text, &c->at);
}

static bool class_named(struct compiler *c)
{
    if (!peek_is(c, "[:"))
        return false;
    struct fk_slice rest = fk_slice_sub(c->text, c->at, c->text.len);
    ptrdiff_t end = fk_slice_find(rest, ']');
    struct fk_slice name =
        fk_slice_sub(rest, 0, end < 0 ? rest.len : (size_t)end + 1);
    char plain[16] = "[:";
    bool negated = name.len > 3 && name.ptr[2] == '^';
    if (negated && name.len < sizeof plain) {
        memcpy(plain + 2, name.ptr + 3, name.len - 3);
        name.len--;
    } else if (name.len < sizeof plain) {
        memcpy(plain, name.ptr, name.len);
    }
    const char *pairs = named_pairs(fk_slice_of(plain));
    if (!pairs)
        return false;
    c->at += name.len + (negated ? 1 : 0);
    add_pairs(c, pairs, negated);
    return true;
}

/* One member of a bracket expression: a named set, a range, a character. */
static void class_item(struct compiler *c)
{
    size_t at = c->at;
    if (class_named(c))
        return;
    if (take(c, "\\")) {
        if (class_escape(c))
            return;
        c->at = at;
    }
    uint32_t lo = class_char(c), hi = lo;
    bool range = peek_is(c, "-") && !peek_is(c, "-]");
    if (range && take(c, "-")) {
        if (c->at >= c->text.len)
            return; /* the missing bracket is reported by the caller */
        hi = class_char(c);
    }
    if (hi < lo)
        refuse(c, at, "the range is backwards");
    add_range(c, lo, hi);
}

static void emit_class(struct compiler *c, int32_t first, bool negated)
{
    emit(c, OP_CLASS, first, c->num_ranges - first);
    if (!c->err)
        c->code[c->count - 1].negated = negated;
}

static void bracket(struct compiler *c)
{
    size_t open = c->at - 1;
    int32_t first = c->num_ranges;
    bool negated = take(c, "^");
    do {
        if (c->at >= c->text.len)
            refuse(c, open, "the [ is never closed");
        else
            class_item(c);
    } while (!c->err && !take(c, "]"));
    emit_class(c, first, negated);
}

/* ---- groups, alternatives, repetition -------------------------------------
 */

static void group_open(struct compiler *c, bool fold_before)
{
    if (c->depth == REGEX_MAX_DEPTH) {
        refuse(c, c->at, "groups nest too deeply");
        return;
    }
    c->stack[c->depth++] =
        (struct group){c->count, c->count, NONE, fold_before};
    c->atom = NONE;
}

/* Every alternative but the last ends with a jump to the group's end. */
static void alternative_end(struct compiler *c)
{
    struct group *g = &c->stack[c->depth - 1];
    insert(c, g->alt_start, OP_SPLIT, 1, c->count - g->alt_start + 2);
    emit(c, OP_JUMP, g->exits, 0);
    g->exits = c->count - 1;
    g->alt_start = c->count;
    c->atom = NONE;
}

static void group_close(struct compiler *c)
{
    struct group *g = &c->stack[--c->depth];
    for (int32_t j = g->exits; j != NONE && !c->err;) {
        int32_t next = c->code[j].lo;
        c->code[j].lo = c->count - j;
        j = next;
    }
    c->fold = g->fold;
    c->atom = g->start;
}

/* After "(?": a name, or flags with or without a group of their own. */
static void group_special(struct compiler *c)
{
    size_t at = c->at;
    bool fold = c->fold, on = true;
    if (take(c, "P<") ||
        (!peek_is(c, "<=") && !peek_is(c, "<!") && take(c, "<"))) {
        while (c->at < c->text.len && c->text.ptr[c->at] != '>')
            c->at++;
        if (!take(c, ">"))
            refuse(c, at, "the group's name is never closed");
        group_open(c, fold);
        return;
    }
    for (; !c->err && c->at < c->text.len; c->at++) {
        char ch = c->text.ptr[c->at];
        if (ch == ':' || ch == ')')
            break;
        if (ch == '-')
            on = false;
        else if (ch == 'i')
            c->fold = on;
        else if (!strchr("smU", ch))
            refuse(c, at,
                "look-around and this kind of group are not "
                "supported");
    }
    c->atom = NONE;
    if (take(c, ":"))
        group_open(c, fold);
    else if (!take(c, ")"))
        refuse(c, at, "the group is never closed");
}

static void copy_atom(struct compiler *c, int32_t start, int32_t len)
{
    if (!room(c, (size_t)len))
        return;
    memcpy(&c->code[c->count], &c->code[start], (size_t)len * sizeof *c->code);
    c->count += len;
}

static void repeat_star(struct compiler *c, int32_t start)
{
    int32_t len = c->count - start;
    insert(c, start, OP_SPLIT, 1, len + 2);
    emit(c, OP_JUMP, -(len + 1), 0);
}

/* The atom, `min` to `max` times in all; max NONE = no end. First as many
 * copies as there can be, then the optional ones are wrapped from the last to
 * the first, so that those still to be wrapped have not moved. */
static void repeat(struct compiler *c, int32_t min, int32_t max)
{
    int32_t start = c->atom, len = c->count - start;
    int32_t copies = max == NONE ? min + 1 : max;
    if (copies == 0)
        c->count = start;
    for (int32_t i = 1; i < copies && !c->err; i++)
        copy_atom(c, start, len);
    if (max == NONE)
        repeat_star(c, start + min * len);
    for (int32_t i = copies - 1; i >= min && max != NONE && !c->err; i--)
        insert(c, start + i * len, OP_SPLIT, 1, len + 1);
}

/* {n}, {n,} or {n,m}; false: the brace is a literal, as in RE2. */
static bool take_counts(struct compiler *c, int32_t *min, int32_t *max)
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
        refuse(c, c->at, "a repetition goes up to 1000, small number first");
    c->at += (size_t)end + 1;
    *min = (int32_t)n;
    *max = comma && !high.len ? NONE : (int32_t)m;
    return true;
}

static bool repetition(struct compiler *c)
{
    int32_t min, max;
    size_t at = c->at;
    if (take(c, "*"))
        min = 0, max = NONE;
    else if (take(c, "+"))
        min = 1, max = NONE;
    else if (take(c, "?"))
        min = 0, max = 1;
    else if (!take_counts(c, &min, &max))
        return false;
    take(c, "?"); /* lazy: the same set of whole values */
    if (c->atom == NONE)
        refuse(c, at, "there is nothing to repeat");
    if (!c->err)
        repeat(c, min, max);
    return true;
}

/* ---- the reader -----------------------------------------------------------
 */

static void literal(struct compiler *c, uint32_t ch)
{
    emit(c, OP_CHAR, (int32_t)ch, (int32_t)ch);
}

static void escape(struct compiler *c)
{
    static const struct {
        const char *text;
        enum op op;
    } asserts[] = {
        {"A", OP_BEGIN}, {"z", OP_END}, {"b", OP_WORD}, {"B", OP_NOWORD}};

    for (size_t i = 0; i < sizeof asserts / sizeof *asserts; i++)
        if (take(c, asserts[i].text)) {
            emit(c, asserts[i].op, 0, 0);
            return;
        }
    int32_t first = c->num_ranges;
    if (take(c, "Q"))
        c->quoting = true;
    else if (class_escape(c))
        emit_class(c, first, false);
    else
        literal(c, char_escape(c));
}

static void atom(struct compiler *c)
{
    c->atom = c->count;
    if (take(c, "["))
        bracket(c);
    else if (take(c, "."))
        emit(c, OP_CHAR, 0, 0x10FFFF);
    else if (take(c, "^"))
        emit(c, OP_BEGIN, 0, 0);
    else if (take(c, "$"))
        emit(c, OP_END, 0, 0);
    else if (take(c, "\\"))
        escape(c);
    else
        literal(c, utf8_next(c->text, &c->at));
}

static void quoted(struct compiler *c)
{
    if (take(c, "\\E")) {
        c->quoting = false;
        return;
    }
    c->atom = c->count;
    literal(c, utf8_next(c->text, &c->at));
}

static void item(struct compiler *c)
{
    if (c->quoting)
        quoted(c);
    else if (take(c, "(?"))
        group_special(c);
    else if (take(c, "("))
        group_open(c, c->fold);
    else if (take(c, "|"))
        alternative_end(c);
    else if (peek_is(c, ")") && c->depth == 1)
        refuse(c, c->at, "this ) closes nothing");
    else if (take(c, ")"))
        group_close(c);
    else if (!repetition(c))
        atom(c);
}

static enum fk_err finish(
    struct compiler *c, struct fk_arena *a, const struct regex **out)
{
    struct regex *re = fk_arena_alloc(a, sizeof *re);
    struct ins *code = fk_arena_array(a, (size_t)c->count, sizeof *c->code);
    struct range *ranges =
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
    struct compiler c;
    compiler_init(&c, pattern, diag);
    group_open(&c, false);
    while (!c.err && c.at < pattern.len)
        item(&c);
    if (c.depth != 1)
        refuse(&c, pattern.len, "a ( is never closed");
    if (!c.err)
        group_close(&c);
    emit(&c, OP_MATCH, 0, 0);
    return c.err ? c.err : finish(&c, arena, out);
}

/* ---- matching ---------------------------------------------------------------
 */

/* All places of the program where the match may be after some characters. */
struct places {
    uint16_t pc[REGEX_MAX_OPS];
    uint32_t count;
};

struct run {
    const struct regex *re;
    struct fk_slice text;
    size_t at;
    uint32_t seen[REGEX_MAX_OPS]; /* at which round, so that each is once */
    uint32_t round;
};

static bool word_at(const struct run *r, size_t i)
{
    char c = i < r->text.len ? r->text.ptr[i] : ' ';
    return (c >= '0' && c <= '9') || c == '_' ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool holds(const struct run *r, enum op op)
{
    bool boundary = (r->at > 0 && word_at(r, r->at - 1)) != word_at(r, r->at);
    if (op == OP_BEGIN)
        return r->at == 0;
    if (op == OP_END)
        return r->at == r->text.len;
    return boundary == (op == OP_WORD);
}

/* Follow everything that consumes no character, from pc. */
static void reach(struct run *r, uint32_t start, struct places *out)
{
    uint16_t stack[REGEX_MAX_OPS + 2];
    uint32_t depth = 0;
    stack[depth++] = (uint16_t)start;
    while (depth) {
        uint32_t pc = stack[--depth];
        const struct ins *in = &r->re->code[pc];
        if (r->seen[pc] == r->round)
            continue;
        r->seen[pc] = r->round;
        switch ((enum op)in->op) {
        case OP_SPLIT:
            stack[depth++] = (uint16_t)((int32_t)pc + in->hi);
            stack[depth++] = (uint16_t)((int32_t)pc + in->lo);
            break;
        case OP_JUMP:
            stack[depth++] = (uint16_t)((int32_t)pc + in->lo);
            break;
        case OP_BEGIN:
        case OP_END:
        case OP_WORD:
        case OP_NOWORD:
            if (holds(r, (enum op)in->op))
                stack[depth++] = (uint16_t)(pc + 1);
            break;
        case OP_CHAR:
        case OP_CLASS:
        case OP_MATCH:
            out->pc[out->count++] = (uint16_t)pc;
            break;
        }
    }
}

static bool in_set(const struct regex *re, const struct ins *in, uint32_t c)
{
    if (in->op == OP_CHAR)
        return c >= (uint32_t)in->lo && c <= (uint32_t)in->hi;
    const struct range *range = re->ranges + in->lo;
    for (int32_t i = 0; i < in->hi; i++)
        if (c >= range[i].lo && c <= range[i].hi)
            return true;
    return false;
}

static bool consumes(const struct regex *re, const struct ins *in, uint32_t c)
{
    if (in->op == OP_MATCH)
        return false;
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    bool hit =
        in_set(re, in, c) || (in->fold && letter && in_set(re, in, c ^ 0x20));
    return hit != in->negated;
}

bool regex_matches(const struct regex *re, struct fk_slice value)
{
    struct run r = {.re = re, .text = value};
    struct places now = {.count = 0}, next;
    r.round = 1;
    reach(&r, 0, &now);
    while (r.at < value.len && now.count) {
        uint32_t c = utf8_next(value, &r.at);
        next.count = 0;
        r.round++;
        for (uint32_t i = 0; i < now.count; i++)
            if (consumes(re, &re->code[now.pc[i]], c))
                reach(&r, now.pc[i] + 1u, &next);
        memcpy(now.pc, next.pc, next.count * sizeof *next.pc);
        now.count = next.count;
    }
    for (uint32_t i = 0; i < now.count; i++)
        if (re->code[now.pc[i]].op == OP_MATCH)
            return true;
    return false;
}
