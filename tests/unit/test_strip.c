#include "server/strip/strip.h"

#include "tests/tap.h"

typedef enum fk_err strip_fn(
    struct fk_slice text, struct fk_buf *out, struct fk_diag *diag);

static void check(strip_fn *strip, const char *text, const char *want)
{
    struct fk_buf out;
    struct fk_diag diag = {{0}};

    fk_buf_init(&out, 4096);
    CHECK_INT(strip(fk_slice_of(text), &out, &diag), FK_OK);
    CHECK_STR(out.ptr ? out.ptr : "", want);
    CHECK_STR(diag.text, "");
    fk_buf_fini(&out);
}

TEST(strip_leaves_of_a_module_what_it_means)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"\n  // nothing but words\n/* and\nmore */\n", ""},
        /* gaps: between words one space, at the end of a statement one line */
        {"const  a  =  1;\n\n  let b = a;\n", "const a=1;let b=a;"},
        {"a = b\nc = d", "a=b\nc=d"},
        {"a = b // why\nc", "a=b\nc"},
        {"a /* one */ b", "a b"},
        {"f(\n  a,\n  b,\n);\n", "f(a,b,);"},
        {"if (a) {\n  b();\n}\nc();", "if(a){b();}\nc();"},
        {"return\nvalue", "return\nvalue"},
        {"a\n++b", "a\n++b"},
        {"p\n  .then(q)\n  .catch(r)", "p.then(q).catch(r)"},
        {"a ?\n  b :\n  c", "a?b:c"},
        {"class A {\n  #x = 1;\n  static y() {}\n}",
            "class A{#x=1;static y(){}}"},
        /* signs that would become another one */
        {"a + +b - -c", "a+ +b- -c"},
        {"a + b++ + c", "a+b++ +c"},
        {"a / /b/.c", "a/ /b/.c"},
        {"x => ({})", "x=>({})"},
        /* inside of strings, templates and patterns nothing changes */
        {"a = \"x  // y\" + ' \\' /* z */'", "a=\"x  // y\"+' \\' /* z */'"},
        {"`a  b // c`", "`a  b // c`"},
        {"`a  ${ b + `  ${ c } ` } d  ${ {e: {}} }`",
            "`a  ${b+`  ${c} `} d  ${{e:{}}}`"},
        {"`\\` \\${ x `", "`\\` \\${ x `"},
        {"a = /[/]  \"\\/ /g.test(b)", "a=/[/]  \"\\/ /g.test(b)"},
        {"return /a  b/", "return/a  b/"},
        {"a / b / c", "a/b/c"},
        {"(a) / b / c", "(a)/b/c"},
        {"[/ x/, y]", "[/ x/,y]"},
        {"import { a } from \"./b.js\";", "import{a}from\"./b.js\";"},
        {"grüße  in  straße", "grüße in straße"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(strip_js, rows[i][0], rows[i][1]);
}

TEST(strip_leaves_of_a_style_what_it_means)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"/* why */ a  {\n  color: red;\n}\n", "a{color:red;}"},
        {"a,\nb > c {\n}", "a,b>c{}"},
        {"a :hover b", "a :hover b"},
        {"a\n:hover\nb", "a\n:hover\nb"},
        {"a { width: calc(1px + (2px - 3px)) }",
            "a{width:calc(1px + (2px - 3px))}"},
        {"a { margin: 0 -1px; color: red !important }",
            "a{margin:0 -1px;color:red!important}"},
        {"@media (min-width: 1px) and (max-width: 2px) { }",
            "@media (min-width:1px) and (max-width:2px){}"},
        {"a::after { content: \"  /* x */ \"; }",
            "a::after{content:\"  /* x */ \";}"},
        {"a { font: 14px/1.45 b }", "a{font:14px/1.45 b}"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(strip_css, rows[i][0], rows[i][1]);
}

TEST(strip_names_what_has_no_end)
{
    static const struct {
        strip_fn *strip;
        const char *text, *want;
    } rows[] = {
        {strip_js, "a\n/* b", "line 2: the comment that begins here"},
        {strip_js, "a = \"b\nc\"", "line 1: the string that begins here"},
        {strip_js, "a = \"b\\", "line 1: the string that begins here"},
        {strip_js, "\n\n= /b\n/", "line 3: the regular expression that"},
        {strip_js, "a = `b", "line 1: the template that begins here"},
        {strip_js, "a = `b ${ c", "line 1: the template that begins here"},
        {strip_js, "`${`${`${`${`${`${`${`${`${`${`${`${`${`${`${`${`${",
            "line 1: the nest of templates that begins here"},
        {strip_css, "/* b", "line 1: the comment that begins here"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_buf out;
        struct fk_diag diag = {{0}};
        fk_buf_init(&out, 4096);
        CHECK_INT(rows[i].strip(fk_slice_of(rows[i].text), &out, &diag),
            FK_ERR_FORMAT);
        CHECK(
            fk_slice_starts(fk_slice_of(diag.text), fk_slice_of(rows[i].want)));
        fk_buf_fini(&out);
    }
}

TEST(strip_stops_at_the_buffers_limit)
{
    struct fk_buf out;
    struct fk_diag diag = {{0}};

    fk_buf_init(&out, 4);
    CHECK_INT(strip_js(FK_SLICE("a; b; c; d"), &out, &diag), FK_ERR_LIMIT);
    fk_buf_fini(&out);
}

TAP_MAIN
