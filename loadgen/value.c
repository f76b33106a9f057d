#include "loadgen/value.h"

#include "common/clock.h"

#include <stdarg.h>
#include <string.h>

FK_PRINTF(4, 0)

static void report(struct value_errors *errors, unsigned line, unsigned column,
    const char *fmt, va_list ap)
{
    if (errors->count++ >= VALUE_MAX_ERRORS)
        return;
    fk_buf_printf(errors->out, "%s:%u:%u: ", errors->file, line, column);
    fk_buf_vprintf(errors->out, fmt, ap);
    fk_buf_addc(errors->out, '\n');
}

void value_report(struct value_errors *errors, unsigned line, unsigned column,
    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report(errors, line, column, fmt, ap);
    va_end(ap);
}

bool value_fail(struct value *v, const char *fmt, ...)
{
    if (v->bad)
        return false;
    v->bad = true;
    va_list ap;
    va_start(ap, fmt);
    report(v->errors, v->line,
        v->column + (v->moved ? 0 : (unsigned)v->token_at), fmt, ap);
    va_end(ap);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct value *v)
{
    while (v->at < v->text.len && is_blank(v->text.ptr[v->at]))
        v->at++;
    v->token_at = v->at;
}

static struct fk_slice quoted(struct value *v)
{
    size_t start = v->at + 1, end = start;
    while (end < v->text.len && v->text.ptr[end] != '"')
        end++;
    if (end == v->text.len) {
        value_fail(v, "the quote is not closed");
        return (struct fk_slice){0};
    }
    v->at = end + 1;
    return fk_slice_sub(v->text, start, end);
}

struct fk_slice value_token(struct value *v)
{
    skip_blanks(v);
    if (v->bad || v->at == v->text.len)
        return (struct fk_slice){0};
    size_t start = v->at;
    if (v->text.ptr[start] == '"')
        return quoted(v);
    do
        v->at++;
    while (v->text.ptr[start] != ',' && v->at < v->text.len &&
           !is_blank(v->text.ptr[v->at]) && v->text.ptr[v->at] != ',');
    return fk_slice_sub(v->text, start, v->at);
}

bool value_take(struct value *v, const char *word)
{
    size_t before = v->at;
    if (!v->bad && fk_slice_eqz(value_token(v), word))
        return true;
    v->at = before;
    return false;
}

bool value_at_end(struct value *v)
{
    skip_blanks(v);
    return v->at == v->text.len;
}

bool value_end(struct value *v)
{
    if (!v->bad && !value_at_end(v)) {
        struct fk_slice left = value_token(v);
        value_fail(
            v, "\"" FK_SLICE_FMT "\" is too much here", FK_SLICE_ARG(left));
    }
    return !v->bad;
}

struct fk_slice value_rest(struct value *v)
{
    skip_blanks(v);
    struct fk_slice s = fk_slice_sub(v->text, v->at, v->text.len);
    if (s.len == 0)
        value_fail(v, "a value is missing after \"=\"");
    else if (s.ptr[0] == '"') {
        s = quoted(v);
        value_end(v);
    }
    v->at = v->text.len;
    return s;
}

bool value_decimal(struct fk_slice s, double *out)
{
    double value = 0, scale = 1;
    bool digits = false, point = false;
    if (s.len > 24)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        digits = true;
        value = value * 10 + (s.ptr[i] - '0');
        scale *= point ? 10 : 1;
    }
    *out = value / scale;
    return digits;
}

static bool strip(struct fk_slice *s, const char *suffix)
{
    size_t n = strlen(suffix);
    if (s->len <= n || memcmp(s->ptr + s->len - n, suffix, n) != 0)
        return false;
    s->len -= n;
    return true;
}

bool value_integer(struct value *v, int64_t min, int64_t max, int64_t *out)
{
    struct fk_slice s = value_token(v);
    int64_t n;
    if (v->bad || !fk_slice_i64(s, &n) || n < min || n > max)
        return value_fail(v, "an integer from %lld to %lld is needed here",
            (long long)min, (long long)max);
    *out = n;
    return true;
}

bool value_number(struct value *v, double min, double max, double *out)
{
    struct fk_slice s = value_token(v);
    double n;
    if (v->bad || !value_decimal(s, &n) || n < min || n > max)
        return value_fail(v, "a number from %g to %g is needed here", min, max);
    *out = n;
    return true;
}

static bool parse_duration(struct fk_slice s, int64_t *ns)
{
    char text[32];
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return memchr(text, '\0', s.len) == NULL && fk_duration_parse(text, ns);
}

static bool parse_rate(struct fk_slice s, double *per_second)
{
    double seconds = strip(&s, "/s") ? 1 : strip(&s, "/m") ? 60 : 0;
    double n;
    if (seconds == 0 || !value_decimal(s, &n) || n > 1e6)
        return false;
    *per_second = n / seconds;
    return true;
}

/* "A..B" as two halves, "A" as twice the same. */
static void split_range(
    struct fk_slice s, struct fk_slice *low, struct fk_slice *high)
{
    const char *dots = s.len ? memmem(s.ptr, s.len, "..", 2) : NULL;
    size_t at = dots ? (size_t)(dots - s.ptr) : s.len;
    *low = fk_slice_sub(s, 0, at);
    *high = dots ? fk_slice_sub(s, at + 2, s.len) : *low;
}

bool value_durations(struct value *v, int64_t *low, int64_t *high)
{
    struct fk_slice a, b;
    split_range(value_token(v), &a, &b);
    if (v->bad || !parse_duration(a, low) || !parse_duration(b, high) ||
        *low > *high)
        return value_fail(
            v, "a duration with a unit is needed here, such as 30s or 250ms");
    if (*high > VALUE_MAX_HOURS * 3600 * FK_NS_PER_S)
        return value_fail(v, "at most %dh", VALUE_MAX_HOURS);
    return true;
}

bool value_duration(struct value *v, int64_t *ns)
{
    int64_t high = 0;
    return value_durations(v, ns, &high) &&
           (*ns == high || value_fail(v, "one duration, not a range"));
}

bool value_rates(struct value *v, double *low, double *high)
{
    struct fk_slice a, b;
    split_range(value_token(v), &a, &b);
    if (v->bad || !parse_rate(a, low) || !parse_rate(b, high))
        return value_fail(v, "a rate with a unit is needed here, such as 20/s");
    return true;
}

bool value_rate(struct value *v, double *per_second)
{
    double high = 0;
    if (!value_rates(v, per_second, &high))
        return false;
    if (*per_second != high)
        return value_fail(v, "one rate, not a range");
    return *per_second > 0 || value_fail(v, "a rate above 0 is needed here");
}

bool value_percent(struct value *v, double *share)
{
    struct fk_slice s = value_token(v);
    double n;
    if (v->bad || !strip(&s, "%") || !value_decimal(s, &n) || n > 1000)
        return value_fail(v, "a percentage is needed here, such as 5%%");
    *share = n / 100;
    return true;
}

bool value_size(struct value *v, int64_t *bytes)
{
    struct fk_slice s = value_token(v);
    int64_t unit = strip(&s, "KB")   ? 1024
                   : strip(&s, "MB") ? 1024 * 1024
                   : strip(&s, "B")  ? 1
                                     : 0;
    if (v->bad || !unit || !fk_slice_i64(s, bytes) || *bytes < 0 ||
        *bytes > INT64_MAX / unit)
        return value_fail(v, "a size with a unit is needed here, such as 64KB");
    *bytes *= unit;
    return true;
}
