#include "server/adhoc_files.h"

#include "common/base64.h"
#include "common/clock.h"
#include "common/gzip.h"
#include "server/request_json.h"
#include "server/server.h"
#include "server/uuid.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { ULID = 26, ULID_TIME = 10, PIECE_BYTES = 45000 };

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* ---- ids --------------------------------------------------------------- */

static bool id_char(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_.-", c));
}

static struct fk_slice make_id(
    struct request *r, int64_t time_ms, struct fk_slice name)
{
    char text[ADHOC_FILES_MAX_ID];
    uint8_t random[16];
    size_t n = 0;

    uuid_make(random);
    for (int shift = 5 * (ULID_TIME - 1); shift >= 0; shift -= 5)
        text[n++] = digits[(uint64_t)time_ms >> shift & 31];
    for (size_t i = 0; n < ULID; i++)
        text[n++] = digits[random[i] & 31];
    text[n++] = '-';
    for (size_t i = 0; i < name.len && i < ADHOC_FILES_MAX_NAME; i++)
        text[n++] = id_char(name.ptr[i]) ? name.ptr[i] : '_';
    return fk_arena_dup(&r->arena, (struct fk_slice){text, n});
}

/* The time in an id; -1: it is none. */
static int64_t id_time(struct fk_slice id)
{
    int64_t ms = 0;

    if (id.len <= ULID || id.len > ADHOC_FILES_MAX_ID || id.ptr[ULID] != '-')
        return -1;
    for (size_t i = 0; i < id.len; i++) {
        const char *at = id_char(id.ptr[i]) ? strchr(digits, id.ptr[i]) : NULL;
        if (!id_char(id.ptr[i]) || (i < ULID && !at))
            return -1;
        if (i < ULID_TIME)
            ms = ms << 5 | (at - digits);
    }
    return ms;
}

/* ---- writing ----------------------------------------------------------- */

static const struct store_ops *ops_of(const struct request *r)
{
    return r->server->store->ops;
}

struct piece_id {
    char text[ADHOC_FILES_MAX_ID + 8];
};

static struct fk_slice piece_id(
    struct piece_id *p, struct fk_slice id, size_t number)
{
    snprintf(p->text, sizeof(p->text), FK_SLICE_FMT "/%04zu", FK_SLICE_ARG(id),
        number);
    return fk_slice_of(p->text);
}

/* `doc` has kind, id and time already. */
static enum fk_err put_piece(struct request *r, struct store_doc *doc,
    struct fk_slice bytes, struct fk_diag *diag)
{
    struct fk_buf text;

    fk_buf_init(&text, STORE_DOC_MAX_BYTES);
    fk_base64_encode(bytes, &text);
    doc->body = fk_buf_slice(&text);
    enum fk_err err =
        text.err ? text.err : ops_of(r)->doc_put(r->tenant, doc, diag);
    fk_buf_fini(&text);
    return err;
}

static enum fk_err put_pieces(struct request *r,
    const struct adhoc_shelf *shelf, const struct adhoc_file *f,
    struct fk_slice bytes, struct fk_diag *diag)
{
    struct store_doc doc = {
        .kind = fk_slice_of(shelf->piece), .from_ms = f->uploaded_ms};
    struct piece_id id;
    enum fk_err err = FK_OK;

    for (size_t at = 0, i = 0; at < bytes.len && !err; at += PIECE_BYTES, i++) {
        doc.id = piece_id(&id, f->id, i);
        err =
            put_piece(r, &doc, fk_slice_sub(bytes, at, at + PIECE_BYTES), diag);
    }
    return err;
}

static enum fk_err put_file(struct request *r, const struct adhoc_shelf *shelf,
    const struct adhoc_file *f, struct fk_diag *diag)
{
    struct fk_buf body;
    struct fk_json j;

    fk_buf_init(&body, STORE_DOC_MAX_BYTES);
    fk_json_init(&j, &body);
    fk_json_object(&j);
    fk_json_key(&j, "name");
    fk_json_str(&j, f->name);
    fk_json_end(&j);
    const struct store_doc doc = {fk_slice_of(shelf->file), f->id,
        f->uploaded_ms, 0, fk_buf_slice(&body)};
    enum fk_err err =
        body.err ? body.err : ops_of(r)->doc_put(r->tenant, &doc, diag);
    fk_buf_fini(&body);
    return err;
}

/* The name comes last, so what is listed is whole. */
enum fk_err adhoc_files_save(struct request *r, const struct adhoc_shelf *shelf,
    struct fk_slice bytes, struct adhoc_file *f, struct fk_diag *diag)
{
    struct fk_slice name = f->name;
    struct fk_buf packed;
    enum fk_err err = FK_OK;

