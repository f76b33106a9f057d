#include "common/opt.h"

#include "common/check.h"
#include "common/clock.h"
#include "common/slice.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* getopt_long answers FIRST_ROW + the row's number, for letters too. */
enum { MAX_ROWS = 64, OPT_HELP = 500, OPT_VERSION, FIRST_ROW = 1000 };

/* Where a value came from, in the words of an error. */
struct origin {
    const char *kind, *name; /* "--", "port" or "$", "PORT" */
};

static const char *wanted(const struct fk_opt *o, char *text, size_t size)
{
    switch (o->kind) {
    case FK_OPT_INT:
        snprintf(text, size, "a whole number from %ld to %ld", o->min, o->max);
        return text;
    case FK_OPT_DURATION:
        return "a time such as 30s, 5m or 1h30m";
    case FK_OPT_FLAG:
        return "true or false";
    case FK_OPT_LIST:
        return "at most 64 values";
    case FK_OPT_STRING:
        break;
    }
    return "a value";
}

static bool set_flag(bool *target, const char *value)
{
    static const struct {
        const char *word;
        bool on;
    } words[] = {{"1", true}, {"true", true}, {"yes", true}, {"on", true},
        {"0", false}, {"false", false}, {"no", false}, {"off", false}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(value, words[i].word)) {
            *target = words[i].on;
            return true;
        }
    return false;
}

static bool set_int(const struct fk_opt *o, const char *value)
{
    int64_t v;
    if (!fk_slice_i64(fk_slice_of(value), &v) || v < o->min || v > o->max)
        return false;
    *(long *)o->target = (long)v;
    return true;
}

static bool add_item(struct fk_opt_list *list, const char *value)
{
    if (list->count >= (int)(sizeof list->item / sizeof *list->item))
        return false;
    list->item[list->count++] = value;
    return true;
}

static bool set_value(const struct fk_opt *o, const char *value)
{
    switch (o->kind) {
    case FK_OPT_FLAG:
        return set_flag(o->target, value);
    case FK_OPT_STRING:
        *(const char **)o->target = value;
        return true;
    case FK_OPT_INT:
        return set_int(o, value);
    case FK_OPT_DURATION:
        return fk_duration_parse(value, o->target);
    case FK_OPT_LIST:
        return add_item(o->target, value);
    }
    return false;
}

static enum fk_err set(const struct fk_opt *o, struct origin from,
    const char *value, struct fk_diag *diag)
{
    char text[96];
    if (set_value(o, value))
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_ARG, "%s%s wants %s, not '%s'", from.kind,
        from.name, wanted(o, text, sizeof text), value);
}

/* a,b,c: the items live in one copy, kept as long as the process. */
static enum fk_err set_env_list(
    const struct fk_opt *o, const char *value, struct fk_diag *diag)
{
    char *copy = strdup(value);
    ((struct fk_opt_list *)o->target)->count = 0;
    enum fk_err err = copy ? FK_OK : FK_ERR_NOMEM;
    while (copy && !err) {
        char *comma = strchr(copy, ',');
        if (comma)
            *comma = '\0';
        err = set(o, (struct origin){"$", o->env}, copy, diag);
        copy = comma ? comma + 1 : NULL;
    }
    return err;
}

/* getopt's two descriptions of the table, and what it found so far. */
struct parser {
    const struct fk_opt *opts;
    struct option longs[MAX_ROWS + 3];
    char letters[2 * MAX_ROWS + 4];
    bool given[MAX_ROWS];
};

static void describe(struct parser *p)
{
    size_t rows = 0, n = 0;
    p->letters[n++] = '+'; /* stop at the first argument */
    p->letters[n++] = ':'; /* tell a missing value from an unknown name */
    for (const struct fk_opt *o = p->opts; o->name; o++, rows++) {
        FK_ASSERT(rows < MAX_ROWS);
        bool value = o->kind != FK_OPT_FLAG;
        p->longs[rows] =
            (struct option){o->name, value ? required_argument : no_argument,
                NULL, FIRST_ROW + (int)rows};
        if (!o->letter)
            continue;
        p->letters[n++] = o->letter;
        if (value)
            p->letters[n++] = ':';
    }
    p->letters[n] = '\0';
    p->longs[rows++] = (struct option){"help", no_argument, NULL, OPT_HELP};
    p->longs[rows++] =
        (struct option){"version", no_argument, NULL, OPT_VERSION};
    p->longs[rows] = (struct option){0};
}

