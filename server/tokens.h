/*
 * Who may do what: a file of tokens, of which only the hashes are kept.
 *
 *   # name  rights       tenant  SHA-256 of the token
 *   agents  write        *       9f86d081884c7d659a2feaa0c55ad015a3bf4f1b...
 *   lab     read,write   blue    ...
 *   ops     admin        *       ...
 *
 * A token is checked in a time that does not depend on how much of it is
 * right. Immutable once read, so any thread may look.
 */
#ifndef SERVER_TOKENS_H
#define SERVER_TOKENS_H

#include "common/err.h"
#include "common/sha256.h"

#define TOKENS_MAX       1000
#define TOKENS_MAX_BYTES (1u << 20) /* of the file */

enum right {
    RIGHT_NONE,
    RIGHT_READ = 1,
    RIGHT_WRITE = 2,
    RIGHT_ADMIN = 4, /* has the others too */
};

struct token {
    char name[64];
    char tenant[152]; /* "" = any */
    unsigned rights;
    uint8_t hash[FK_SHA256_BYTES];
};

struct tokens {
    struct token *token;
    uint32_t count;
};

/* The file must be the process's own (or root's) and of mode 0600. */
FK_MUST_USE enum fk_err tokens_load(
    struct tokens *t, const char *path, struct fk_diag *diag);
/* The same from memory; messages name the line. tokens_fini always. */
FK_MUST_USE enum fk_err tokens_parse(
    struct tokens *t, struct fk_slice text, struct fk_diag *diag);
void tokens_fini(struct tokens *t);

/* NULL: no such token. */
const struct token *tokens_find(const struct tokens *t, struct fk_slice secret);

#endif
