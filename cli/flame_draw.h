/*
 * A flame graph as one self-contained file that uses no network: SVG, or HTML
 * with zoom and search. Names of a profile are data: they are escaped
 * wherever they go.
 */
#ifndef CLI_FLAME_DRAW_H
#define CLI_FLAME_DRAW_H

#include "cli/stacks.h"

struct flame_page {
    const struct stacks *stacks;
    const char *title;
};

/* Errors: out->err. */
void flame_draw_svg(const struct flame_page *page, struct fk_buf *out);
void flame_draw_html(const struct flame_page *page, struct fk_buf *out);

#endif
