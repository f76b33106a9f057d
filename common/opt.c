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

static const char *wanted(const struct fk_opt *o, char *text, size_t size)
{
    switch (o->kind) {
    case FK_OPT_INT:
        snprintf(text, size, "a whole number from %ld to %ld", o->min, o->max);
        return text;
    case FK_OPT_DURATION:
        return "a time such as 30s, 5m or 1h30m";
    case FK_OPT_PERIOD:
        return "a time such as 30s, 5m or 1h30m, or off";
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
    case FK_OPT_PERIOD:
        if (strcmp(value, "off") && strcmp(value, "0"))
            return fk_duration_parse(value, o->target);
        *(int64_t *)o->target = 0;
        return true;
    case FK_OPT_DURATION:
        return fk_duration_parse(value, o->target);
    case FK_OPT_LIST:
        return add_item(o->target, value);
    }
    return false;
}

/* kind and name: "--", "port" or "$", "PORT". */
enum fk_err fk_opt_set(const struct fk_opt *o, const char *kind,
    const char *name, const char *value, struct fk_diag *diag)
{
    char text[96];
    if (set_value(o, value))
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_ARG, "%s%s wants %s, not '%s'", kind, name,
        wanted(o, text, sizeof text), value);
}

/* a,b,c: `values` is cut into its items, which the list then borrows. */
enum fk_err fk_opt_set_list(const struct fk_opt *o, const char *kind,
    const char *name, char *values, struct fk_diag *diag)
{
    ((struct fk_opt_list *)o->target)->count = 0;
    enum fk_err err = FK_OK;
    while (values && !err) {
        char *comma = strchr(values, ',');
        if (comma)
            *comma = '\0';
        err = fk_opt_set(o, kind, name, values, diag);
        values = comma ? comma + 1 : NULL;
    }
    return err;
}

/* getopt's two descriptions of the table, and what it found so far. */
struct parser {
    const struct fk_opt *opts;
    bool one_dash;
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
        p->one_dash = p->one_dash || strchr(o->name, '.');
        p->longs[rows] = (struct option){o->name,
            value ? required_argument : optional_argument, NULL,
            FIRST_ROW + (int)rows};
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
    for (int i = 0; p->opts[i].name; i++)
        p->given[i] = p->given[i] || p->opts[i].target == o->target;
    return fk_opt_set(o, "--", o->name, value ? value : "true", diag);
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
        code = (p->one_dash ? getopt_long_only : getopt_long)(
            argc, argv, p->letters, p->longs, NULL);
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
        /* The items of a list are kept as long as the process. */
        char *copy = o->kind == FK_OPT_LIST ? strdup(value) : NULL;
        if (copy)
            err = fk_opt_set_list(o, "$", o->env, copy, diag);
        else
            err = fk_opt_set(o, "$", o->env, value, diag);
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
        /* A long name has a line of its own. */
        printf("  %-26s%s%s%s%s%s\n", left,
            strlen(left) > 26 ? "\n                             " : " ",
            o->help, o->env ? " [$" : "", o->env ? o->env : "",
            o->env ? "]" : "");
    }
    printf("  %-26s %s\n  %-26s %s\n", "--help", "Print this text.",
        "--version", "Print the version.");
}
