#include "server/jfr_parts.h"

#include "server/utf8.h"

#include <string.h>

enum fk_err jfr_broken(struct jfr_chunk *c, const uint8_t *at, const char *what)
{
    if (!c->err)
        c->err = fk_diag_set(
            c->diag, FK_ERR_FORMAT, "JFR: byte %td: %s", at - c->body, what);
    return c->err;
}

void jfr_too_much(struct jfr_chunk *c, const char *what)
{
    if (!c->err)
        c->err = fk_diag_set(c->diag, FK_ERR_LIMIT, "JFR: %s", what);
}

/* LEB128 of at most nine bytes, the ninth of which carries eight bits. */
uint64_t jfr_varint(struct jfr_chunk *c, struct jfr_cursor *in)
{
    uint64_t v = 0;

    for (int i = 0; i < 9 && in->at < in->end; i++) {
        uint8_t b = *in->at++;
        if (i == 8)
            return v | (uint64_t)b << 56;
        v |= (uint64_t)(b & 0x7f) << (7 * i);
        if (b < 0x80)
            return v;
    }
    jfr_broken(c, in->at, "the event ends inside of a number");
    return 0;
}

struct fk_slice jfr_take(struct jfr_chunk *c, struct jfr_cursor *in, uint64_t n)
{
    struct fk_slice s = {(const char *)in->at, n};

    if (n > (uint64_t)(in->end - in->at)) {
        jfr_broken(c, in->at, "the event ends inside of a text or value");
        return (struct fk_slice){0};
    }
    in->at += n;
    return s;
}

/* Well-formed text; what is not becomes U+FFFD. */
static struct fk_slice clean(struct jfr_chunk *c, struct fk_slice s)
{
    struct fk_buf out;

    if (fk_slice_utf8(s))
        return s;
    fk_buf_init(&out, s.len * 3 + 1);
    for (size_t at = 0; at < s.len;)
        utf8_add(&out, utf8_next(s, &at));
    s = fk_arena_dup(c->arena, fk_buf_slice(&out));
    fk_buf_fini(&out);
    return s;
}

/* Characters one by one: varints of UTF-16, or bytes of Latin-1. */
static struct fk_slice characters(
    struct jfr_chunk *c, struct jfr_cursor *in, bool wide)
{
    uint64_t n = jfr_varint(c, in);
    struct fk_buf out;

    if (n > (uint64_t)(in->end - in->at)) {
        jfr_broken(c, in->at, "the event ends inside of a text");
        return (struct fk_slice){0};
    }
    fk_buf_init(&out, n * 3 + 1);
    for (uint64_t i = 0; i < n && !c->err; i++) {
        uint64_t unit = wide ? jfr_varint(c, in) : *in->at++;
        bool plain = unit < 0xd800 || (unit >= 0xe000 && unit <= 0xffff);
        utf8_add(&out, plain ? (uint32_t)unit : UTF8_BAD);
    }
    struct fk_slice s = fk_arena_dup(c->arena, fk_buf_slice(&out));
    fk_buf_fini(&out);
    return s;
}

/* A java.lang.String; a reference to a constant leaves `text` empty. */
void jfr_read_text(
    struct jfr_chunk *c, struct jfr_cursor *in, struct jfr_value *v)
{
    struct fk_slice kind = jfr_take(c, in, 1);

    switch (kind.len ? kind.ptr[0] : 0) {
    case 0:
    case 1:
        return;
    case 2:
        v->constant = true;
        v->number = jfr_varint(c, in);
        return;
    case 3:
        v->text = clean(c, jfr_take(c, in, jfr_varint(c, in)));
        return;
    case 4:
        v->text = characters(c, in, true);
        return;
    case 5:
        v->text = characters(c, in, false);
        return;
    default:
        jfr_broken(c, in->at, "a text has an encoding that is not known");
    }
}

/* ---- values ------------------------------------------------------------ */

static void skip_value(struct jfr_chunk *c, struct jfr_cursor *in,
    const struct jfr_field *f, int depth);

static void skip_struct(struct jfr_chunk *c, struct jfr_cursor *in,
    const struct jfr_class *k, int depth)
{
    const uint8_t *before = in->at;

    if (depth > JFR_MAX_DEPTH) {
        jfr_broken(c, in->at, "a value is nested deeper than 16 classes");
        return;
    }
    for (uint32_t i = 0; i < k->num_fields && !c->err; i++)
        skip_value(c, in, &c->fields[k->first_field + i], depth + 1);
    if (in->at == before)
        jfr_broken(c, in->at, "a value has no fields");
}

void jfr_skip_one(struct jfr_chunk *c, struct jfr_cursor *in,
    const struct jfr_field *f, int depth)
{
    const struct jfr_class *k = &c->classes[f->class];
    struct jfr_value text = {0};

    if (f->constant) {
        jfr_varint(c, in);
        return;
    }
    switch (k->form) {
    case JFR_BYTE:
        jfr_take(c, in, 1);
        return;
    case JFR_INT:
        jfr_varint(c, in);
        return;
    case JFR_FLOAT:
        jfr_take(c, in, 4);
        return;
    case JFR_DOUBLE:
        jfr_take(c, in, 8);
        return;
    case JFR_TEXT:
        jfr_read_text(c, in, &text);
        return;
    case JFR_STRUCT:
        skip_struct(c, in, k, depth);
        return;
    }
}

static void skip_value(struct jfr_chunk *c, struct jfr_cursor *in,
    const struct jfr_field *f, int depth)
{
    uint64_t n = f->array ? jfr_varint(c, in) : 1;

    for (uint64_t i = 0; i < n && !c->err; i++)
        jfr_skip_one(c, in, f, depth);
}

/* A field that has a slot. */
static void read_value(struct jfr_chunk *c, struct jfr_cursor *in,
    const struct jfr_field *f, struct jfr_value *v)
{
    const struct jfr_class *k = &c->classes[f->class];

    v->class = f->class;
    v->present = true;
    if (f->array) {
        v->list = *in;
        skip_value(c, in, f, 0);
    } else if (f->constant) {
        v->constant = true;
        v->number = jfr_varint(c, in);
    } else if (k->form == JFR_INT) {
        v->number = jfr_varint(c, in);
    } else if (k->form == JFR_TEXT) {
        jfr_read_text(c, in, v);
    } else {
        jfr_skip_one(c, in, f, 0);
    }
}

void jfr_read_fields(struct jfr_chunk *c, struct jfr_cursor *in,
    const struct jfr_class *k, struct jfr_value values[JFR_SLOTS])
{
    memset(values, 0, JFR_SLOTS * sizeof(*values));
    for (uint32_t i = 0; i < k->num_fields && !c->err; i++) {
        const struct jfr_field *f = &c->fields[k->first_field + i];
        if (f->slot)
            read_value(c, in, f, &values[f->slot]);
        else
            skip_value(c, in, f, 0);
    }
}
