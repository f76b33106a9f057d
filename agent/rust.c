/* A recursive descent through the grammar of RFC 2603; each function reads
 * one rule of it and writes its text. */
#include "agent/rust.h"

#include "agent/rust_text.h"

static void read_path(struct name *n, bool in_value);
static void read_type(struct name *n);
static void read_const(struct name *n);

/* ---- words -------------------------------------------------------------- */

struct word {
    const char *text;
    size_t len;
    bool coded; /* in punycode */
};

static struct word read_word(struct name *n)
{
    struct word w = {.coded = take_if(n, 'u')};
    w.len = read_decimal(n);
    take_if(n, '_');
    w.text = n->at;
    if (n->bad || w.len > (size_t)(n->end - n->at)) {
        n->bad = true;
        return (struct word){.text = ""};
    }
    n->at += w.len;
    return w;
}

static void put_word(struct name *n, const struct word *w)
{
    if (w->coded)
        puts_(n, "punycode{");
    put(n, w->text, w->len);
    if (w->coded)
        puts_(n, "}");
}

/* Goes where a name says it was before, reads a rule there, and comes back. */
static void read_back(struct name *n, void (*rule)(struct name *n))
{
    const char *from = n->at - 1;
    uint64_t offset = read_62(n);
    const char *back = n->at;
    if (n->bad || offset >= (uint64_t)(from - n->start)) {
        n->bad = true;
        return;
    }
    if (n->silent)
        return;
    n->at = n->start + offset;
    rule(n);
    n->at = back;
}

/* ---- lifetimes ---------------------------------------------------------- */

static void put_lifetime(struct name *n, uint64_t index)
{
    char text[] = "'a";
    if (index == 0) {
        puts_(n, "'_");
        return;
    }
    if (index > n->bound) {
        n->bad = true;
        return;
    }
    uint64_t from_outside = n->bound - index;
    if (from_outside >= 26) {
        puts_(n, "'_");
        put_number(n, from_outside);
        return;
    }
    text[1] = (char)('a' + from_outside);
    puts_(n, text);
}

/* for<'a, 'b>; returns how many. */
static uint64_t read_binder(struct name *n)
{
    uint64_t count = read_optional_62(n, 'G');
    if (count > BOUND_MAX)
        n->bad = true;
    if (count == 0 || n->bad)
        return 0;
    puts_(n, "for<");
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0)
            puts_(n, ", ");
        n->bound++;
        put_lifetime(n, 1);
    }
    puts_(n, "> ");
    return count;
}

/* ---- paths -------------------------------------------------------------- */

static void read_generic(struct name *n)
{
    if (take_if(n, 'L'))
        put_lifetime(n, read_62(n));
    else if (take_if(n, 'K'))
        read_const(n);
    else
        read_type(n);
}

static void read_list(struct name *n, void (*rule)(struct name *n))
{
    for (bool more = false; !n->bad && !take_if(n, 'E'); more = true) {
        if (more)
            puts_(n, ", ");
        rule(n);
    }
}

static void put_special(
    struct name *n, char space, uint64_t number, const struct word *w)
{
    char other[] = {space, '\0'};
    puts_(n, "::{");
    puts_(n, space == 'C' ? "closure" : space == 'S' ? "shim" : other);
    if (w->len > 0) {
        puts_(n, ":");
        put_word(n, w);
    }
    puts_(n, "#");
    put_number(n, number);
    puts_(n, "}");
}

static void read_nested(struct name *n, bool in_value)
{
    char space = take(n);
    read_path(n, in_value);
    uint64_t number = read_optional_62(n, 's');
    struct word w = read_word(n);
    if (space >= 'A' && space <= 'Z') {
        put_special(n, space, number, &w);
    } else if (w.len > 0) {
        puts_(n, "::");
        put_word(n, &w);
    }
}

