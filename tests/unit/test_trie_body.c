#include "server/trie_body.h"

#include "common/buf.h"
#include "tests/tap.h"

/* Writes what it sees as "a;b=2 ". */
static enum fk_err show(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    struct fk_buf *out = arg;

    for (size_t i = 0; i < n; i++)
        fk_buf_printf(
            out, "%s" FK_SLICE_FMT, i ? ";" : "", FK_SLICE_ARG(frames[i]));
    fk_buf_printf(out, "=%lld ", (long long)count);
    return FK_OK;
}

#define BODY(literal) FK_SLICE(literal)
#define ROOT          "\0\0\1"

TEST(both_forms_give_the_stacks_that_were_written)
{
    struct {
        stacks_read_fn read;
        struct fk_slice body;
        const char *want;
    } good[] = {
        {trie_body_read,
            BODY(ROOT "\6foo;ba\0\2"
                      "\1r\2\0"
                      "\1z\3\0"),
            "foo;bar=2 foo;baz=3 "},
        {tree_body_read,
            BODY(ROOT "\3foo\0\2"
                      "\3bar\2\0"
                      "\3baz\3\0"),
            "foo;bar=2 foo;baz=3 "},
        {trie_body_read,
            BODY(ROOT "\1a\1\1"
                      "\2;b\2\0"),
            "a=1 a;b=2 "},
        {tree_body_read,
            BODY(ROOT "\1a\1\1"
                      "\1b\2\0"),
            "a=1 a;b=2 "},
        {trie_body_read, BODY("\0\0\0"), ""},
        {tree_body_read, BODY("\0\5\0"), ""},
        {trie_body_read, BODY(ROOT "\2;;\7\0"), ""},
        {tree_body_read,
            BODY("\0\0\2"
                 "\1a\0\1"
                 "\1b\1\0"
                 "\1c\1\0"),
            "a;b=1 c=1 "},
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct fk_buf out;
        struct fk_diag diag = {{0}};
        fk_buf_init(&out, 4096);
        CHECK_INT(good[i].read(good[i].body, show, &out, &diag), FK_OK);
        CHECK_STR(out.ptr ? out.ptr : "", good[i].want);
        fk_buf_fini(&out);
    }
}

TEST(a_body_that_is_cut_or_wrong_is_refused_by_node_and_byte)
{
    struct {
        struct fk_slice body;
        const char *where;
    } rows[] = {
        {BODY(""), "node 0 (byte 0): the body ends where the length"},
        {BODY("\0"), "node 0 (byte 1): the body ends where the value"},
        {BODY("\0\0"), "node 0 (byte 2): the body ends where the number"},
        {BODY(ROOT), "node 1 (byte 3)"},
        {BODY(ROOT "\5ab"), "node 1 (byte 4): the body ends inside"},
        {BODY("\0\0\0x"), "node 1 (byte 3): bytes follow"},
        {BODY("\0\0\x81\x7d"), "node 0 (byte 4): it has more than 16000"},
        {BODY("\x80\x80\4"), "node 0 (byte 3): the name is longer"},
        {BODY("\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\1\0"),
            "node 0 (byte 11): the value"},
        {BODY(ROOT "\1\xff\1\0"), "node 1 (byte 7): a name on the way"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const stacks_read_fn readers[] = {trie_body_read, tree_body_read};
        for (size_t k = 0; k < 2; k++) {
            struct fk_buf out;
            struct fk_diag diag = {{0}};
            fk_buf_init(&out, 4096);
            CHECK_INT(
                readers[k](rows[i].body, show, &out, &diag), FK_ERR_FORMAT);
            diag.text[strlen(rows[i].where)] = '\0';
            CHECK_STR(diag.text, rows[i].where);
            fk_buf_fini(&out);
        }
    }
}

TEST(depth_is_bounded)
{
    static char body[(TRIE_BODY_MAX_DEPTH + 1) * 4];
    const stacks_read_fn readers[] = {trie_body_read, tree_body_read};

    for (size_t i = 0; i < sizeof(body); i += 4)
        memcpy(body + i, "\1a\0\1", 4);
    for (size_t k = 0; k < 2; k++) {
        struct fk_diag diag = {{0}};
        CHECK_INT(readers[k](
                      (struct fk_slice){body, sizeof(body)}, show, NULL, &diag),
            FK_ERR_FORMAT);
        CHECK(strstr(diag.text, "deeper than 2000"));
    }
}

static enum fk_err refuse(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    (void)frames, (void)n, (void)count;
    ++*(int *)arg;
    return FK_ERR_CANCELLED;
}

TEST(the_reader_of_stacks_may_stop_it)
{
    int calls = 0;

    CHECK_INT(tree_body_read(BODY(ROOT "\1a\1\1"
                                       "\1b\2\0"),
                  refuse, &calls, NULL),
        FK_ERR_CANCELLED);
    CHECK_INT(calls, 1);
}

TAP_MAIN
