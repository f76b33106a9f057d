#include "common/json.h"

#include "common/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 32 };

void fk_json_init(struct fk_json *j, struct fk_buf *out)
{
    *j = (struct fk_json){.out = out};
    j->first[0] = true;
}

/* Inside an object every value follows a key, elsewhere none does. */
static void before_value(struct fk_json *j)
{
    FK_ASSERT(j->after_key == j->object[j->depth]);
    if (!j->after_key && !j->first[j->depth])
        fk_buf_addc(j->out, ',');
    j->first[j->depth] = false;
    j->after_key = false;
}

static void open_level(struct fk_json *j, bool object)
{
    before_value(j);
    FK_ASSERT(j->depth < MAX_DEPTH);
    j->depth++;
    j->first[j->depth] = true;
    j->object[j->depth] = object;
    fk_buf_addc(j->out, object ? '{' : '[');
}

void fk_json_object(struct fk_json *j)
{
    open_level(j, true);
}

void fk_json_array(struct fk_json *j)
{
    open_level(j, false);
}

void fk_json_end(struct fk_json *j)
{
    FK_ASSERT(j->depth > 0 && !j->after_key);
    fk_buf_addc(j->out, j->object[j->depth] ? '}' : ']');
    j->depth--;
}

/* 0: as it is. 'u': \u00XX. Otherwise the letter after the backslash. */
static char escape_of(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    }
    return c < 0x20 || c == 0x7F ? 'u' : 0;
}

static void add_escape(struct fk_buf *out, unsigned char c)
{
    char letter = escape_of(c);
    if (letter == 'u') {
        fk_buf_printf(out, "\\u%04x", c);
        return;
    }
    char pair[2] = {'\\', letter};
    fk_buf_add(out, pair, 2);
}

/* Runs of plain bytes are copied at once. */
static void add_quoted(struct fk_buf *out, struct fk_slice s)
{
    size_t plain = 0, i = 0;
    fk_buf_addc(out, '"');
    while (i < s.len) {
        unsigned char c = (unsigned char)s.ptr[i];
        size_t len = c < 0x80 ? 1 : fk_utf8_len(s.ptr + i, s.len - i);
        if (len && !escape_of(c)) {
            i += len;
            continue;
        }
        fk_buf_add(out, s.ptr + plain, i - plain);
        if (len)
            add_escape(out, c);
        else
            fk_buf_adds(out, "\xEF\xBF\xBD");
        plain = ++i;
    }
    if (i > plain) /* an empty slice may have no pointer to add to */
        fk_buf_add(out, s.ptr + plain, i - plain);
    fk_buf_addc(out, '"');
}

void fk_json_key_slice(struct fk_json *j, struct fk_slice key)
{
    FK_ASSERT(j->object[j->depth] && !j->after_key);
    if (!j->first[j->depth])
        fk_buf_addc(j->out, ',');
    j->first[j->depth] = false;
    add_quoted(j->out, key);
    fk_buf_addc(j->out, ':');
    j->after_key = true;
}

void fk_json_key(struct fk_json *j, const char *key)
{
    fk_json_key_slice(j, fk_slice_of(key));
}

void fk_json_str(struct fk_json *j, struct fk_slice s)
{
    before_value(j);
    add_quoted(j->out, s);
}

void fk_json_strz(struct fk_json *j, const char *z)
{
    fk_json_str(j, fk_slice_of(z));
}

/* By hand: a flame graph is mostly small integers, printf would dominate. */
static void add_digits(struct fk_buf *out, bool negative, uint64_t v)
{
    char text[20], *at = text + sizeof text;
    do
        *--at = (char)('0' + v % 10);
    while (v /= 10);
    if (negative)
        fk_buf_addc(out, '-');
    fk_buf_add(out, at, (size_t)(text + sizeof text - at));
}

void fk_json_u64(struct fk_json *j, uint64_t v)
{
    before_value(j);
    add_digits(j->out, false, v);
}

void fk_json_i64(struct fk_json *j, int64_t v)
{
    before_value(j);
    add_digits(j->out, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void fk_json_i64_str(struct fk_json *j, int64_t v)
{
    before_value(j);
    fk_buf_addc(j->out, '"');
    add_digits(j->out, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    fk_buf_addc(j->out, '"');
}

/* The shortest of the three lengths that reads back as the same number. */
void fk_json_double(struct fk_json *j, double v)
{
    char text[32];
    if (!isfinite(v)) {
        fk_json_null(j);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    before_value(j);
    fk_buf_adds(j->out, text);
}

void fk_json_bool(struct fk_json *j, bool v)
{
    before_value(j);
    fk_buf_adds(j->out, v ? "true" : "false");
}

void fk_json_null(struct fk_json *j)
{
    before_value(j);
    fk_buf_adds(j->out, "null");
}

void fk_json_raw(struct fk_json *j, struct fk_slice json)
{
    before_value(j);
    fk_buf_add_slice(j->out, json);
}

void fk_json_put_strz(struct fk_json *j, const char *key, const char *z)
{
    fk_json_key(j, key);
    fk_json_strz(j, z);
}

void fk_json_put_i64(struct fk_json *j, const char *key, int64_t v)
{
    fk_json_key(j, key);
    fk_json_i64(j, v);
}
