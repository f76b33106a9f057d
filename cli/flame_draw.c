#include "cli/flame_draw.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/hash.h"

#define WIDTH      1200.0
#define ROW        18
#define HEAD       28
#define CHAR_WIDTH 6.6
#define THINNEST   0.05 /* pixels; thinner calls are not drawn */

/* ---- text ----------------------------------------------------------------
 */

static void add_text(struct fk_buf *out, struct fk_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        switch (c) {
        case '&':
            fk_buf_adds(out, "&amp;");
            break;
        case '<':
            fk_buf_adds(out, "&lt;");
            break;
        case '>':
            fk_buf_adds(out, "&gt;");
            break;
        case '"':
            fk_buf_adds(out, "&quot;");
            break;
        case '\'':
            fk_buf_adds(out, "&#39;");
            break;
        default: /* XML has no way to write control characters */
            fk_buf_addc(out, c < ' ' || c == 0x7f ? ' ' : (char)c);
        }
    }
}

/* Bytes that are no UTF-8 would make the whole file unreadable. */
static struct fk_slice readable(struct fk_slice name)
{
    return fk_slice_utf8(name) ? name : FK_SLICE("[not UTF-8]");
}

/* The first characters that fit, never half of one. */
static struct fk_slice shorten(struct fk_slice name, size_t chars)
{
    size_t at = 0;
    for (size_t n = 0; at < name.len && n < chars; n++) {
        size_t len = fk_utf8_len(name.ptr + at, name.len - at);
        at += len ? len : 1;
    }
    return fk_slice_sub(name, 0, at);
}

static void add_colour(struct fk_buf *out, const struct stacks_node *node)
{
    uint64_t h = fk_hash_bytes(0, node->name.ptr, node->name.len);
    if (node->depth == 0)
        fk_buf_adds(out, "#d8d8d8");
    else /* warm, light enough for black text, the same in every graph */
        fk_buf_printf(out, "hsl(%u,%u%%,%u%%)", (unsigned)(h % 50),
            70 + (unsigned)(h >> 8) % 20, 62 + (unsigned)(h >> 16) % 12);
}

static void add_title(
    struct fk_buf *out, const struct stacks *s, const struct stacks_node *node)
{
    char value[32];
    double whole = s->nodes[0].total ? (double)s->nodes[0].total : 1;
    stacks_value(s, node->total, value, sizeof(value));
    add_text(out, readable(node->name));
    fk_buf_printf(
        out, " (%s, %.2f%%)", value, 100.0 * (double)node->total / whole);
}

/* ---- walking -------------------------------------------------------------
 */

struct place {
    double x, width;
};

typedef void (*draw_fn)(struct fk_buf *out, const struct stacks *s,
    uint32_t node, struct place place);

static double share_of(const struct stacks *s, int64_t value)
{
    int64_t whole = s->nodes[0].total;
    return whole != 0 ? (double)value / (double)whole : 0;
}

/* Depth first, without a recursion that a deep profile could exhaust: the
 * next node is a child, or the sibling of the nearest one that has any. */
static void walk(const struct stacks *s, draw_fn draw, struct fk_buf *out)
{
    double x = 0;
    for (uint32_t i = 0; i != STACKS_NONE;) {
        const struct stacks_node *node = &s->nodes[i];
        double width = i == 0 ? WIDTH : WIDTH * share_of(s, node->total);
        bool drawn = width >= THINNEST;
        if (drawn)
            draw(out, s, i, (struct place){x, width});
        if (drawn && node->first != STACKS_NONE) {
            i = node->first;
            continue;
        }
        x += width;
        while (i != STACKS_NONE && s->nodes[i].next == STACKS_NONE) {
            uint32_t up = s->nodes[i].parent;
            if (up != STACKS_NONE) /* its own time lies behind its calls */
                x += WIDTH * share_of(s, s->nodes[up].self);
            i = up;
        }
        i = i == STACKS_NONE ? STACKS_NONE : s->nodes[i].next;
    }
}

/* ---- SVG -----------------------------------------------------------------
 */

static void draw_svg(
    struct fk_buf *out, const struct stacks *s, uint32_t i, struct place place)
{
    const struct stacks_node *node = &s->nodes[i];
    double y = HEAD + (double)node->depth * ROW;
    fk_buf_adds(out, "<g><title>");
    add_title(out, s, node);
    fk_buf_printf(out,
        "</title><rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" "
        "fill=\"",
        place.x, y, place.width, ROW - 1);
    add_colour(out, node);
    fk_buf_adds(out, "\"/>");
    size_t chars = (size_t)(place.width / CHAR_WIDTH);
    if (chars >= 3) {
        fk_buf_printf(
            out, "<text x=\"%.2f\" y=\"%.0f\">", place.x + 3, y + ROW - 5);
        add_text(out, shorten(readable(node->name), chars - 1));
        fk_buf_adds(out, "</text>");
    }
    fk_buf_adds(out, "</g>\n");
}