static int row_of(const struct parser *p, int code)
{
    if (code >= FIRST_ROW)
        return code - FIRST_ROW;
    int row = 0;
    while (p->opts[row].name && p->opts[row].letter != code)
        row++;
    return row;
}

static enum fk_err refuse(
    int code, const char *word, const char *program, struct fk_diag *diag)
{
    if (code == ':')
        return fk_diag_set(
            diag, FK_ERR_ARG, "%s needs a value; see %s --help", word, program);
    return fk_diag_set(diag, FK_ERR_ARG,
        "%s is not an option of %s; see %s --help", word, program, program);
}

static enum fk_err accept(
    struct parser *p, int code, const char *value, struct fk_diag *diag)
{
    int row = row_of(p, code);
    const struct fk_opt *o = &p->opts[row];
    /* A list that was given replaces the default one. */
    if (o->kind == FK_OPT_LIST && !p->given[row])
        ((struct fk_opt_list *)o->target)->count = 0;
    p->given[row] = true;
    return set(o, (struct origin){"--", o->name}, value ? value : "true", diag);
}

static enum fk_err parse_argv(struct parser *p, int argc, char **argv,
    const char *usage, struct fk_diag *diag)
{
    const char *slash = strrchr(argv[0], '/');
    const char *program = slash ? slash + 1 : argv[0];
    enum fk_err err = FK_OK;
    int code;
    while (!err) {
        const char *word = argv[optind ? optind : 1];
        code = getopt_long(argc, argv, p->letters, p->longs, NULL);
        if (code < 0)
            return FK_OK;
        if (code == OPT_HELP) {
            fk_opt_help(p->opts, usage);
            err = FK_ERR_CANCELLED;
        } else if (code == OPT_VERSION) {
            printf("%s %s\n", program, FK_VERSION);
            err = FK_ERR_CANCELLED;
        } else if (code == '?' || code == ':') {
            err = refuse(code, word, program, diag);
        } else {
            err = accept(p, code, optarg, diag);
        }
    }
    return err;
}

/* Only for what the command line left open. */
static enum fk_err parse_env(const struct parser *p, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    for (int row = 0; p->opts[row].name && !err; row++) {
        const struct fk_opt *o = &p->opts[row];
        const char *value = o->env ? getenv(o->env) : NULL;
        if (!value || !*value || p->given[row])
            continue;
        if (o->kind == FK_OPT_LIST)
            err = set_env_list(o, value, diag);
        else
            err = set(o, (struct origin){"$", o->env}, value, diag);
    }
    return err;
}

enum fk_err fk_opt_parse(const struct fk_opt *opts, int argc, char **argv,
    const char *usage, int *first_arg, struct fk_diag *diag)
{
    struct parser p = {.opts = opts};
    describe(&p);
    optind = 0; /* start over, even if argv was parsed before */
    opterr = 0;
    enum fk_err err =
        argc > 0 ? parse_argv(&p, argc, argv, usage, diag) : FK_OK;
    if (!err)
        err = parse_env(&p, diag);
    if (!err)
        *first_arg = optind;
    return err;
}

void fk_opt_help(const struct fk_opt *opts, const char *usage)
{
    printf("usage: %s\n\n", usage);
    for (const struct fk_opt *o = opts; o->name; o++) {
        char left[96], letter[5] = "";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name,
            o->value_name ? " " : "", o->value_name ? o->value_name : "");
        printf("  %-26s %s%s%s%s\n", left, o->help, o->env ? " [$" : "",
            o->env ? o->env : "", o->env ? "]" : "");
    }
    printf("  %-26s %s\n  %-26s %s\n", "--help", "Print this text.",
        "--version", "Print the version.");
}
