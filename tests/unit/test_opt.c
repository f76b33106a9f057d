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

/* ---- Go's habits, files, showing ----------------------------------------- */

static int64_t window_ns;
static bool many;

static const struct fk_opt dotted[] = {
    {"window", 'w', "FKT_WINDOW", FK_OPT_PERIOD, &window_ns, 0, 0, "TIME",
        "How long."},
    {"validation.window", 0, NULL, FK_OPT_PERIOD, &window_ns, 0, 0, "TIME",
        "The same."},
    {"auth.many", 0, NULL, FK_OPT_FLAG, &many, 0, 0, NULL, "Several."},
    {"tag", 't', NULL, FK_OPT_LIST, &tags, 0, 0, "K=V", "A label."},
    {"listen", 'l', NULL, FK_OPT_STRING, &listen_at, 0, 0, "A", "Where."},
    {0},
};

TEST(dotted_names_take_one_dash_and_flags_a_value)
{
    static const struct {
        const char *word, *value;
        int64_t ns;
        bool many;
    } rows[] = {
        {"-validation.window=1h", NULL, 3600000000000, false},
        {"--validation.window", "off", 0, false},
        {"-w", "1s", 1000000000, false},
        {"-auth.many", NULL, 7, true},
        {"-auth.many=true", NULL, 7, true},
        {"--auth.many=false", NULL, 7, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char program[] = "prog", word[64], value[16];
        char *argv[] = {program, word, rows[i].value ? value : NULL, NULL};
        snprintf(word, sizeof word, "%s", rows[i].word);
        snprintf(value, sizeof value, "%s", rows[i].value ? rows[i].value : "");
        window_ns = 7;
        many = false;
        CHECK_INT(fk_opt_parse(dotted, rows[i].value ? 3 : 2, argv, "prog",
                      &first_arg, &diag),
            FK_OK);
        CHECK_INT(window_ns, rows[i].ns);
        CHECK_INT(many, rows[i].many);
    }
}

TEST(a_second_name_wins_over_the_environment_too)
{
    char program[] = "prog", word[] = "--validation.window=1s";
    char *argv[] = {program, word, NULL};
    setenv("FKT_WINDOW", "5s", 1);
    CHECK_INT(fk_opt_parse(dotted, 2, argv, "prog", &first_arg, &diag), FK_OK);
    CHECK_INT(window_ns, 1000000000);
}

TEST(a_file_sets_what_is_left_open)
{
    char text[] = "# settings\n---\n\nwindow: 2m   # comment\n"
                  "auth.many: true\r\ntag: a=b,c=d\nlisten: \"x: # y\"\n";
    CHECK_INT(fk_opt_read(dotted, text, "f", &diag), FK_OK);
    CHECK_INT(window_ns, 120000000000);
    CHECK(many);
    CHECK_INT(tags.count, 2);
    CHECK_STR(tags.item[1], "c=d");
    CHECK_STR(listen_at, "x: # y");
}

TEST(a_bad_file_names_the_line)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"a", "f line 1: 'a' is not `name: value`"},
        {"\nwindo: 1", "f line 2: 'windo' is no option; --help lists them"},
        {"window: soon",
            "f line 1: window wants a time such as 30s, 5m or 1h30m, or off, "
            "not 'soon'"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", rows[i].text);
        diag.text[0] = '\0';
        CHECK_INT(fk_opt_read(dotted, text, "f", &diag), FK_ERR_ARG);
        CHECK_STR(diag.text, rows[i].why);
    }
}

TEST(what_is_shown_reads_back)
{
    struct fk_buf out;
    fk_buf_init(&out, 4096);
    window_ns = 90000000000;
    many = true;
    listen_at = "a:1";
    tags = (struct fk_opt_list){{"a=b", "c"}, 2};
    for (const struct fk_opt *o = dotted; o->name; o++) {
        if (fk_opt_alias(dotted, o))
            continue;
        fk_buf_printf(&out, "%s: ", o->name);
        fk_opt_show(o, &out);
        fk_buf_addc(&out, '\n');
    }
    CHECK_STR(out.ptr, "window: 90s\nauth.many: true\ntag: \"a=b,c\"\n"
                       "listen: \"a:1\"\n");
    window_ns = 0;
    CHECK_INT(fk_opt_read(dotted, out.ptr, "f", &diag), FK_OK);
    CHECK_INT(window_ns, 90000000000);
    fk_buf_fini(&out);
}

TAP_MAIN
