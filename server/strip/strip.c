#include "server/strip/strip.h"

#include <ctype.h>
#include <string.h>

enum { MAX_TEMPLATES = 16 };

enum gap { GAP_NONE, GAP_SPACE, GAP_LINE };

enum kind {
    KIND_SIGN,  /* also the beginning of the text */
    KIND_WORD,  /* names, keywords, numbers */
    KIND_VALUE, /* strings, templates, regular expressions */
};

/* A gap beside one of these signs says nothing: a statement can neither end
 * after the first lot nor begin with the second. */
struct language {
    const char *nothing_after, *nothing_before;
    bool has_line_comments;
};

struct scan {
    const struct language *language;
    struct fk_slice text;
    size_t at; /* the next byte */
    struct fk_buf *out;
    struct fk_diag *diag;
    enum fk_err err;
    enum kind kind; /* of the token before, */
    struct fk_slice last;
    int braces, templates; /* that are open */

    struct {
        size_t from; /* the text before a ${ */
        int braces;  /* were open there */
    } left[MAX_TEMPLATES];
};

static char byte(const struct scan *s, size_t i)
{
    return i < s->text.len ? s->text.ptr[i] : '\0';
}

static bool at_text(const struct scan *s, size_t i, struct fk_slice text)
{
    return fk_slice_starts(fk_slice_sub(s->text, i, s->text.len), text);
}

static bool in(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || in(c, "_$#@") ||
           (unsigned char)c >= 128;
}

static size_t no_end(struct scan *s, size_t from, const char *what)
{
    int line = 1;

    for (size_t i = 0; i < from; i++)
        line += s->text.ptr[i] == '\n';
    s->err = fk_diag_set(s->diag, FK_ERR_FORMAT,
        "line %d: the %s that begins here has no end", line, what);
    return s->text.len;
}

/* ---- where things end ---------------------------------------------------- */

static size_t comment_end(struct scan *s)
{
    for (size_t i = s->at + 2; i < s->text.len; i++)
        if (at_text(s, i, FK_SLICE("*/")))
            return i + 2;
    return no_end(s, s->at, "comment");
}

static size_t line_end(const struct scan *s)
{
    size_t i = s->at;

    while (i < s->text.len && s->text.ptr[i] != '\n')
        i++;
    return i;
}

static size_t word_end(const struct scan *s)
{
    size_t i = s->at;

    while (is_word(byte(s, i)))
        i++;
    return i;
}

static size_t string_end(struct scan *s)
{
    for (size_t i = s->at + 1; i < s->text.len && byte(s, i) != '\n'; i++) {
        if (byte(s, i) == byte(s, s->at))
            return i + 1;
        i += byte(s, i) == '\\';
    }
    return no_end(s, s->at, "string");
}

static size_t regex_end(struct scan *s)
{
    bool in_class = false;

    for (size_t i = s->at + 1; i < s->text.len && byte(s, i) != '\n'; i++) {
        if (byte(s, i) == '/' && !in_class)
            return i + 1;
        if (in(byte(s, i), "[]"))
            in_class = byte(s, i) == '[';
        i += byte(s, i) == '\\';
    }
    return no_end(s, s->at, "regular expression");
}

/* The end of a template's text: its last `, or the ${ of an expression. */
static size_t template_end(struct scan *s)
{
    for (size_t i = s->at + 1; i < s->text.len; i++) {
        if (byte(s, i) == '`')
            return i + 1;
        if (at_text(s, i, FK_SLICE("${")))
            return i + 2;
        i += byte(s, i) == '\\';
    }
    return no_end(s, s->at, "template");
}

/* ---- tokens -------------------------------------------------------------- */

static void emit(struct scan *s, size_t end, enum kind kind)
{
    s->last = fk_slice_sub(s->text, s->at, end);
    s->kind = kind;
    s->at = end;
    fk_buf_add_slice(s->out, s->last);
}

/* A slash begins a regular expression where no value can have ended. */
static bool is_regex(const struct scan *s)
{
    static const char *const before[] = {"return", "typeof", "case", "in", "of",
        "delete", "void", "throw", "new", "else", "do", "await", "yield",
        "instanceof"};

    if (s->kind == KIND_VALUE)
        return false;
    if (s->kind == KIND_SIGN)
        return s->last.len == 0 || !in(s->last.ptr[s->last.len - 1], ")]}");
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
        if (fk_slice_eqz(s->last, before[i]))
            return true;
    return false;
}

