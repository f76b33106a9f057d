/*
 * What a check looks at: windows of time, and views of them, each one
 * profile type under one label filter. The rules come from the check file;
 * world_look fetches each view once, whatever the number of lines that use
 * it.
 */
#ifndef CLI_WORLD_H
#define CLI_WORLD_H

#include "cli/profile.h"
#include "cli/series.h"
#include "cli/window.h"
#include "common/slice.h"

enum { WORLD_WINDOWS_MAX = 8, WORLD_VIEWS_MAX = 16 };

enum profile_kind { KIND_CPU, KIND_WALL, NUM_KINDS };

struct view_rule {
    size_t window;
    enum profile_kind kind;
    char filter[96]; /* endpoint="/api/slow_io", or "" */
    bool series;     /* its course over time is asked for, too */
};

struct world_rule {
    char service[128];
    enum profile_kind kind; /* when a line names none */
    struct window_rule window[WORLD_WINDOWS_MAX];
    size_t num_windows;
    struct view_rule view[WORLD_VIEWS_MAX];
    size_t num_views;
};

struct view {
    struct profile profile; /* nanoseconds */
    double samples;         /* of the same stacks, counted */
    struct series series;
};

struct world {
    const struct world_rule *rule;
    const char *server, *service;
    struct window window[WORLD_WINDOWS_MAX];
    struct view view[WORLD_VIEWS_MAX];
};

bool world_kind(struct fk_slice name, enum profile_kind *out);
/* The type to ask the server for. */
const char *world_kind_type(enum profile_kind kind);
/* Index of the window of this name, false when there is none. */
bool world_window(
    const struct world_rule *rule, struct fk_slice name, size_t *out);
/* Index of the view, added when new; false when there are too many. */
bool world_view(
    struct world_rule *rule, const struct view_rule *view, size_t *out);

/* Which loads count: of this run, begun in this time (0 = no end). */
struct world_span {
    const char *run;
    int64_t since_ms, before_ms;
};

/* The seed document's name of the service is ours as well. */
const char *world_service_name(const char *name);

/* Finds the windows; FK_ERR_NOT_FOUND: one was not played yet. */
FK_MUST_USE enum fk_err world_find(
    struct world *w, const struct world_span *span, struct fk_diag *diag);
FK_MUST_USE enum fk_err world_look(struct world *w, struct fk_diag *diag);
void world_forget(struct world *w);

#endif
