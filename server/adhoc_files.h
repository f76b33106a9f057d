/*
 * Files that people leave here (ad hoc profiles, snapshots), kept among a
 * tenant's documents: one document tells the name, others hold the bytes,
 * gzip-ed and in base64, a piece each. Each sort has its own shelf.
 *
 * The id of a file is `<ULID>-<name>`: the time of the upload, so that its
 * pieces are found by their time, 80 random bits, and the name with every
 * character but letters, digits, '.', '-' and '_' replaced by '_'.
 */
#ifndef SERVER_ADHOC_FILES_H
#define SERVER_ADHOC_FILES_H

#include "server/request.h"

#define ADHOC_FILES_MAX_ID   140
#define ADHOC_FILES_MAX_NAME 100       /* bytes kept of a name */
#define ADHOC_FILES_MAX      (8 << 20) /* bytes of a file, gzip-ed */

/* The kinds of the two sorts of documents. */
struct adhoc_shelf {
    const char *file, *piece;
};

struct adhoc_file {
    struct fk_slice id, name; /* in the arena */
    int64_t uploaded_ms;
    struct fk_slice bytes; /* gzip-ed; of _load only */
};

/* Keeps the bytes under f->name; fills in the rest of *f but the bytes. */
FK_MUST_USE enum fk_err adhoc_files_save(struct request *r,
    const struct adhoc_shelf *shelf, struct fk_slice bytes,
    struct adhoc_file *f, struct fk_diag *diag);
/* FK_ERR_FORMAT: no id. FK_ERR_NOT_FOUND: nobody's. */
FK_MUST_USE enum fk_err adhoc_files_load(struct request *r,
    const struct adhoc_shelf *shelf, struct fk_slice id, struct adhoc_file *f,
    struct fk_diag *diag);
FK_MUST_USE enum fk_err adhoc_files_remove(
    struct request *r, const struct adhoc_shelf *shelf, struct fk_slice id);
/* Oldest first. */
typedef enum fk_err (*adhoc_files_fn)(void *arg, const struct adhoc_file *f);
FK_MUST_USE enum fk_err adhoc_files_list(struct request *r,
    const struct adhoc_shelf *shelf, adhoc_files_fn fn, void *arg);

#endif