/* Where an impl block is, which nobody wants to read. */
static void read_impl_place(struct name *n)
{
    bool silent = n->silent;
    n->silent = true;
    read_optional_62(n, 's');
    read_path(n, false);
    n->silent = silent;
}

static void read_impl(struct name *n, char kind)
{
    if (kind != 'Y')
        read_impl_place(n);
    puts_(n, "<");
    read_type(n);
    if (kind != 'M') {
        puts_(n, " as ");
        read_path(n, false);
    }
    puts_(n, ">");
}

static void read_type_path(struct name *n)
{
    read_path(n, false);
}

static void read_value_path(struct name *n)
{
    read_path(n, true);
}

static void read_path_of(struct name *n, char kind, bool in_value)
{
    switch (kind) {
    case 'C': {
        read_optional_62(n, 's');
        struct word w = read_word(n);
        put_word(n, &w);
        return;
    }
    case 'N':
        read_nested(n, in_value);
        return;
    case 'M':
    case 'X':
    case 'Y':
        read_impl(n, kind);
        return;
    case 'I':
        read_path(n, in_value);
        puts_(n, in_value ? "::<" : "<");
        read_list(n, read_generic);
        puts_(n, ">");
        return;
    case 'B':
        read_back(n, in_value ? read_value_path : read_type_path);
        return;
    default:
        n->bad = true;
    }
}

static void read_path(struct name *n, bool in_value)
{
    if (enter(n))
        read_path_of(n, take(n), in_value);
    leave(n);
}

/* ---- types -------------------------------------------------------------- */

static const char *const basic[26] = {"i8", "bool", "char", "f64", "str", "f32",
    NULL, "u8", "isize", "usize", NULL, "i32", "u32", "i128", "u128", "_", NULL,
    NULL, "i16", "u16", "()", "...", NULL, "i64", "u64", "!"};

static void read_reference(struct name *n, const char *after)
{
    puts_(n, "&");
    if (take_if(n, 'L')) {
        uint64_t lifetime = read_62(n);
        if (lifetime > 0) {
            put_lifetime(n, lifetime);
            puts_(n, " ");
        }
    }
    puts_(n, after);
    read_type(n);
}

static void read_array(struct name *n, bool sized)
{
    puts_(n, "[");
    read_type(n);
    if (sized) {
        puts_(n, "; ");
        read_const(n);
    }
    puts_(n, "]");
}

static void read_tuple(struct name *n)
{
    bool more = false, one = true;
    puts_(n, "(");
    for (; !n->bad && !take_if(n, 'E'); more = true) {
        if (more) {
            puts_(n, ", ");
            one = false;
        }
        read_type(n);
    }
    puts_(n, more && one ? ",)" : ")");
}

static void put_abi(struct name *n)
{
    puts_(n, "extern \"");
    if (take_if(n, 'C')) {
        puts_(n, "C");
    } else {
        struct word w = read_word(n);
        for (size_t i = 0; i < w.len; i++)
            put(n, w.text[i] == '_' ? "-" : w.text + i, 1);
    }
    puts_(n, "\" ");
}

static void read_function_type(struct name *n)
{
    uint64_t bound = read_binder(n);
    if (take_if(n, 'U'))
        puts_(n, "unsafe ");
    if (take_if(n, 'K'))
        put_abi(n);
    puts_(n, "fn(");
    read_list(n, read_type);
    puts_(n, ")");
    if (!take_if(n, 'u')) {
        puts_(n, " -> ");
        read_type(n);
    }
    n->bound -= bound;
}

/* A trait, and in its angle brackets what its types are. */
static void read_dyn_trait(struct name *n)
{
    read_path(n, false);
    bool open = false;
    while (take_if(n, 'p')) {
        struct word w = read_word(n);
        /* It may have generic arguments already. */
        if (!open && n->len > 0 && !n->silent && n->out[n->len - 1] == '>') {
            n->len--;
            puts_(n, ", ");
        } else {
            puts_(n, open ? ", " : "<");
        }
        open = true;
        put_word(n, &w);
        puts_(n, " = ");
        read_type(n);
    }
    if (open)
        puts_(n, ">");
}

