/*
 * /api/kit/snapshots: what the page showed, kept as it was. A snapshot is a
 * JSON object that the page made and that only the page reads; the server
 * keeps it among its documents, which outlive the profiles. The newest MAX
 * stay. Whoever knows an id, which nobody can guess, sees the snapshot.
 */
#include "common/gzip.h"
#include "server/adhoc_files.h"
#include "server/request_json.h"
#include "server/routes.h"
#include "server/server.h"

#define PATH FK_SLICE("/api/kit/snapshots/")

enum { MAX = 200, MAX_BODY = 16 << 20 };

static const struct adhoc_shelf shelf = {"snapshot", "snapshotpart"};

static void refuse(struct request *r, enum fk_err err, const char *why)
{
    reply_error(r, err == FK_ERR_NOT_FOUND ? 404 : reply_status_of(err), "%s",
        *why ? why : fk_err_name(err));
}

static void print(struct fk_json *j, const struct adhoc_file *f)
{
    fk_json_object(j);
    fk_json_key(j, "id");
    fk_json_str(j, f->id);
    fk_json_key(j, "name");
    fk_json_str(j, f->name);
    fk_json_key(j, "made");
    fk_json_i64(j, f->uploaded_ms);
    fk_json_end(j);
}

static void answer_json(struct request *r)
{
    r->reply.status = 200;
    r->reply.content_type = "application/json";
    fk_buf_addc(&r->reply.body, '\n');
}

/* ---- keeping ----------------------------------------------------------- */

struct oldest {
    struct fk_arena *arena;
    struct fk_slice id;
    size_t count;
};

static enum fk_err see_oldest(void *arg, const struct adhoc_file *f)
{
    struct oldest *o = arg;

    if (o->count++ == 0)
        o->id = fk_arena_dup(o->arena, f->id);
    return FK_OK;
}

/* One save adds one, so one goes. */
static enum fk_err drop_oldest(struct request *r)
{
    struct oldest o = {.arena = &r->arena};
    enum fk_err err = adhoc_files_list(r, &shelf, see_oldest, &o);

    if (err == FK_OK && o.count > MAX)
        err = adhoc_files_remove(r, &shelf, o.id);
    return err == FK_ERR_NOT_FOUND ? FK_OK : err;
}

static void save(struct request *r, struct fk_slice name)
{
    struct adhoc_file f = {.name = name};
    struct fk_diag why = {{0}};
    struct fk_json j;
    enum fk_err err = adhoc_files_save(r, &shelf, r->body, &f, &why);

    if (err == FK_OK)
        err = drop_oldest(r);
    if (err) {
        refuse(r, err, why.text);
        return;
    }
    fk_json_init(&j, &r->reply.body);
    print(&j, &f);
    answer_json(r);
}

static void post_snapshot(struct request *r)
{
    struct request_json j;
    struct fk_slice name = {0};

    if (request_json_open(&j, r->body) == FK_OK)
        name = fk_arena_dup(&r->arena, request_json_str(&j, j.root, "name"));
    if (j.err)
        refuse(r, j.err, j.diag.text);
    else
        save(r, name);
    request_json_close(&j);
}

/* ---- seeing ------------------------------------------------------------ */

static struct fk_slice id_of(const struct request *r)
{
    return fk_slice_sub(r->path, PATH.len, r->path.len);
}

static void get_snapshot(struct request *r)
{
    struct fk_diag why = {{0}};
    struct adhoc_file f;
    enum fk_err err = adhoc_files_load(r, &shelf, id_of(r), &f, &why);

    if (err == FK_OK)
        err = fk_gzip_read(f.bytes, &r->reply.body, &why);
    if (err)
        refuse(r, err, why.text);
    else
        answer_json(r);
}

static void delete_snapshot(struct request *r)
{
    enum fk_err err = adhoc_files_remove(r, &shelf, id_of(r));

    if (err) {
        refuse(r, err,
            err == FK_ERR_NOT_FOUND ? "there is no snapshot with this id" : "");
        return;
    }
    fk_buf_adds(&r->reply.body, "{}");
    answer_json(r);
}

static enum fk_err list_one(void *arg, const struct adhoc_file *f)
{
    print(arg, f);
    return FK_OK;
}

static void get_snapshots(struct request *r)
{
    struct fk_json j;

    fk_json_init(&j, &r->reply.body);
    fk_json_array(&j);
    enum fk_err err = adhoc_files_list(r, &shelf, list_one, &j);
    fk_json_end(&j);
    if (err)
        refuse(r, err, "");
    else
        answer_json(r);
}

const struct route api_snapshots_routes[] = {
    {"GET", "/api/kit/snapshots", get_snapshots, 0, ROUTE_KIT,
        "Snapshots of the page, newest last.", LANE_QUERY},
    {"POST", "/api/kit/snapshots", post_snapshot, MAX_BODY, ROUTE_KIT,
        "Keep what the page shows; answers with its id.", LANE_QUERY},
    {"GET", "/api/kit/snapshots/*", get_snapshot, 0, ROUTE_KIT,
        "A snapshot as it was sent.", LANE_QUERY},
    {"DELETE", "/api/kit/snapshots/*", delete_snapshot, 0, ROUTE_KIT,
        "Remove a snapshot.", LANE_QUERY},
    {0},
};
