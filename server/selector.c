#include "server/selector.h"

#include "server/regex.h"
#include "server/utf8.h"

#include <string.h>

/* One pass over the text; the first complaint is kept in `diag` together
 * with its place, and `err` stops everything else. */
struct reader {
    struct fk_slice text;
    size_t at;
    struct fk_arena *arena;
    struct selector *out;
    enum fk_err err;
    struct fk_diag *diag;
};

static void refuse(struct reader *r, size_t at, const char *why)
{
    if (!r->err)
        r->err = fk_diag_set(r->diag, FK_ERR_FORMAT,
            "label selector, character %zu: %s", at + 1, why);
}

static int peek(const struct reader *r)
{
    return r->at < r->text.len ? (unsigned char)r->text.ptr[r->at] : -1;
}

static void skip_blanks(struct reader *r)
{
    while (peek(r) == ' ' || (peek(r) >= '\t' && peek(r) <= '\r'))
        r->at++;
}

static bool take(struct reader *r, const char *z)
{
    skip_blanks(r);
    struct fk_slice rest = fk_slice_sub(r->text, r->at, r->text.len);
    if (!fk_slice_starts(rest, fk_slice_of(z)))
        return false;
    r->at += strlen(z);
    return true;
}

static bool name_char(int c, bool first, bool colon)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9') || (colon && c == ':');
}

static struct fk_slice bare_name(struct reader *r, bool colon)
{
    size_t from = r->at;
    while (name_char(peek(r), r->at == from, colon))
        r->at++;
    return fk_slice_sub(r->text, from, r->at);
}

/* ---- quoted strings ---------------------------------------------------- */

static int digit_of(int c, int base)
{
    int v = c >= '0' && c <= '9' ? c - '0' : 99;
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        v = (c | 0x20) - 'a' + 10;
    return v < base ? v : -1;
}

/* Go's numeric escapes: how many digits follow, in which base, and whether
 * they name a character or a byte. */
static const struct {
    char letter;
    int digits, base;
    bool character;
} numeric[] = {{'x', 2, 16, false}, {'u', 4, 16, true}, {'U', 8, 16, true}};

static void numeric_escape(
    struct reader *r, struct fk_buf *out, size_t row, size_t at)
{
    bool octal = row == sizeof numeric / sizeof *numeric;
    int digits = octal ? 3 : numeric[row].digits;
    int base = octal ? 8 : numeric[row].base;
    uint32_t v = 0;
    for (int i = 0; i < digits; i++, r->at++) {
        int d = digit_of(peek(r), base);
        if (d < 0) {
            refuse(r, at, "the escape has too few digits");
            return;
        }
        v = v * (uint32_t)base + (uint32_t)d;
    }
    bool character = !octal && numeric[row].character;
    if (character && (v > 0x10FFFF || (v >= 0xD800 && v < 0xE000)))
        refuse(r, at, "the escape names no character");
    else if (character)
        utf8_add(out, v);
    else if (v > 255)
        refuse(r, at, "the octal escape is larger than \\377");
    else
        fk_buf_addc(out, (char)v);
}

/* Behind a backslash. */
static void escape(struct reader *r, struct fk_buf *out, char quote)
{
    static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    size_t at = r->at, row = 0, rows = sizeof numeric / sizeof *numeric;
    int c = peek(r);
    const char *simple = c > 0 ? strchr(letters, c) : NULL;
    if (simple || c == quote) {
        fk_buf_addc(out, simple ? values[simple - letters] : quote);
        r->at++;
        return;
    }
    while (row < rows && numeric[row].letter != c)
        row++;
    if (row == rows && digit_of(c, 8) < 0) {
        refuse(r, at, "unknown escape; a backslash itself is written \\\\");
        return;
    }
    r->at += row < rows;
    numeric_escape(r, out, row, at);
}

/* "..." and '...' with Go's escapes, `...` as it is. */
static struct fk_slice quoted(struct reader *r)
{
    size_t open = r->at;
    int quote = peek(r), c;
    struct fk_buf out;
    fk_buf_init(&out, SELECTOR_MAX_BYTES);
    r->at++;
    while (!r->err && (c = peek(r)) != quote) {
        if (c < 0 || (c == '\n' && quote != '`')) {
            refuse(r, open, "the quote is never closed");
            break;
        }
        r->at++;
        if (c == '\\' && quote != '`')
            escape(r, &out, (char)quote);
        else
            fk_buf_addc(&out, (char)c);
    }
    r->at++;
    struct fk_slice text = fk_arena_dup(r->arena, fk_buf_slice(&out));
    if (!r->err && (out.err || r->arena->failed))
        r->err = fk_diag_set(r->diag, FK_ERR_NOMEM, "out of memory");
    fk_buf_fini(&out);
    return text;
}

static bool at_quote(const struct reader *r)
{
    return peek(r) == '"' || peek(r) == '\'' || peek(r) == '`';
}

/* ---- matchers ---------------------------------------------------------- */

