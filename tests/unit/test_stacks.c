/* Profile files as trees, tables and pictures. */
#include "cli/stacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/flame_draw.h"
#include "cli/kit.h"
#include "tests/tap.h"

static enum fk_err read_text(
    struct stacks *s, const char *text, struct fk_diag *diag)
{
    char path[] = "/tmp/flamekit-test-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK_INT(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    *diag = (struct fk_diag){""};
    enum fk_err err = stacks_read(s, path, NULL, diag);
    unlink(path);
    return err;
}

TEST(recursion_counts_once_a_stack)
{
    struct stacks s;
    struct fk_diag diag;
    size_t n;
    CHECK_INT(read_text(&s, "main;f;f;g 3\nmain;f 2\nmain 1\n", &diag), FK_OK);
    struct stacks_row *rows = stacks_rows(&s, &n);
    CHECK_INT(n, 3);
    CHECK(fk_slice_eqz(rows[0].name, "g"));
    CHECK(fk_slice_eqz(rows[1].name, "f"));
    CHECK_INT(rows[1].self, 2);
    CHECK_INT(rows[1].total, 5);
    CHECK_INT(rows[2].total, 6);
    stacks_fini(&s);
}

TEST(files_that_are_none_are_refused)
{
    static const char *const bad[] = {"main", "main;f x\n", " 3\n",
        "main 99999999999999999999\n", "\x01\x02\x03", "\x1f\x8b\x08"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct stacks s;
        struct fk_diag diag;
        CHECK(read_text(&s, bad[i], &diag) != FK_OK);
        CHECK(diag.text[0] != '\0');
        stacks_fini(&s);
    }
}

static void draw_has(const char *text, const char *want, bool there)
{
    struct stacks s;
    struct fk_diag diag;
    struct fk_buf svg, html;
    fk_buf_init(&svg, 1 << 20);
    fk_buf_init(&html, 1 << 20);
    CHECK_INT(read_text(&s, text, &diag), FK_OK);
    const struct flame_page page = {&s, "title"};
    flame_draw_svg(&page, &svg);
    flame_draw_html(&page, &html);
    fk_buf_addc(&svg, '\0');
    fk_buf_addc(&html, '\0');
    CHECK_INT(strstr(svg.ptr, want) != NULL, there);
    CHECK_INT(strstr(html.ptr, want) != NULL, there);
    fk_buf_fini(&svg);
    fk_buf_fini(&html);
    stacks_fini(&s);
}

TEST(names_in_pictures_are_text)
{
    draw_has(
        "main;<b>&\"' 5\n", "&lt;b&gt;&amp;&quot;&#39; (5, 100.00%)", true);
    draw_has("main;<b> 5\n", "<b>", false);
    draw_has("main;\x80\xff 5\n", "\x80", false);
}

TEST(an_empty_file_is_an_empty_picture)
{
    draw_has("", "all (0, 0.00%)", true);
}

TAP_MAIN