    *f = (struct adhoc_file){.uploaded_ms = fk_wall_ns() / FK_NS_PER_MS};
    f->name = fk_slice_sub(name, 0, ADHOC_FILES_MAX_NAME);
    if (!f->name.len || !fk_slice_utf8(name))
        f->name = FK_SLICE("profile");
    f->id = make_id(r, f->uploaded_ms, f->name);
    while (f->name.len && !fk_slice_utf8(f->name))
        f->name.len--; /* a character that was cut */
    fk_buf_init(&packed, ADHOC_FILES_MAX);
    if (!fk_gzip_is(bytes)) {
        err = fk_gzip_write(bytes, 6, &packed);
        bytes = fk_buf_slice(&packed);
    }
    if (err == FK_ERR_LIMIT || bytes.len > ADHOC_FILES_MAX)
        err = fk_diag_set(diag, FK_ERR_FORMAT,
            "the file has more than %d MiB, compressed", ADHOC_FILES_MAX >> 20);
    if (err == FK_OK)
        err = put_pieces(r, shelf, f, bytes, diag);
    if (err == FK_OK)
        err = put_file(r, shelf, f, diag);
    fk_buf_fini(&packed);
    return err;
}

/* The name goes first, so what is listed is whole. */
enum fk_err adhoc_files_remove(
    struct request *r, const struct adhoc_shelf *shelf, struct fk_slice id)
{
    struct fk_slice pieces = fk_slice_of(shelf->piece);
    struct piece_id piece;

    if (id_time(id) < 0)
        return FK_ERR_NOT_FOUND;
    enum fk_err err =
        ops_of(r)->doc_del(r->tenant, fk_slice_of(shelf->file), id);
    enum fk_err more = err;
    for (size_t i = 0; more == FK_OK; i++)
        more = ops_of(r)->doc_del(r->tenant, pieces, piece_id(&piece, id, i));
    return err;
}

/* ---- reading ----------------------------------------------------------- */

struct loading {
    struct request *request;
    struct fk_slice id, name;
    struct fk_buf bytes;
};

static struct fk_slice name_of(struct request *r, const struct store_doc *doc)
{
    struct request_json j;
    struct fk_slice name = FK_SLICE("profile");

    if (request_json_open(&j, doc->body) == FK_OK)
        name = fk_arena_dup(&r->arena, request_json_str(&j, j.root, "name"));
    request_json_close(&j);
    return name;
}

static enum fk_err see_file(void *arg, const struct store_doc *doc)
{
    struct loading *l = arg;

    if (!fk_slice_eq(doc->id, l->id))
        return FK_OK;
    l->name = name_of(l->request, doc);
    return FK_ERR_CANCELLED; /* enough */
}

static enum fk_err add_piece(void *arg, const struct store_doc *doc)
{
    struct loading *l = arg;
    uint8_t bytes[PIECE_BYTES + 3];

    if (doc->id.len <= l->id.len || doc->id.ptr[l->id.len] != '/' ||
        !fk_slice_starts(doc->id, l->id))
        return FK_OK;
    if (doc->body.len > (PIECE_BYTES + 2) / 3 * 4)
        return FK_ERR_CORRUPT;
    ptrdiff_t n = fk_base64_decode(doc->body, bytes);
    if (n < 0)
        return FK_ERR_CORRUPT;
    fk_buf_add(&l->bytes, bytes, (size_t)n);
    return l->bytes.err;
}

enum fk_err adhoc_files_load(struct request *r, const struct adhoc_shelf *shelf,
    struct fk_slice id, struct adhoc_file *f, struct fk_diag *diag)
{
    struct loading l = {.request = r, .id = id};
    int64_t ms = id_time(id);

    if (ms < 0)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the id of a file is what was told when it was sent or listed");
    (void)ops_of(r)->doc_list(
        r->tenant, fk_slice_of(shelf->file), ms, ms + 1, see_file, &l);
    if (!l.name.len)
        return fk_diag_set(
            diag, FK_ERR_NOT_FOUND, "there is no file with this id");
    fk_buf_init(&l.bytes, ADHOC_FILES_MAX);
    enum fk_err err = ops_of(r)->doc_list(
        r->tenant, fk_slice_of(shelf->piece), ms, ms + 1, add_piece, &l);
    if (err == FK_OK)
        *f = (struct adhoc_file){fk_arena_dup(&r->arena, id), l.name, ms,
            fk_arena_dup(&r->arena, fk_buf_slice(&l.bytes))};
    if (err == FK_OK && !f->bytes.len)
        err = fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "the file's bytes are gone: newer files took their place");
    fk_buf_fini(&l.bytes);
    return err;
}

struct list {
    struct request *request;
    adhoc_files_fn fn;
    void *arg;
};

static enum fk_err list_one(void *arg, const struct store_doc *doc)
{
    struct list *l = arg;
    const struct adhoc_file f = {
        doc->id, name_of(l->request, doc), doc->from_ms, {0}};

    return l->fn(l->arg, &f);
}

enum fk_err adhoc_files_list(struct request *r, const struct adhoc_shelf *shelf,
    adhoc_files_fn fn, void *arg)
{
    struct list l = {r, fn, arg};

    return ops_of(r)->doc_list(
        r->tenant, fk_slice_of(shelf->file), 0, 0, list_one, &l);
}
