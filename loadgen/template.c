#include "loadgen/template.h"

#include "common/rng.h"

#include <string.h>

static ptrdiff_t find_text(struct fk_slice s, const char *what)
{
    const char *hit = s.len ? memmem(s.ptr, s.len, what, strlen(what)) : NULL;
    return hit ? hit - s.ptr : -1;
}

static uint32_t split_words(
    struct fk_slice text, struct fk_slice words[TEMPLATE_MAX_WORDS + 1])
{
    uint32_t n = 0;
    struct fk_slice word;
    while (n <= TEMPLATE_MAX_WORDS && fk_slice_split(&text, ' ', &word))
        if (word.len)
            words[n++] = word;
    return n;
}

static enum fk_err parse_rand(struct template_part *part,
    const struct fk_slice *args, uint32_t n, struct fk_diag *diag)
{
    if (n != 2 || !fk_slice_i64(args[0], &part->low) ||
        !fk_slice_i64(args[1], &part->high) || part->low > part->high ||
        (uint64_t)part->high - (uint64_t)part->low == UINT64_MAX)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "{{rand}} takes two integers, the smaller one first");
    return FK_OK;
}

static enum fk_err parse_choice(struct template_part *part,
    const struct fk_slice *args, uint32_t n, struct fk_arena *arena,
    struct fk_diag *diag)
{
    if (n < 1 || n >= TEMPLATE_MAX_WORDS)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "{{choice}} takes 1 to %d words", TEMPLATE_MAX_WORDS - 1);
    part->words = fk_arena_array(arena, n, sizeof *args);
    if (!part->words)
        return FK_ERR_NOMEM;
    memcpy(part->words, args, n * sizeof *args);
    part->num_words = n;
    return FK_OK;
}

static enum fk_err parse_place(struct fk_slice text, struct fk_arena *arena,
    struct template_part *part, struct fk_diag *diag)
{
    static const struct {
        const char *name;
        enum template_kind kind;
    } names[] = {{"key", PART_KEY}, {"seq", PART_SEQ}, {"rand", PART_RAND},
        {"choice", PART_CHOICE}, {"uuid", PART_UUID}};
    struct fk_slice words[TEMPLATE_MAX_WORDS + 1];
    uint32_t n = split_words(text, words);
    size_t i = 0, num_names = sizeof names / sizeof *names;
    while (i < num_names && !(n && fk_slice_eqz(words[0], names[i].name)))
        i++;
    if (i == num_names)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "unknown place {{" FK_SLICE_FMT
            "}}; known are key, seq, rand, choice, uuid",
            FK_SLICE_ARG(text));
    part->kind = names[i].kind;
    if (part->kind == PART_RAND)
        return parse_rand(part, words + 1, n - 1, diag);
    if (part->kind == PART_CHOICE)
        return parse_choice(part, words + 1, n - 1, arena, diag);
    if (n > 1)
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "{{%s}} takes no words", names[i].name);
    return FK_OK;
}

enum fk_err template_parse(struct fk_slice text, struct fk_arena *arena,
    struct template *out, size_t *at, struct fk_diag *diag)
{
    struct template_part parts[TEMPLATE_MAX_PARTS];
    uint32_t n = 0;
    out->has_key = false;
    text = fk_arena_dup(arena, text); /* the parts outlive the file */
    *at = 0;
    while (*at < text.len) {
        struct fk_slice rest = fk_slice_sub(text, *at, text.len);
        ptrdiff_t open = find_text(rest, "{{");
        size_t len = open < 0 ? rest.len : (size_t)open;
        if (n == TEMPLATE_MAX_PARTS)
            return fk_diag_set(diag, FK_ERR_LIMIT,
                "more than %d parts in one text", TEMPLATE_MAX_PARTS);
        struct template_part *part = &parts[n++];
        *part = (struct template_part){.kind = PART_TEXT};
        if (len > 0) {
            part->text = fk_slice_sub(rest, 0, len);
            *at += len;
            continue;
        }
        ptrdiff_t close = find_text(rest, "}}");
        if (close < 0)
            return fk_diag_set(
                diag, FK_ERR_FORMAT, "\"{{\" is not closed by \"}}\"");
        enum fk_err err = parse_place(
            fk_slice_sub(rest, 2, (size_t)close), arena, part, diag);
        if (err)
            return err;
        out->has_key |= part->kind == PART_KEY;
        *at += (size_t)close + 2;
    }
    out->parts = fk_arena_array(arena, n ? n : 1, sizeof *parts);
    if (!out->parts)
        return FK_ERR_NOMEM;
    memcpy(out->parts, parts, n * sizeof *parts);
    out->num_parts = n;
    return FK_OK;
}

static void write_uuid(uint64_t a, uint64_t b, struct fk_buf *out)
{
    a = (a & ~0xf000ull) | 0x4000;
    b = (b & ~(0xc000ull << 48)) | 0x8000ull << 48;
    fk_buf_printf(out, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(a >> 32),
        (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff),
        (unsigned)(b >> 48), (unsigned long long)(b & 0xffffffffffffull));
}

static void write_part(const struct template_part *part,
    const struct template_fill *fill, uint64_t draw, struct fk_buf *out)
{
    switch (part->kind) {
    case PART_TEXT:
        fk_buf_add_slice(out, part->text);
        break;
    case PART_KEY:
        fk_buf_adds(out, fill->key);
        break;
    case PART_SEQ:
        fk_buf_printf(out, "%llu", (unsigned long long)fill->seq);
        break;
    case PART_RAND: {
        uint64_t span = (uint64_t)part->high - (uint64_t)part->low + 1;
        uint64_t value = (uint64_t)part->low + fk_rng_below(draw, span);
        fk_buf_printf(out, "%lld", (long long)value);
        break;
    }
    case PART_CHOICE:
        fk_buf_add_slice(out, part->words[fk_rng_below(draw, part->num_words)]);
        break;
    case PART_UUID:
        write_uuid(draw, fk_rng_at(draw, 1), out);
        break;
    }
}

void template_write(const struct template *t, const struct template_fill *fill,
    struct fk_buf *out)
{
    for (uint32_t i = 0; i < t->num_parts; i++)
        write_part(&t->parts[i], fill, fk_rng_at(fill->draw, i), out);
}
