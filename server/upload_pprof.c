/*
 * /ingest of pprof: raw, or in a form with the configuration of its sample
 * types.
 */
#include "common/clock.h"
#include "server/ingest_metric.h"
#include "server/multipart.h"
#include "server/request_json.h"
#include "server/upload.h"

#define MAX_CONFIG ((size_t)64 << 10)

static enum fk_err fix_pprof(
    void *arg, struct fk_pprof *p, struct fk_labels *labels)
{
    const int64_t year_ns = 366 * 24 * 3600 * FK_NS_PER_S;
    struct upload *u = arg;
    struct fk_arena *arena = &u->request->arena;
    enum fk_err err =
        ingest_repair(p, u->spy, ingest_old_dotnet(u->spy, u->config), arena);

    if (p->time_ns < year_ns) /* a clock that was never set */
        p->time_ns = u->from_ns;
    if (err)
        return err;
    return fk_labels_set(
        labels, FK_SLICE("__name__"), ingest_metric(p, u->config, arena));
}

static enum fk_err add_pprof(struct upload *u, struct fk_slice bytes)
{
    const struct ingest_fix fix = {fix_pprof, u};
    const struct ingest_source source = {.labels = &u->labels,
        .fallback_ns = u->from_ns,
        .old_dotnet = ingest_old_dotnet(u->spy, u->config)};
    enum fk_err err = upload_service(u, u->name.app, false);

    if (err == FK_OK)
        err = ingest_add_pprof(&u->in, &source, bytes, &fix, &u->diag);
    if (err)
        fk_diag_set(&u->diag, err, "the profile could not be read (%s)",
            fk_err_name(err));
    return err;
}

enum fk_err upload_pprof(struct upload *u)
{
    return add_pprof(u, u->request->body);
}

static enum fk_err form_config(
    struct upload *u, const struct multipart *form, struct request_json *j)
{
    const struct multipart_part *part =
        multipart_file(form, "sample_type_config");

    if (!part || part->body.len == 0)
        return FK_OK;
    if (part->body.len > MAX_CONFIG)
        return fk_diag_set(&u->diag, FK_ERR_LIMIT,
            "sample_type_config is larger than %zu bytes", MAX_CONFIG);
    u->config = j;
    if (request_json_open(j, part->body) == FK_OK)
        return FK_OK;
    return fk_diag_set(
        &u->diag, j->err, "sample_type_config: %s", j->diag.text);
}

enum fk_err upload_form(struct upload *u)
{
    struct request_json config = {0};
    struct multipart form;
    struct request *r = u->request;
    enum fk_err err = multipart_read(
        request_header(r, "Content-Type"), r->body, &form, &u->diag);

    if (err)
        return err;
    const struct multipart_part *prev = multipart_file(&form, "prev_profile");
    const struct multipart_part *profile = multipart_file(&form, "profile");
    if (prev && prev->body.len > 0) {
        u->in.reason = REJECTED_UNSUPPORTED;
        return fk_diag_set(&u->diag, FK_ERR_FORMAT,
            "prev_profile is not supported any more; update pyroscope-go to "
            "a version that sends differences itself");
    }
    if (!profile || profile->body.len == 0)
        return FK_OK;
    err = form_config(u, &form, &config);
    if (err == FK_OK)
        err = add_pprof(u, profile->body);
    request_json_close(&config);
    return err;
}
