#include "common/opt.h"
#include "tests/tap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool verbose;
static const char *listen_at;
static long workers;
static int64_t every_ns;
static struct fk_opt_list tags;

static const struct fk_opt opts[] = {
    {"verbose", 'v', "FKT_VERBOSE", FK_OPT_FLAG, &verbose, 0, 0, NULL,
        "Say more."},
    {"listen", 'l', "FKT_LISTEN", FK_OPT_STRING, &listen_at, 0, 0, "ADDR:PORT",
        "Where to serve."},
    {"workers", 0, "FKT_WORKERS", FK_OPT_INT, &workers, 1, 64, "N",
        "How many threads."},
    {"every", 'e', NULL, FK_OPT_DURATION, &every_ns, 0, 0, "TIME",
        "How often."},
    {"tag", 't', "FKT_TAGS", FK_OPT_LIST, &tags, 0, 0, "K=V", "A label."},
    {0},
};

static struct fk_diag diag;
static int first_arg;

static enum fk_err parse(const char *words)
{
    static char text[4096];
    char *argv[512] = {(char[]){"bin/prog"}};
    int argc = 1;
    snprintf(text, sizeof text, "%s", words);
    for (char *at = text, *word; (word = strsep(&at, " "));)
        if (*word)
            argv[argc++] = word;
    listen_at = "default";
    workers = 2;
    every_ns = 5;
    verbose = false;
    tags.count = 0;
    first_arg = -1;
    diag.text[0] = '\0';
    return fk_opt_parse(opts, argc, argv, "prog [options]", &first_arg, &diag);
}

TEST(defaults_stay)
{
    CHECK_INT(parse(""), FK_OK);
    CHECK_STR(listen_at, "default");
    CHECK_INT(workers, 2);
    CHECK_INT(first_arg, 1);
}

TEST(every_kind_from_the_command_line)
{
    CHECK_INT(parse("-v --listen=:80 --workers 8 -e 1m -t a=b --tag c=d x -v"),
        FK_OK);
    CHECK(verbose);
    CHECK_STR(listen_at, ":80");
    CHECK_INT(workers, 8);
    CHECK_INT(every_ns, 60000000000);
    CHECK_INT(tags.count, 2);
    CHECK_STR(tags.item[1], "c=d");
    CHECK_INT(first_arg, 11);
}

TEST(parsing_stops_at_the_first_argument)
{
    CHECK_INT(parse("run --workers 99999"), FK_OK);
    CHECK_INT(first_arg, 1);
    CHECK_INT(workers, 2);
    CHECK_INT(parse("-v -- --verbose"), FK_OK);
    CHECK_INT(first_arg, 3);
}

TEST(the_environment_fills_what_is_open)
{
    setenv("FKT_LISTEN", "env:1", 1);
    setenv("FKT_WORKERS", "7", 1);
    setenv("FKT_VERBOSE", "yes", 1);
    setenv("FKT_TAGS", "a=1,b=2", 1);
    CHECK_INT(parse("--workers 9"), FK_OK);
    CHECK_STR(listen_at, "env:1");
    CHECK_INT(workers, 9);
    CHECK(verbose);
    CHECK_INT(tags.count, 2);
    CHECK_STR(tags.item[0], "a=1");
    CHECK_STR(tags.item[1], "b=2");
}

TEST(the_command_line_wins)
{
    setenv("FKT_LISTEN", "env:1", 1);
    setenv("FKT_TAGS", "a=1,b=2", 1);
    CHECK_INT(parse("--listen argv:2 -t only=this"), FK_OK);
    CHECK_INT(tags.count, 1);
    CHECK_STR(tags.item[0], "only=this");
    CHECK_STR(listen_at, "argv:2");
}

TEST(an_empty_variable_is_no_value)
{
    setenv("FKT_LISTEN", "", 1);
    setenv("FKT_VERBOSE", "off", 1);
    CHECK_INT(parse(""), FK_OK);
    CHECK_STR(listen_at, "default");
    CHECK(!verbose);
}

TEST(errors_name_the_option_and_what_it_wants)
{
    static const struct {
        const char *words, *said;
    } rows[] = {
        {"--workers 0", "--workers wants a whole number from 1 to 64, not '0'"},
        {"--workers 65",
            "--workers wants a whole number from 1 to 64, not '65'"},
        {"--workers 8x",
            "--workers wants a whole number from 1 to 64, not '8x'"},
        {"-e 5", "--every wants a time such as 30s, 5m or 1h30m, not '5'"},
        {"--nope", "--nope is not an option of prog; see prog --help"},
        {"-v -x", "-x is not an option of prog; see prog --help"},
        {"--listen", "--listen needs a value; see prog --help"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(parse(rows[i].words), FK_ERR_ARG);
        CHECK_STR(diag.text, rows[i].said);
        CHECK_INT(first_arg, -1);
    }
}

TEST(errors_in_the_environment_name_the_variable)
{
    setenv("FKT_VERBOSE", "perhaps", 1);
    CHECK_INT(parse(""), FK_ERR_ARG);
    CHECK_STR(diag.text, "$FKT_VERBOSE wants true or false, not 'perhaps'");
}

TEST(a_list_has_a_limit)
{
    char words[512] = "";
    size_t n = 0;
    for (int i = 0; i < 65; i++)
        n += (size_t)snprintf(words + n, sizeof words - n, "-t %c ", 'a');
    CHECK_INT(parse(words), FK_ERR_ARG);
    CHECK_STR(diag.text, "--tag wants at most 64 values, not 'a'");
}

/* Runs parse(words) with stdout in a pipe. */
static const char *printed(const char *words)
{
    static char text[4096];
    int ends[2], keep = dup(STDOUT_FILENO);
    CHECK(pipe(ends) == 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    enum fk_err err = parse(words);
    fflush(stdout);
    dup2(keep, STDOUT_FILENO);
    close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    CHECK_INT(err, FK_ERR_CANCELLED);
    return text;
}

TEST(help_is_the_table)
{
    const char *help = printed("--help");
    CHECK(strstr(help, "usage: prog [options]\n"));
    CHECK(strstr(help, "-l, --listen ADDR:PORT"));
    CHECK(strstr(help, "Where to serve. [$FKT_LISTEN]"));
    CHECK(strstr(help, "--workers N"));
    CHECK(strstr(help, "--version"));
}

TEST(version_names_the_program_even_in_a_broken_environment)
{
    setenv("FKT_VERBOSE", "perhaps", 1);
    CHECK_STR(printed("--version"), "prog " FK_VERSION "\n");
}

TAP_MAIN
