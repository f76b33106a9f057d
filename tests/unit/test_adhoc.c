/* Files for ad hoc looks: how each format becomes a tree. */
#include "server/adhoc.h"
#include "server/perf_script.h"
#include "tests/tap.h"
#include "tests/unit/folded.h"

#include <stdlib.h>

static struct fk_arena arena;
static struct fk_diag diag;

/* The tree of a type as folded text, or "error: why". */
static const char *show(const char *name, struct fk_slice bytes, const char *of)
{
    static struct fk_buf out;
    struct adhoc a;
    struct tree t;
    uint32_t type = 0;
    diag.text[0] = '\0';
    fk_buf_fini(&out);
    fk_buf_init(&out, 1 << 16);
    fk_arena_init(&arena, 64 << 20);
    CHECK_INT(tree_init(&t), FK_OK);
    enum fk_err err = adhoc_open(&a, fk_slice_of(name), bytes, &arena, &diag);
    if (!err)
        err = adhoc_find(&a, fk_slice_of(of), &type, &diag);
    if (!err)
        err = adhoc_tree(&a, type, TREE_LEFT, &t, &diag);
    if (!err)
        err = tree_finish(&t);
    if (err)
        fk_buf_printf(&out, "error: %s", diag.text);
    else
        folded_write(&t, TREE_LEFT, &out);
    tree_fini(&t);
    adhoc_close(&a);
    fk_arena_fini(&arena);
    return out.len ? out.ptr : "";
}

static const char *show_text(const char *name, const char *text)
{
    return show(name, fk_slice_of(text), "");
}

#define PERF                                                                   \
    "# captured on: x\n"                                                       \
    "web server 4711 [001] 12.5:     250000 cycles:u: \n"                      \
    "\t    4f3e20 work(int)+0x12 (/usr/bin/app)\n"                             \
    "\t    4f3e00 main+0x1 (/usr/bin/app)\n"                                   \
    "\n"                                                                       \
    "web server 4711/4712 12.6: cycles: \n"                                    \
    "\t  7f001122 [unknown] (/lib/libc.so.6)\n"                                \
    "\t    4f3e00 main (/usr/bin/app)\n"

TEST(perf_script)
{
    CHECK_STR(show_text("x.txt", PERF),
        "web server;main;libc.so.6 1\nweb server;main;work(int) 1\n");
    CHECK(perf_script_is(FK_SLICE(PERF)));
    CHECK(!perf_script_is(FK_SLICE("main;work 3\n")));
    CHECK(!perf_script_is(FK_SLICE("")));
    CHECK_STR(show_text("x.perf_script", "main;work 3"),
        "error: line 1 is neither the head of a sample nor a frame of perf "
        "script");
    CHECK_STR(show_text("x.perf_script", PERF "\nwork 3"),
        "error: line 10 is neither the head of a sample nor a frame of perf "
        "script");
}

TEST(folded_text)
{
    CHECK_STR(show_text("x.txt", "a;b 1\na;b 2\na 4\n"), "a 4\na;b 3\n");
    CHECK_STR(show_text("x.collapsed", "{;b 1\n"), "{;b 1\n");
    CHECK_STR(show_text("x", ""), "error: the file is empty");
}

#define GRAPH(levels)                                                          \
    "{\"version\":1,\"flamebearer\":{\"names\":[\"total\",\"a\",\"b\",\"c\"]," \
    "\"levels\":" levels ",\"numTicks\":7,\"maxSelf\":4},\"metadata\":{"       \
    "\"format\":\"single\",\"name\":\"cpu\",\"units\":\"samples\"}}"

TEST(flame_graphs)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {GRAPH("[[0,7,0,0],[0,7,1,1],[1,2,2,2,0,4,4,3]]"),
            "a 1\na;b 2\na;c 4\n"},
        {GRAPH("[[0,0,0,0]]"), ""},
        {GRAPH("[]"), ""},
        {GRAPH("[[0,7,0,0],[0,7,1]]"),
            "error: level 1 of the flame graph: its length is no multiple of "
            "4"},
        {GRAPH("[[0,7,0,0],[0,8,1,1]]"),
            "error: level 1 of the flame graph: a node is not under one of "
            "the level above"},
        {GRAPH("[[0,7,0,0],[0,7,1,4]]"),
            "error: level 1 of the flame graph: a node has a name that is "
            "not there"},
        {GRAPH("[[0,7,0,0],[0,7,-1,1]]"),
            "error: level 1 of the flame graph: a value is no whole number "
            "of 0 or more"},
        {GRAPH("[[0,9223372036854775807,0,0,1,1,1,1]]"),
            "error: level 0 of the flame graph: the values are too large"},
        {"{}", "error: the JSON has no member \"flamebearer\": it is no flame "
               "graph"},
        {"{\"metadata\":{\"format\":\"double\"}}",
            "error: the flame graph is a comparison (format \"double\"); "
            "only single ones can be read"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_STR(show_text("x.json", rows[i].text), rows[i].want);
}

TEST(pprof_with_several_types)
{
    struct fk_pprof_writer w;
    const int64_t values[] = {2, 20};
    struct fk_pprof_frame frames[2] = {
        {.name = FK_SLICE("leaf")}, {.name = FK_SLICE("root")}};
    fk_pprof_writer_init(&w, 1 << 20);
    fk_pprof_add_type(&w, FK_SLICE("samples"), FK_SLICE("count"));
    fk_pprof_add_type(&w, FK_SLICE("cpu"), FK_SLICE("nanoseconds"));
    fk_pprof_add_sample(&w, frames, 2, values, 2, NULL, 0);
    const struct fk_pprof_type period = {{0}, {0}};
    CHECK_INT(fk_pprof_finish(&w, 1, 1, period, 1, FK_SLICE("cpu")), FK_OK);
    struct fk_slice bytes = fk_buf_slice(&w.body);
    CHECK_STR(show("x", bytes, ""), "root;leaf 20\n");
    CHECK_STR(show("x.txt", bytes, "samples"), "root;leaf 2\n");
    CHECK_STR(show("x", bytes, "other"),
        "error: the file has no profile of type \"other\"");
    fk_pprof_writer_fini(&w);
    CHECK(strstr(show_text("x.pprof", "no pprof"), "error: "));
}

TEST(speedscope_in_whole_nanoseconds)
{
    CHECK_STR(show_text("x.json",
                  "{\"$schema\":\"https://www.speedscope.app/"
                  "file-format-schema.json\",\"shared\":{\"frames\":[{\"name\":"
                  "\"a\"},{\"name\":\"b\"}]},\"profiles\":[{\"type\":"
                  "\"sampled\",\"name\":\"p\",\"unit\":\"milliseconds\","
                  "\"startValue\":0,\"endValue\":1,\"samples\":[[0,1]],"
                  "\"weights\":[0.5]}]}"),
        "a;b 500000\n");
}

TAP_MAIN
