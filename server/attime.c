#include "server/attime.h"

#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000ll
#define DAY_S    86400ll

enum { MAX_TEXT = 64 };

static int64_t multiply(int64_t a, int64_t b)
{
    int64_t r;
    if (!__builtin_mul_overflow(a, b, &r))
        return r;
    return (a < 0) != (b < 0) ? INT64_MIN : INT64_MAX;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t r;
    if (!__builtin_add_overflow(a, b, &r))
        return r;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int two_digits(const char *p)
{
    return (p[0] - '0') * 10 + p[1] - '0';
}

/* YYYYMMDD, if it is a date after 1900. */
static bool parse_date(struct fk_slice s, int64_t *ns)
{
    if (s.len != 8)
        return false;
    struct tm tm = {
        .tm_year = two_digits(s.ptr) * 100 + two_digits(s.ptr + 2) - 1900,
        .tm_mon = two_digits(s.ptr + 4) - 1,
        .tm_mday = two_digits(s.ptr + 6),
    };
    struct tm given = tm;
    time_t t = timegm(&tm);
    bool real = tm.tm_mon == given.tm_mon && tm.tm_mday == given.tm_mday;
    *ns = multiply(t, NS_PER_S);
    return real && given.tm_year > 0;
}

static int64_t parse_number(struct fk_slice s)
{
    int64_t v, ns;
    if (parse_date(s, &ns))
        return ns;
    if (!fk_slice_i64(s, &v))
        v = INT64_MAX;
    switch (s.len) {
    case 13:
        return multiply(v, 1000000);
    case 16:
        return multiply(v, 1000);
    case 19:
        return v;
    default:
        return multiply(v, NS_PER_S);
    }
}

/* The first prefix that fits decides; unknown units count nothing. */
static int64_t unit_seconds(struct fk_slice unit)
{
    static const struct {
        const char *prefix;
        int64_t seconds;
    } units[] = {
        {"s", 1},
        {"mon", 30 * DAY_S},
        {"M", 30 * DAY_S},
        {"m", 60},
        {"h", 3600},
        {"d", DAY_S},
        {"w", 7 * DAY_S},
        {"y", 365 * DAY_S},
    };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (fk_slice_starts(unit, fk_slice_of(units[i].prefix)))
            return units[i].seconds;
    return 0;
}

/* "1h30m" -> ns. Stops where the text is no longer of that form. */
static int64_t parse_offset(struct fk_slice s)
{
    int64_t sum = 0;
    size_t i = 0;
    while (i < s.len && is_digit(s.ptr[i])) {
        size_t number = i;
        while (i < s.len && is_digit(s.ptr[i]))
            i++;
        size_t unit = i;
        while (i < s.len && !is_digit(s.ptr[i]))
            i++;
        int64_t n;
        if (!fk_slice_i64(fk_slice_sub(s, number, unit), &n))
            n = INT64_MAX;
        int64_t seconds = unit_seconds(fk_slice_sub(s, unit, i));
        sum = add(sum, multiply(multiply(n, seconds), NS_PER_S));
    }
    return sum;
}

int64_t attime_parse(struct fk_slice text, int64_t now_ns)
{
    char kept[MAX_TEXT];
    size_t n = 0, digits = 0;
    for (size_t i = 0; i < text.len && n < sizeof kept; i++) {
        if (!text.ptr[i] || strchr("_, \t\r\n", text.ptr[i]))
            continue;
        digits += is_digit(text.ptr[i]);
        kept[n++] = text.ptr[i];
    }
    struct fk_slice s = {kept, n};
    if (n && digits == n)
        return parse_number(s);
    ptrdiff_t sign = fk_slice_find(s, '+');
    if (sign < 0)
        sign = fk_slice_find(s, '-');
    if (sign < 0)
        return now_ns;
    int64_t offset = parse_offset(fk_slice_sub(s, (size_t)sign + 1, n));
    return add(now_ns, kept[sign] == '-' ? -offset : offset);
}
