#include "server/jfr_names.h"

#include <ctype.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_version(char c)
{
    return is_digit(c) || c == '.' || c == '-';
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '-';
}

/* All of it, and not nothing? */
static bool all(struct fk_slice s, bool (*fits)(char))
{
    for (size_t i = 0; i < s.len; i++)
        if (!fits(s.ptr[i]))
            return false;
    return s.len > 0;
}

static struct fk_slice after(struct fk_slice s, size_t n)
{
    return fk_slice_sub(s, n, s.len);
}

static bool ends(struct fk_slice s, struct fk_slice tail)
{
    return s.len >= tail.len && fk_slice_eq(after(s, s.len - tail.len), tail);
}

/* What follows the class's "$$Lambda": "12", "$14/0x7f", ".0x7f",
 * "$75.0x7f". */
static bool lambda_number(struct fk_slice s)
{
    if (s.len > 0 && s.ptr[0] == '$')
        s = after(s, 1);
    while (s.len > 0 && is_digit(s.ptr[0]))
        s = after(s, 1);
    if (s.len == 0)
        return true;
    if (s.ptr[0] != '.' && s.ptr[0] != '/')
        return false;
    s = after(s, 1);
    if (fk_slice_starts(s, FK_SLICE("0x")))
        return all(after(s, 2), is_hex);
    return all(s, is_digit);
}

static bool number(struct fk_slice s)
{
    return all(s, is_digit);
}

static bool hex(struct fk_slice s)
{
    return all(s, is_hex);
}

/* A class: up to and with `mark`, then a number. */
static const struct {
    struct fk_slice mark;
    bool at_start; /* the name begins with the mark */
    bool (*number)(struct fk_slice rest);
} classes[] = {
    {{"jdk/internal/reflect/GeneratedMethodAccessor", 44}, true, number},
    {{"$$Lambda", 8}, false, lambda_number},
    {{"$$EnhancerBySpringCGLIB$$", 25}, false, hex},
};

static bool zstd(struct fk_slice s)
{
    return all(s, is_version);
}

static bool corretto(struct fk_slice s)
{
    return s.len == 16 && hex(s);
}

static bool async_profiler(struct fk_slice s)
{
    ptrdiff_t dash = fk_slice_rfind(s, '-');

    return dash > 0 && all(fk_slice_sub(s, 0, (size_t)dash), is_word) &&
           s.len - (size_t)dash > 32 && hex(after(s, (size_t)dash + 1));
}

/* A library that was unpacked into a temporary folder. */
static const struct {
    struct fk_slice stem;
    bool (*number)(struct fk_slice rest); /* between stem and ".so" */
    struct fk_slice general;
} libraries[] = {
    {{"libzstd-jni-", 12}, zstd, {"libzstd-jni-_.so", 16}},
    {{"libamazonCorrettoCryptoProvider", 31}, corretto,
        {"libamazonCorrettoCryptoProvider_.so", 35}},
    {{"libasyncProfiler-", 17}, async_profiler, {"libasyncProfiler-_.so", 21}},
};

static bool merge_library(struct fk_slice s, struct fk_slice *out)
{
    const struct fk_slice deleted = FK_SLICE(" (deleted)"),
                          so = FK_SLICE(".so");

    if (fk_slice_starts(s, FK_SLICE("./tmp/")))
        s = after(s, 6);
    else if (fk_slice_starts(s, FK_SLICE("/tmp/")))
        s = after(s, 5);
    if (ends(s, deleted))
        s.len -= deleted.len;
    if (!ends(s, so))
        return false;
    s.len -= so.len;
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        if (fk_slice_starts(s, libraries[i].stem) &&
            libraries[i].number(after(s, libraries[i].stem.len))) {
            *out = libraries[i].general;
            return true;
        }
    }
    return false;
}

static struct fk_slice join(
    struct fk_slice a, char between, struct fk_slice b, struct fk_arena *arena)
{
    char *text = fk_arena_alloc(arena, a.len + b.len + 1);

    if (!text)
        return (struct fk_slice){0};
    if (a.len > 0)
        memcpy(text, a.ptr, a.len);
    text[a.len] = between;
    if (b.len > 0)
        memcpy(text + a.len + 1, b.ptr, b.len);
    return (struct fk_slice){text, a.len + b.len + 1};
}

struct fk_slice jfr_name_merge(struct fk_slice s, struct fk_arena *arena)
{
    struct fk_slice library;

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        struct fk_slice mark = classes[i].mark;
        const char *hit =
            s.len ? memmem(s.ptr, s.len, mark.ptr, mark.len) : NULL;
        if (!hit || (hit == s.ptr) != classes[i].at_start)
            continue;
        size_t end = (size_t)(hit - s.ptr) + mark.len;
        if (end < s.len && classes[i].number(after(s, end)))
            return join(
                fk_slice_sub(s, 0, end), '_', (struct fk_slice){0}, arena);
    }
    return merge_library(s, &library) ? library : s;
}

struct fk_slice jfr_name_join(
    struct fk_slice class, struct fk_slice method, struct fk_arena *arena)
{
    return join(class, '.', method, arena);
}
