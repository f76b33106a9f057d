/*
 * The table of routes. Every api_*.c owns an array of rows that ends with a
 * row whose path is NULL; routes.c joins them. An exact path wins over a
 * pattern that ends with '*', and a longer pattern over a shorter one. A path
 * may have a row for each method.
 */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/request.h"

extern const struct route api_ingest_routes[];
extern const struct route api_push_routes[];
extern const struct route api_otlp_routes[];
extern const struct route api_kit_routes[];
extern const struct route api_exercises_routes[];
extern const struct route api_annotations_routes[];
extern const struct route api_settings_routes[];
extern const struct route api_adhoc_routes[];
extern const struct route api_snapshots_routes[];
extern const struct route api_ops_routes[];
extern const struct route assets_routes[];
extern const struct route api_querier_routes[];
extern const struct route api_render_routes[];
extern const struct route api_legacy_routes[];
extern const struct route api_merge_routes[];

struct route_match {
    const struct route *route; /* NULL: no such path, or not this method */
    size_t index;              /* routes_at(index) == route */
    char allow[64];            /* the path's methods; "" = no such path */
};

void routes_find(
    struct fk_slice method, struct fk_slice path, struct route_match *out);
/* For /metrics and the API page: NULL past the end. */
const struct route *routes_at(size_t index);

#endif
