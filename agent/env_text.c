#include "agent/env_text.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "agent/labels.h"

bool fk_env_word(const char *text, const char *const *words, int *value)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *value = i;
            return true;
        }
    return false;
}

bool fk_env_bool(const char *text, bool *value)
{
    static const char *const words[] = {
        "0", "1", "false", "true", "off", "on", "no", "yes", NULL};
    int at;
    if (!fk_env_word(text, words, &at))
        return false;
    *value = at % 2 == 1;
    return true;
}

bool fk_env_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "kmg";
    struct fk_slice number = fk_slice_of(text);
    unsigned shift = 0;
    char last = number.len ? number.ptr[number.len - 1] | ' ' : '\0';
    const char *unit = last > ' ' ? strchr(units, last) : NULL;
    if (unit != NULL) {
        shift = 10 * (unsigned)(unit - units + 1);
        number.len--;
    }
    uint64_t n;
    if (!fk_slice_u64(number, &n) || n > UINT64_MAX >> shift)
        return false;
    *bytes = n << shift;
    return true;
}

/* ---- copies --------------------------------------------------------------*/

static void put_char(struct fk_env_text *t, char c)
{
    if (t->used < sizeof(t->bytes))
        t->bytes[t->used] = c;
    t->used++; /* past the end: the caller sees that it did not fit */
}

static bool fits(const struct fk_env_text *t)
{
    return t->used <= sizeof(t->bytes);
}

static const char *put_text(struct fk_env_text *t, struct fk_slice s)
{
    const char *at = t->bytes + t->used;
    for (size_t i = 0; i < s.len; i++)
        put_char(t, s.ptr[i]);
    put_char(t, '\0');
    return fits(t) ? at : NULL;
}

/* ---- labels -------------------------------------------------------------- */

static bool put_label(struct fk_env_text *t, struct fk_slice pair)
{
    ptrdiff_t at = fk_slice_find(pair, '=');
    if (at < 0)
        at = fk_slice_find(pair, ':');
    if (at < 0 || t->num_tags == FK_STATIC_TAGS_MAX)
        return false;
    struct fk_slice key = fk_slice_sub(pair, 0, (size_t)at);
    struct fk_slice value = fk_slice_sub(pair, (size_t)at + 1, pair.len);
    flamekit_tag tag = {
        put_text(t, fk_slice_trim(key)), put_text(t, fk_slice_trim(value))};
    t->tags[t->num_tags++] = tag;
    return fits(t) && fk_labels_key_ok(tag.key) &&
           fk_labels_value_ok(tag.value);
}

/* What was put before a refusal is taken back. */
static bool labels_refused(struct fk_env_text *t, size_t mark)
{
    t->used = mark;
    t->num_tags = 0;
    return false;
}

bool fk_env_labels(const char *text, struct fk_env_text *out)
{
    size_t mark = out->used;
    out->num_tags = 0;
    struct fk_slice rest = fk_slice_of(text), pair;
    while (fk_slice_split(&rest, ',', &pair))
        if (fk_slice_trim(pair).len > 0 && !put_label(out, pair))
            return labels_refused(out, mark);
    return true;
}

/* ---- headers ------------------------------------------------------------ */

static char peek(struct fk_slice *s)
{
    while (s->len > 0 && strchr(" \t\r\n", s->ptr[0]) != NULL)
        *s = fk_slice_sub(*s, 1, s->len);
    return s->len > 0 ? s->ptr[0] : '\0';
}

static bool take(struct fk_slice *s, char c)
{
    if (peek(s) != c)
        return false;
    *s = fk_slice_sub(*s, 1, s->len);
    return true;
}

/* A JSON string of printable ASCII: a line break here would smuggle in
 * another header. */
static bool put_json_string(struct fk_slice *s, struct fk_env_text *t)
{
    if (!take(s, '"'))
        return false;
    size_t i = 0;
    for (; i < s->len && s->ptr[i] != '"'; i++) {
        if (s->ptr[i] == '\\' && ++i < s->len &&
            strchr("\"\\/", s->ptr[i]) == NULL)
            return false;
        if (i == s->len || s->ptr[i] < ' ' || s->ptr[i] > '~')
            return false;
        put_char(t, s->ptr[i]);
    }
    *s = fk_slice_sub(*s, i, s->len);
    return take(s, '"');
}

static bool put_header(struct fk_slice *s, struct fk_env_text *t)
{
    if (!put_json_string(s, t) || !take(s, ':'))
        return false;
    put_char(t, ':');
    put_char(t, ' ');
    if (!put_json_string(s, t))
        return false;
    put_char(t, '\0');
    return fits(t);
}

static bool read_headers(struct fk_slice s, struct fk_env_text *t)
{
    size_t n = 0;
    bool ok = take(&s, '{');
    if (ok && peek(&s) != '}')
        do {
            size_t at = t->used;
            ok = n < FK_HEADERS_MAX && put_header(&s, t);
            if (ok)
                t->headers[n++] = t->bytes + at;
        } while (ok && take(&s, ','));
    t->headers[n] = NULL;
    return ok && take(&s, '}') && peek(&s) == '\0';
}

bool fk_env_headers(const char *text, struct fk_env_text *out)
{
    size_t mark = out->used;
    if (read_headers(fk_slice_of(text), out))
        return true;
    out->used = mark;
    out->headers[0] = NULL;
    return false;
}