void flame_draw_svg(const struct flame_page *page, struct fk_buf *out)
{
    const struct stacks *s = page->stacks;
    unsigned height = HEAD + (s->max_depth + 1) * ROW + 8;
    fk_buf_printf(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
        "height=\"%u\" viewBox=\"0 0 %.0f %u\" font-family=\"monospace\" "
        "font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" "
        "fill=\"#fff\"/>\n<text x=\"4\" y=\"18\" font-size=\"14\">",
        WIDTH, height, WIDTH, height);
    add_text(out, readable(fk_slice_of(page->title)));
    fk_buf_adds(out, "</text>\n");
    walk(s, draw_svg, out);
    fk_buf_adds(out, "</svg>\n");
}

/* ---- HTML ----------------------------------------------------------------
 */

static void draw_html(
    struct fk_buf *out, const struct stacks *s, uint32_t i, struct place place)
{
    const struct stacks_node *node = &s->nodes[i];
    fk_buf_printf(out,
        "<a tabindex=0 data-x=%.4f data-w=%.4f data-d=%u style="
        "\"background:",
        place.x / WIDTH * 100, place.width / WIDTH * 100, node->depth);
    add_colour(out, node);
    fk_buf_adds(out, "\" title=\"");
    add_title(out, s, node);
    fk_buf_adds(out, "\">");
    add_text(out, readable(node->name));
    fk_buf_adds(out, "</a>\n");
}

static const char style[] =
    "body{font:14px system-ui,sans-serif;margin:1em;background:#fff;"
    "color:#111}"
    "#graph{position:relative;overflow:hidden}"
    "#graph a{position:absolute;height:17px;overflow:hidden;white-space:nowrap;"
    "font:11px/17px monospace;color:#000;cursor:pointer;text-indent:3px;"
    "box-sizing:border-box;border-right:1px solid #fff}"
    "#graph a:hover,#graph a:focus{outline:2px solid #00c;z-index:1}"
    "#graph a.hit{background:#b080ff!important}"
    "input{font:inherit;width:20em}";

static const char script[] =
    "'use strict';"
    "const graph=document.getElementById('graph'),"
    "said=document.getElementById('said'),"
    "find=document.getElementById('find'),"
    "all=[...graph.children].map(e=>({e,x:+e.dataset.x,w:+e.dataset.w,"
    "d:+e.dataset.d,n:e.textContent.toLowerCase()}));"
    "let deep=0;for(const r of all)deep=Math.max(deep,r.d);"
    "graph.style.height=(deep+1)*18+'px';"
    "function zoom(to){for(const r of all){"
    "const over=r.x<=to.x+1e-6&&r.x+r.w>=to.x+to.w-1e-6&&r.d<to.d,"
    "in_=r.d>=to.d&&r.x>=to.x-1e-6&&r.x+r.w<=to.x+to.w+1e-6;"
    "r.e.hidden=!(over||in_);"
    "r.e.style.display=over||in_?'':'none';"
    "r.e.style.opacity=over?.5:1;"
    "r.e.style.top=r.d*18+'px';"
    "r.e.style.left=(over?0:(r.x-to.x)/to.w*100)+'%';"
    "r.e.style.width=(over?100:r.w/to.w*100)+'%';}}"
    "function search(){const t=find.value.trim().toLowerCase();"
    "let sum=0,end=-1;"
    "for(const r of all){const hit=t!==''&&r.d>0&&r.n.includes(t);"
    "r.e.classList.toggle('hit',hit);"
    "if(hit&&r.x>=end-1e-6){sum+=r.w;end=r.x+r.w;}}"
    "said.textContent=t?sum.toFixed(2)+'% of all':'';}"
    "for(const r of all){r.e.onclick=()=>zoom(r);"
    "r.e.onkeydown=e=>{if(e.key==='Enter')zoom(r);};}"
    "find.oninput=search;"
    "document.getElementById('whole').onclick=()=>zoom(all[0]);"
    "zoom(all[0]);";

void flame_draw_html(const struct flame_page *page, struct fk_buf *out)
{
    fk_buf_adds(out,
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
        "<meta http-equiv=Content-Security-Policy content=\"default-src "
        "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
        "<title>");
    add_text(out, readable(fk_slice_of(page->title)));
    fk_buf_printf(out, "</title>\n<style>%s</style>\n<h1>", style);
    add_text(out, readable(fk_slice_of(page->title)));
    fk_buf_adds(out,
        "</h1>\n<p><label>Search <input id=find type=search></label> "
        "<button id=whole>Whole graph</button> <output id=said></output></p>\n"
        "<div id=graph>\n");
    walk(page->stacks, draw_html, out);
    fk_buf_printf(out, "</div>\n<script>%s</script>\n</html>\n", script);
}