static void read_dyn(struct name *n)
{
    puts_(n, "dyn ");
    uint64_t bound = read_binder(n);
    for (bool more = false; !n->bad && !take_if(n, 'E'); more = true) {
        if (more)
            puts_(n, " + ");
        read_dyn_trait(n);
    }
    n->bound -= bound;
    if (!take_if(n, 'L')) {
        n->bad = true;
        return;
    }
    uint64_t lifetime = read_62(n);
    if (lifetime > 0) {
        puts_(n, " + ");
        put_lifetime(n, lifetime);
    }
}

/* The types that a letter begins; those with a text before their own rule. */
static bool read_compound(struct name *n, char kind)
{
    switch (kind) {
    case 'R':
        read_reference(n, "");
        return true;
    case 'Q':
        read_reference(n, "mut ");
        return true;
    case 'P':
    case 'O':
        puts_(n, kind == 'P' ? "*const " : "*mut ");
        read_type(n);
        return true;
    case 'A':
    case 'S':
        read_array(n, kind == 'A');
        return true;
    case 'T':
        read_tuple(n);
        return true;
    case 'F':
        read_function_type(n);
        return true;
    case 'D':
        read_dyn(n);
        return true;
    case 'B':
        read_back(n, read_type);
        return true;
    default:
        return false;
    }
}

static void read_type(struct name *n)
{
    if (!enter(n)) {
        leave(n);
        return;
    }
    char kind = take(n);
    if (kind >= 'a' && kind <= 'z' && basic[kind - 'a']) {
        puts_(n, basic[kind - 'a']);
    } else if (!read_compound(n, kind) && !n->bad) {
        n->at--;
        read_path(n, false);
    }
    leave(n);
}

/* ---- constants ---------------------------------------------------------- */

static uint64_t read_hex(struct name *n, bool *small)
{
    uint64_t value = 0;
    *small = true;
    while (!n->bad && !take_if(n, '_')) {
        int digit = digit62(take(n));
        if (digit < 0 || digit > 15)
            n->bad = true;
        *small = *small && value >> 60 == 0;
        value = value << 4 | (uint64_t)(digit & 15);
    }
    return value;
}

static void put_char(struct name *n, uint64_t code)
{
    char text[16];
    if (code >= ' ' && code < 127)
        snprintf(text, sizeof text, "'%c'", (char)code);
    else
        snprintf(text, sizeof text, "'\\u{%" PRIx64 "}'", code);
    puts_(n, text);
}

static void read_value(struct name *n, char type)
{
    bool small, negative = take_if(n, 'n');
    uint64_t value = read_hex(n, &small);
    if (!small) {
        puts_(n, "_");
        return;
    }
    if (type == 'b') {
        puts_(n, value ? "true" : "false");
    } else if (type == 'c') {
        put_char(n, value);
    } else {
        puts_(n, negative ? "-" : "");
        put_number(n, value);
    }
}

static void read_const(struct name *n)
{
    if (enter(n)) {
        char type = take(n);
        if (type == 'p')
            puts_(n, "_");
        else if (type == 'B')
            read_back(n, read_const);
        else if (type && strchr("abchijlmnostxy", type))
            read_value(n, type);
        else
            n->bad = true;
    }
    leave(n);
}

/* ---- all ---------------------------------------------------------------- */

bool fk_rust_name(const char *raw, char *out, size_t room)
{
    if (strncmp(raw, "_R", 2) || room == 0)
        return false;
    struct name n = {.at = raw + 2, .start = raw + 2, .out = out, .room = room};
    n.end = n.at + strlen(n.at);
    out[0] = '\0';
    read_path(&n, true);
    if (!n.bad && n.at < n.end) { /* the crate that asked for it */
        n.silent = true;
        read_path(&n, false);
    }
    return !n.bad && n.at == n.end && n.len > 0;
}