static void take_template(struct scan *s)
{
    size_t from = s->at, end = template_end(s);

    emit(s, end, KIND_VALUE);
    if (s->err || byte(s, end - 1) == '`')
        return;
    if (s->templates == MAX_TEMPLATES) {
        no_end(s, from, "nest of templates");
        return;
    }
    s->left[s->templates].from = from;
    s->left[s->templates++].braces = s->braces;
    s->kind = KIND_SIGN;
}

static void take_sign(struct scan *s)
{
    char c = byte(s, s->at);

    if (c == '}' && s->templates > 0 &&
        s->left[s->templates - 1].braces == s->braces) {
        s->templates--;
        take_template(s);
        return;
    }
    s->braces += (c == '{') - (c == '}');
    emit(s, s->at + 1, KIND_SIGN);
}

static void take_token(struct scan *s)
{
    char c = byte(s, s->at);

    if (is_word(c))
        emit(s, word_end(s), KIND_WORD);
    else if (in(c, "'\""))
        emit(s, string_end(s), KIND_VALUE);
    else if (c == '`' && s->language->has_line_comments)
        take_template(s);
    else if (c == '/' && s->language->has_line_comments && is_regex(s))
        emit(s, regex_end(s), KIND_VALUE);
    else
        take_sign(s);
}

/* ---- gaps ---------------------------------------------------------------- */

/* Spaces, lines and comments up to the next token. */
static enum gap skip_gap(struct scan *s)
{
    enum gap gap = GAP_NONE;

    while (s->at < s->text.len) {
        size_t from = s->at;
        bool slash = s->language->has_line_comments;
        if (at_text(s, from, FK_SLICE("/*")))
            s->at = comment_end(s);
        else if (slash && at_text(s, from, FK_SLICE("//")))
            s->at = line_end(s);
        else if (isspace((unsigned char)s->text.ptr[from]))
            s->at++;
        else
            break;
        bool has_line = memchr(s->text.ptr + from, '\n', s->at - from) != NULL;
        gap = has_line || gap == GAP_LINE ? GAP_LINE : GAP_SPACE;
    }
    return gap;
}

/* What must stay of a gap between the token before and the next. */
static enum gap keep_gap(const struct scan *s, enum gap gap)
{
    char before = s->last.len ? s->last.ptr[s->last.len - 1] : '\0';
    char after = byte(s, s->at);

    if (before == '\0' || after == '\0')
        return GAP_NONE;
    if (s->kind == KIND_SIGN && in(before, s->language->nothing_after))
        return GAP_NONE;
    if (in(after, s->language->nothing_before))
        return GAP_NONE;
    if (gap == GAP_SPACE && s->language->has_line_comments) {
        bool same = before == after && in(after, "+-/");
        return same || (is_word(before) && is_word(after)) ? GAP_SPACE
                                                           : GAP_NONE;
    }
    return gap;
}

static enum fk_err strip(const struct language *language, struct fk_slice text,
    struct fk_buf *out, struct fk_diag *diag)
{
    static const char marks[] = {
        [GAP_NONE] = '\0', [GAP_SPACE] = ' ', [GAP_LINE] = '\n'};
    struct scan s = {.language = language,
        .text = text,
        .out = out,
        .diag = diag,
        .last = {text.ptr, 0}};

    while (!s.err && !out->err) {
        char mark = marks[keep_gap(&s, skip_gap(&s))];
        if (s.err || s.at == text.len)
            break;
        if (mark)
            fk_buf_addc(out, mark);
        take_token(&s);
    }
    if (!s.err && s.templates > 0)
        no_end(&s, s.left[s.templates - 1].from, "template");
    return s.err ? s.err : out->err;
}

enum fk_err strip_js(
    struct fk_slice text, struct fk_buf *out, struct fk_diag *diag)
{
    static const struct language js = {
        "{([,;:?=&|<>!~^%*.", "}]),;:?=&|<>^%*.", true};

    return strip(&js, text, out, diag);
}

enum fk_err strip_css(
    struct fk_slice text, struct fk_buf *out, struct fk_diag *diag)
{
    static const struct language css = {"{};:,(>", "{};,)>!", false};

    return strip(&css, text, out, diag);
}
