/*
 * The small JSON documents beside the profiles, as routes see them: lists
 * answered as arrays, one document written and answered.
 */
#ifndef SERVER_DOCUMENTS_H
#define SERVER_DOCUMENTS_H

#include "server/request.h"

/* Is this body (an object made by us) wanted? */
typedef bool (*documents_keep_fn)(struct request *r, struct fk_slice body);

/* Answers with those that overlap ?from=&until= (times as in /pyroscope/
 * render; absent = open), oldest first. `keep` may be NULL. */
void documents_list(
    struct request *r, struct fk_slice kind, documents_keep_fn keep);
/* Stores the document and answers with its body, or with an error. */
void documents_put(struct request *r, const struct store_doc *doc);
/* The body under this id, copied into the arena; empty when there is none. */
struct fk_slice documents_get(
    struct request *r, struct fk_slice kind, struct fk_slice id);

#endif
