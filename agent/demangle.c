/* Suffixes, C++ by libstdc++, Rust's _ZN...17h<hash>E; its _R is in rust.c. */
#include "agent/demangle.h"

#include "agent/foreign.h"
#include "agent/rust.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* libstdc++ takes about 72 bytes of stack for each byte of a name. */
enum { RAW_MAX = 512, RUST_HASH_LEN = 17 };

typedef char *demangle_fn(
    const char *name, char *buf, size_t *len, int *status);

demangle_fn __cxa_demangle __attribute__((weak));

static void copy(char *out, size_t room, const char *text, size_t len)
{
    if (len > room - 1)
        len = room - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

static size_t len_without_suffix(const char *raw)
{
    static const char *const suffixes[] = {".cold", ".part.", ".constprop.",
        ".isra.", ".lto_priv.", ".llvm.", ".localalias", "@"};
    size_t len = strlen(raw);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const char *at = strstr(raw, suffixes[i]);
        if (at && at > raw && (size_t)(at - raw) < len)
            len = (size_t)(at - raw);
    }
    return len;
}

/* ---- Rust ------------------------------------------------------------------
 */

static bool is_hash(const char *text, size_t len)
{
    return len == RUST_HASH_LEN && text[0] == 'h' &&
           strspn(text + 1, "0123456789abcdef") >= len - 1;
}

struct escape {
    const char *from, *to;
};

/* One escape at `text`; its length, 0 when it is an ordinary character. */
static size_t unescape(const char *text, const char **to)
{
    static const struct escape escapes[] = {{"$SP$", "@"}, {"$BP$", "*"},
        {"$RF$", "&"}, {"$LT$", "<"}, {"$GT$", ">"}, {"$LP$", "("},
        {"$RP$", ")"}, {"$C$", ","}, {"$u20$", " "}, {"$u27$", "'"},
        {"$u5b$", "["}, {"$u5d$", "]"}, {"$u7b$", "{"}, {"$u7d$", "}"},
        {"$u7e$", "~"}, {"..", "::"}};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        size_t len = strlen(escapes[i].from);
        if (!strncmp(text, escapes[i].from, len)) {
            *to = escapes[i].to;
            return len;
        }
    }
    return 0;
}

struct writer {
    char *out;
    size_t len, room;
};

static void put(struct writer *w, const char *text, size_t len)
{
    if (len > w->room - 1 - w->len)
        len = w->room - 1 - w->len;
    memcpy(w->out + w->len, text, len);
    w->len += len;
    w->out[w->len] = '\0';
}

static void put_part(struct writer *w, const char *part, size_t len)
{
    const char *to, *end = part + len;
    /* "_$LT$" stands for "$LT$" where a name must not start with a '$'. */
    if (len > 1 && part[0] == '_' && part[1] == '$')
        part++;
    if (w->len)
        put(w, "::", 2);
    while (part < end) {
        size_t used = unescape(part, &to);
        if (used && used <= (size_t)(end - part)) {
            put(w, to, strlen(to));
            part += used;
        } else {
            put(w, part++, 1);
        }
    }
}

/* _ZN, parts with their lengths, a hash as the last, E. */
static bool rust(const char *raw, char *out, size_t room)
{
    struct writer w = {out, 0, room};
    if (strncmp(raw, "_ZN", 3))
        return false;
    for (const char *at = raw + 3; *at >= '1' && *at <= '9';) {
        char *part;
        size_t len = strtoul(at, &part, 10);
        if (len >= strlen(part))
            return false;
        at = part + len;
        if (*at == 'E' && !at[1])
            return w.len && is_hash(part, len);
        put_part(&w, part, len);
    }
    return false;
}

/* ---- C++ ----------------------------------------------------------------- */

static enum fk_foreign_how how = FK_FOREIGN_IF_LOADED;

void fk_demangle_may_load(void)
{
    how = FK_FOREIGN_LOAD;
}

/* The host's own, also when only a plugin of the host's brought it. */
static demangle_fn *demangler(void)
{
    static demangle_fn *found;
    if (__cxa_demangle)
        return __cxa_demangle;
    void *library = found ? NULL : fk_foreign_open("libstdc++.so.6", how);
    if (library)
        *(void **)&found = fk_foreign_symbol(library, "__cxa_demangle");
    return found;
}

static bool cxx(const char *raw, char *out, size_t room)
{
    int status = 0;
    demangle_fn *demangle = strncmp(raw, "_Z", 2) ? NULL : demangler();
    if (!demangle)
        return false;
    char *text = demangle(raw, NULL, NULL, &status);
    if (text)
        copy(out, room, text, strlen(text));
    free(text);
    return text != NULL;
}

/* ---- all ----------------------------------------------------------------- */

void fk_demangle(const char *raw, char *out, size_t room)
{
    char plain[RAW_MAX];
    size_t len = len_without_suffix(raw);
    if (len >= sizeof plain) {
        copy(out, room, raw, len);
        return;
    }
    copy(plain, sizeof plain, raw, len);
    if (!fk_rust_name(plain, out, room) && !rust(plain, out, room) &&
        !cxx(plain, out, room))
        copy(out, room, plain, len);
}