static bool take_op(struct reader *r, enum matcher_op *op)
{
    static const struct {
        const char *text;
        enum matcher_op op;
    } ops[] = {
        {"=~", MATCH_RE}, {"!~", MATCH_NRE}, {"!=", MATCH_NE}, {"=", MATCH_EQ}};

    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (take(r, ops[i].text)) {
            *op = ops[i].op;
            return true;
        }
    return false;
}

static void compile(struct reader *r, struct matcher *m, size_t at)
{
    const struct regex *re = NULL;
    struct fk_diag why = {""};
    if (m->value.len > SELECTOR_MAX_REGEX) {
        refuse(r, at, "the regular expression is longer than 1024 bytes");
        return;
    }
    if (regex_compile(m->value, r->arena, &re, &why))
        refuse(r, at, why.text);
    m->regex = re;
}

static void add(struct reader *r, struct matcher m, size_t value_at)
{
    if (r->err)
        return;
    if (r->out->count == SELECTOR_MAX_MATCHERS) {
        refuse(r, value_at, "more than 64 matchers");
        return;
    }
    m.name = fk_arena_dup(r->arena, m.name);
    m.value = fk_arena_dup(r->arena, m.value);
    if (m.op == MATCH_RE || m.op == MATCH_NRE)
        compile(r, &m, value_at);
    if (!r->err && r->arena->failed)
        r->err = fk_diag_set(r->diag, FK_ERR_NOMEM, "out of memory");
    if (!r->err)
        r->out->matcher[r->out->count++] = m;
}

static void metric(struct reader *r, struct fk_slice name, size_t at)
{
    struct matcher m = {.name = FK_SLICE("__name__"), .value = name};
    if (!name.len)
        refuse(r, at, "the metric name is empty");
    add(r, m, at);
}

static void matcher(struct reader *r)
{
    struct matcher m = {0};
    skip_blanks(r);
    size_t at = r->at;
    bool quote = at_quote(r);
    m.name = quote ? quoted(r) : bare_name(r, false);
    if (!quote && !m.name.len)
        refuse(r, at,
            "expected a label name; names other than "
            "[a-zA-Z_][a-zA-Z0-9_]* must be quoted");
    skip_blanks(r);
    if (quote && (peek(r) == ',' || peek(r) == '}')) {
        metric(r, m.name, at);
        return;
    }
    if (!m.name.len)
        refuse(r, at, "the label name is empty");
    if (!r->err && !take_op(r, &m.op))
        refuse(r, r->at, "expected =, !=, =~ or !~ after the label name");
    skip_blanks(r);
    at = r->at;
    if (!r->err && !at_quote(r))
        refuse(r, at, "expected a quoted value");
    if (!r->err)
        m.value = quoted(r);
    add(r, m, at);
}

static void matchers(struct reader *r)
{
    size_t open = r->at - 1;
    while (!r->err && !take(r, "}")) {
        if (peek(r) < 0) {
            refuse(r, open, "the { is never closed");
            return;
        }
        matcher(r);
        if (!r->err && !take(r, ",") && peek(r) != '}')
            refuse(r, r->at, "expected , or } after the matcher");
    }
}

enum fk_err selector_parse(struct fk_slice text, struct fk_arena *arena,
    struct selector *out, struct fk_diag *diag)
{
    struct reader r = {.text = text, .arena = arena, .out = out, .diag = diag};
    selector_init(out);
    if (text.len > SELECTOR_MAX_BYTES)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "label selector is longer than %d bytes", SELECTOR_MAX_BYTES);
    if (!fk_slice_trim(text).len)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "label selector is empty; write {} to match everything");
    skip_blanks(&r);
    size_t at = r.at;
    struct fk_slice name = bare_name(&r, true);
    if (name.len)
        metric(&r, name, at);
    if (take(&r, "{"))
        matchers(&r);
    else if (!name.len)
        refuse(&r, at, "expected a metric name or {");
    skip_blanks(&r);
    if (!r.err && r.at < text.len)
        refuse(&r, r.at, "unexpected text after the selector");
    if (r.err)
        selector_init(out);
    return r.err;
}

void selector_init(struct selector *s)
{
    s->count = 0;
}

/* Everything lives in the arena; callers need not know. */
void selector_fini(struct selector *s)
{
    s->count = 0;
}

enum fk_err selector_add_eq(
    struct selector *s, struct fk_slice name, struct fk_slice value)
{
    if (s->count == SELECTOR_MAX_MATCHERS)
        return FK_ERR_LIMIT;
    s->matcher[s->count++] =
        (struct matcher){.name = name, .value = value, .op = MATCH_EQ};
    return FK_OK;
}

bool matcher_matches(
    const struct matcher *m, struct fk_slice value, uint64_t *work)
{
    switch (m->op) {
    case MATCH_EQ:
        return fk_slice_eq(m->value, value);
    case MATCH_NE:
        return !fk_slice_eq(m->value, value);
    case MATCH_RE:
        return regex_matches(m->regex, value, work);
    case MATCH_NRE:
        return !regex_matches(m->regex, value, work);
    }
    return false;
}

bool selector_matches(
    const struct selector *s, const struct fk_labels *l, uint64_t *work)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (!matcher_matches(
                &s->matcher[i], fk_labels_get(l, s->matcher[i].name), work))
            return false;
    return true;
}
