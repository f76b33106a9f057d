#include "server/regex_code.h"
#include "server/utf8.h"

#include <string.h>

static void add_range(struct regex_compiler *c, uint32_t lo, uint32_t hi)
{
    if (c->num_ranges == REGEX_MAX_RANGES) {
        regex_refuse(c, c->at, "too many character ranges");
        return;
    }
    c->ranges[c->num_ranges++] = (struct regex_range){lo, hi};
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
static void add_pairs(struct regex_compiler *c, const char *pairs, bool negated)
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
bool regex_class_escape(struct regex_compiler *c)
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
static uint32_t hex_escape(struct regex_compiler *c)
{
    uint32_t v = 0;
    bool braces = regex_take(c, "{");
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
        (braces && !regex_take(c, "}")))
        regex_refuse(c, c->at, "\\x wants two hexadecimal digits or {digits}");
    return v;
}

/* A character after a backslash that stands for one character. */
uint32_t regex_char_escape(struct regex_compiler *c)
{
    static const char letters[] = "aftnrv", values[] = "\a\f\t\n\r\v";
    if (c->at >= c->text.len) {
        regex_refuse(c, c->at, "the backslash at the end escapes nothing");
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
        regex_refuse(c, at,
            ch >= '0' && ch <= '9'
                ? "back-references are not supported"
                : "this escape is not supported (\\d \\w \\s \\b \\t \\n "
                  "\\x41 are)");
    return ch;
}

static uint32_t class_char(struct regex_compiler *c)
{
    if (regex_take(c, "\\"))
        return regex_char_escape(c);
    return utf8_next(c->text, &c->at);
}

static bool class_named(struct regex_compiler *c)
{
    if (!regex_peek_is(c, "[:"))
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
static void class_item(struct regex_compiler *c)
{
    size_t at = c->at;
    if (class_named(c))
        return;
    if (regex_take(c, "\\")) {
        if (regex_class_escape(c))
            return;
        c->at = at;
    }
    uint32_t lo = class_char(c), hi = lo;
    bool range = regex_peek_is(c, "-") && !regex_peek_is(c, "-]");
    if (range && regex_take(c, "-")) {
        if (c->at >= c->text.len)
            return; /* the missing bracket is reported by the caller */
        hi = class_char(c);
    }
    if (hi < lo)
        regex_refuse(c, at, "the range is backwards");
    add_range(c, lo, hi);
}

void regex_emit_class(struct regex_compiler *c, int32_t first, bool negated)
{
    regex_emit(c, OP_CLASS, first, c->num_ranges - first);
    if (!c->err)
        c->code[c->count - 1].negated = negated;
}

void regex_bracket(struct regex_compiler *c)
{
    size_t open = c->at - 1;
    int32_t first = c->num_ranges;
    bool negated = regex_take(c, "^");
    do {
        if (c->at >= c->text.len)
            regex_refuse(c, open, "the [ is never closed");
        else
            class_item(c);
    } while (!c->err && !regex_take(c, "]"));
    regex_emit_class(c, first, negated);
}
