/* docs/config.md holds the tables that the server's options print. With
 * WRITE_DOCS=1 it is written instead. */
#include "server/server.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE  "docs/config.md"
#define BEGIN "<!-- options: begin -->\n"
#define END   "<!-- options: end -->\n"

static char page[1 << 16];

TEST(the_page_is_what_the_options_say)
{
    struct fk_buf want;
    FILE *f = fopen(PAGE, "re");
    CHECK(f);
    page[fread(page, 1, sizeof page - 1, f)] = '\0';
    fclose(f);
    char *begin = strstr(page, BEGIN), *end = strstr(page, END);
    CHECK(begin && end && begin < end);
    begin += strlen(BEGIN);
    fk_buf_init(&want, sizeof page);
    options_document(&want);
    CHECK_INT(want.err, FK_OK);
    if (getenv("WRITE_DOCS")) {
        f = fopen(PAGE, "we");
        CHECK(f);
        fwrite(page, 1, (size_t)(begin - page), f);
        fwrite(want.ptr, 1, want.len, f);
        fputs(end, f);
        fclose(f);
        tap_skip("the page was written");
    }
    *end = '\0';
    CHECK_STR(begin, want.ptr);
    fk_buf_fini(&want);
}

TEST(what_is_printed_reads_back)
{
    struct server_options o, again;
    struct fk_opt table[OPTIONS_MAX_ROWS];
    struct fk_buf first, second;
    struct fk_diag diag = {""};
    fk_buf_init(&first, 1 << 16);
    fk_buf_init(&second, 1 << 16);
    options_init(&o);
    o.multitenancy = true;
    o.live.limits.rate_mb = 7;
    o.retention_ns = 0;
    o.live.allow_host = (struct fk_opt_list){{"a.example", "b.example"}, 2};
    options_print(&o, &first);
    char *text = strdup(first.ptr);
    CHECK(text);
    options_init(&again);
    options_table(&again, table);
    if (fk_opt_read(table, text, "config", &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
    options_print(&again, &second);
    CHECK_STR(second.ptr, first.ptr);
    fk_buf_fini(&first);
    fk_buf_fini(&second);
    free(text);
}

TAP_MAIN
