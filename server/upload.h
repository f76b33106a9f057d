/*
 * One POST /ingest on its way from parameters to profiles: what api_ingest.c
 * knows when it has read the URL, and the formats it chooses from. Each of
 * them adds profiles to `in`, or sets `diag`, and `status` where it is not
 * 422.
 */
#ifndef SERVER_UPLOAD_H
#define SERVER_UPLOAD_H

#include "server/ingest.h"

#define UPLOAD_MAX_TEXT ((size_t)32 << 20) /* once inflated */
#define UPLOAD_MAX_JSON ((size_t)16 << 20)
#define UPLOAD_MAX_JFR  ((size_t)64 << 20)

struct upload {
    struct request *request;
    struct ingest in;
    struct fk_diag diag;
    struct ingest_name name;
    struct fk_slice spy;
    int64_t from_ns, duration_ns;
    uint32_t sample_rate;
    struct fk_labels labels;     /* of the name, and what /ingest adds */
    struct request_json *config; /* of a form, or NULL */
    int status;                  /* of an error */
};

typedef enum fk_err (*upload_fn)(struct upload *u);

/* upload_text.c */
FK_MUST_USE enum fk_err upload_groups(struct upload *u);
FK_MUST_USE enum fk_err upload_lines(struct upload *u);
FK_MUST_USE enum fk_err upload_trie(struct upload *u);
FK_MUST_USE enum fk_err upload_tree(struct upload *u);
FK_MUST_USE enum fk_err upload_speedscope(struct upload *u);
/* upload_pprof.c: the body, or the part "profile" of a form */
FK_MUST_USE enum fk_err upload_pprof(struct upload *u);
FK_MUST_USE enum fk_err upload_form(struct upload *u);
/* upload_jfr.c */
FK_MUST_USE enum fk_err upload_jfr(struct upload *u);

/* Sets a label of all profiles of the upload. */
FK_MUST_USE enum fk_err upload_label(
    struct upload *u, struct fk_slice name, struct fk_slice value);
/* service_name from the app, unless the name has one: then the app becomes
 * app_name where `keep_app`. */
FK_MUST_USE enum fk_err upload_service(
    struct upload *u, struct fk_slice service, bool keep_app);

#endif
