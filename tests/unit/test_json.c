#include "common/json.h"
#include "tests/tap.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fk_buf out;
static struct fk_json j;

static void start(void)
{
    fk_buf_init(&out, 1 << 16);
    fk_json_init(&j, &out);
}

static void check_text(const char *want)
{
    CHECK_STR(out.ptr, want);
    fk_buf_fini(&out);
}

TEST(commas_come_by_themselves)
{
    start();
    fk_json_object(&j);
    fk_json_key(&j, "empty");
    fk_json_array(&j);
    fk_json_end(&j);
    fk_json_key(&j, "list");
    fk_json_array(&j);
    fk_json_i64(&j, 1);
    fk_json_object(&j);
    fk_json_end(&j);
    fk_json_array(&j);
    fk_json_null(&j);
    fk_json_end(&j);
    fk_json_bool(&j, true);
    fk_json_end(&j);
    fk_json_key_slice(&j, FK_SLICE("last"));
    fk_json_raw(&j, FK_SLICE("{\"x\":1}"));
    fk_json_end(&j);
    check_text("{\"empty\":[],\"list\":[1,{},[null],true],"
               "\"last\":{\"x\":1}}");
}

TEST(integers_at_the_edges)
{
    start();
    fk_json_array(&j);
    fk_json_i64(&j, INT64_MIN);
    fk_json_i64(&j, INT64_MAX);
    fk_json_u64(&j, UINT64_MAX);
    fk_json_i64_str(&j, -1);
    fk_json_i64_str(&j, 9007199254740993);
    fk_json_i64(&j, 0);
    fk_json_end(&j);
    check_text("[-9223372036854775808,9223372036854775807,"
               "18446744073709551615,\"-1\",\"9007199254740993\",0]");
}

TEST(doubles_read_back_equal)
{
    start();
    fk_json_array(&j);
    fk_json_double(&j, 0.1);
    fk_json_double(&j, 3);
    fk_json_double(&j, 1.0 / 3);
    fk_json_double(&j, -2.5e-300);
    fk_json_double(&j, NAN);
    fk_json_double(&j, -INFINITY);
    fk_json_end(&j);
    check_text("[0.1,3,0.3333333333333333,-2.5e-300,null,null]");
}

TEST(strings_are_escaped)
{
    static const struct {
        struct fk_slice in;
        const char *want;
    } rows[] = {
        {{"plain", 5}, "\"plain\""},
        {{NULL, 0}, "\"\""},
        {{"a\"b\\c", 5}, "\"a\\\"b\\\\c\""},
        {{"\n\r\t\b\0", 5}, "\"\\n\\r\\t\\u0008\\u0000\""},
        {{"\x7F", 1}, "\"\\u007f\""},
        {{"\xC3\xA4", 2}, "\"\xC3\xA4\""},
        {{"\xFFx", 2}, "\"\xEF\xBF\xBDx\""},
        {{"a\xC3", 2}, "\"a\xEF\xBF\xBD\""},
        {{"\xED\xA0\x80", 3}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {{"</script>", 9}, "\"</script>\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        start();
        fk_json_str(&j, rows[i].in);
        check_text(rows[i].want);
    }
}

TEST(depth_is_32)
{
    start();
    for (int i = 0; i < 32; i++)
        fk_json_array(&j);
    for (int i = 0; i < 32; i++)
        fk_json_end(&j);
    CHECK_INT(out.len, 64);
    CHECK_INT(j.depth, 0);
    fk_buf_fini(&out);
}

static void too_deep(void)
{
    for (int i = 0; i < 33; i++)
        fk_json_array(&j);
}

static void value_without_key(void)
{
    fk_json_object(&j);
    fk_json_i64(&j, 1);
}

static void key_in_array(void)
{
    fk_json_array(&j);
    fk_json_key(&j, "k");
}

static void key_without_value(void)
{
    fk_json_object(&j);
    fk_json_key(&j, "k");
    fk_json_end(&j);
}

static void end_of_nothing(void)
{
    fk_json_end(&j);
}

TEST(nesting_mistakes_abort)
{
    static void (*const mistakes[])(void) = {too_deep, value_without_key,
        key_in_array, key_without_value, end_of_nothing};
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (!pid) {
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            start();
            mistakes[i]();
            _exit(0);
        }
        int status;
        CHECK(waitpid(pid, &status, 0) == pid);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
            tap_fail(__FILE__, __LINE__, "mistake %zu was not caught", i);
    }
}

TAP_MAIN
