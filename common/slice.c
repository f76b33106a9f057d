#include "common/slice.h"

#include <string.h>

struct fk_slice fk_slice_of(const char *z)
{
    return (struct fk_slice){z, z ? strlen(z) : 0};
}

struct fk_slice fk_slice_sub(struct fk_slice s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct fk_slice){s.ptr ? s.ptr + from : NULL, to - from};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct fk_slice fk_slice_trim(struct fk_slice s)
{
    size_t from = 0, to = s.len;
    while (from < to && is_blank(s.ptr[from]))
        from++;
    while (to > from && is_blank(s.ptr[to - 1]))
        to--;
    return fk_slice_sub(s, from, to);
}

struct fk_slice fk_slice_tail(struct fk_slice s, size_t n)
{
    size_t from = s.len > n ? s.len - n : 0;
    while (from && from < s.len && ((unsigned char)s.ptr[from] & 0xC0) == 0x80)
        from++;
    return fk_slice_sub(s, from, s.len);
}

bool fk_slice_eq(struct fk_slice a, struct fk_slice b)
{
    return a.len == b.len && (a.len == 0 || !memcmp(a.ptr, b.ptr, a.len));
}

bool fk_slice_eqz(struct fk_slice a, const char *z)
{
    return fk_slice_eq(a, fk_slice_of(z));
}

bool fk_slice_starts(struct fk_slice s, struct fk_slice prefix)
{
    return fk_slice_eq(fk_slice_sub(s, 0, prefix.len), prefix);
}

int fk_slice_cmp(struct fk_slice a, struct fk_slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t fk_slice_find(struct fk_slice s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? hit - s.ptr : -1;
}

ptrdiff_t fk_slice_rfind(struct fk_slice s, char c)
{
    const char *hit = s.len ? memrchr(s.ptr, c, s.len) : NULL;
    return hit ? hit - s.ptr : -1;
}

bool fk_slice_contains(struct fk_slice s, struct fk_slice needle)
{
    if (needle.len == 0)
        return true;
    return s.len && memmem(s.ptr, s.len, needle.ptr, needle.len);
}

bool fk_slice_split(struct fk_slice *rest, char sep, struct fk_slice *part)
{
    if (!rest->ptr)
        return false;
    ptrdiff_t at = fk_slice_find(*rest, sep);
    if (at < 0) {
        *part = *rest;
        *rest = (struct fk_slice){NULL, 0};
        return true;
    }
    *part = fk_slice_sub(*rest, 0, (size_t)at);
    *rest = fk_slice_sub(*rest, (size_t)at + 1, rest->len);
    return true;
}

bool fk_slice_u64(struct fk_slice s, uint64_t *value)
{
    uint64_t v = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        unsigned digit = (unsigned)(s.ptr[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

bool fk_slice_i64(struct fk_slice s, int64_t *value)
{
    bool negative = s.len > 1 && s.ptr[0] == '-';
    uint64_t v, most = (uint64_t)INT64_MAX + negative;
    if (!fk_slice_u64(fk_slice_sub(s, negative, s.len), &v) || v > most)
        return false;
    *value = (int64_t)(negative ? 0 - v : v);
    return true;
}

/* What the first byte promises: the length, and the range of the second byte,
 * which rules out overlong forms, surrogates and what exceeds U+10FFFF. */
static const struct lead {
    unsigned char first, last, len, low, high;
} leads[] = {
    {0x00, 0x7F, 1, 0x00, 0xFF},
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static const struct lead *lead_of(unsigned char first)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (first >= leads[i].first && first <= leads[i].last)
            return &leads[i];
    return NULL;
}

size_t fk_utf8_len(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    const struct lead *lead = n ? lead_of(s[0]) : NULL;
    if (!lead || lead->len > n)
        return 0;
    if (lead->len > 1 && (s[1] < lead->low || s[1] > lead->high))
        return 0;
    for (size_t i = 2; i < lead->len; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return lead->len;
}

void fk_utf8_repair(char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t len = fk_utf8_len(text + i, n - i);
        if (len == 0)
            text[i] = '?';
        i += len ? len : 1;
    }
}

bool fk_slice_utf8(struct fk_slice s)
{
    const uint64_t high_bits = 0x8080808080808080u;
    for (size_t i = 0; i < s.len;) {
        uint64_t word;
        if (s.len - i >= sizeof word) {
            memcpy(&word, s.ptr + i, sizeof word);
            if (!(word & high_bits)) {
                i += sizeof word;
                continue;
            }
        }
        size_t len = fk_utf8_len(s.ptr + i, s.len - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}
