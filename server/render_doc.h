/*
 * Parts of the JSON document that shows a flame graph to people's browsers
 * (spec/pyroscope-api 10.1): /pyroscope/render, ad hoc profiles, the routes
 * of old servers.
 */
#ifndef SERVER_RENDER_DOC_H
#define SERVER_RENDER_DOC_H

#include "common/json.h"
#include "server/flamebearer.h"
#include "server/profile_type.h"

/* "flamebearer": {...} */
void render_doc_graph(struct fk_json *out, const struct flamebearer *f);
/* "metadata": {...}; format is "single" or "double". */
void render_doc_metadata(
    struct fk_json *out, const char *format, const struct profile_type *type);
/* "key": null */
void render_doc_null(struct fk_json *out, const char *key);
/* "leftTicks", "rightTicks", where they are not 0. */
void render_doc_ticks(struct fk_json *out, const struct tree *t);

#endif
