/*
 * Results and the texts that explain them.
 *
 * Functions that can fail return enum fk_err, write their results through
 * the last pointer arguments and only on success. Where a person will read
 * the reason, the caller passes a struct fk_diag and the function fills in
 * one sentence: what happened, where, what to do. Libraries never log.
 */
#ifndef FK_COMMON_ERR_H
#define FK_COMMON_ERR_H

#define FK_MUST_USE          __attribute__((warn_unused_result))
#define FK_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum fk_err {
    FK_OK = 0,
    FK_ERR_ARG,    /* the caller asked for something impossible */
    FK_ERR_FORMAT, /* bytes from outside are not what they claim */
    FK_ERR_LIMIT,  /* larger than a limit named in a header */
    FK_ERR_NOMEM,
    FK_ERR_IO, /* errno tells */
    FK_ERR_NOT_FOUND,
    FK_ERR_EXISTS,
    FK_ERR_RETRY,       /* busy now, the same call may work later */
    FK_ERR_FULL,        /* queue or disk */
    FK_ERR_CORRUPT,     /* our own stored data failed its check */
    FK_ERR_UNAVAILABLE, /* other side is gone */
    FK_ERR_CANCELLED,
    FK_ERR_PARTIAL, /* done as far as it goes; the rest is not kept */
};

/* A stable lower-case word for logs and metrics, such as "limit". */
const char *fk_err_name(enum fk_err err);

/* What an errno means, in any C library; never NULL, safe in threads. */
const char *fk_errno_text(int error);

struct fk_diag {
    char text[512];
};

/* Keep the first explanation: a later, vaguer one does not replace it.
 * `diag` may be NULL. Returns `err`, so that `return fk_diag_set(...)` reads
 * well. Text is cut at a UTF-8 boundary. */
enum fk_err fk_diag_set(struct fk_diag *diag, enum fk_err err, const char *fmt,
    ...) FK_PRINTF(3, 4);

#endif
