/* Options as text: configuration files, and values shown again. */
#include "common/opt.h"

#include "common/clock.h"
#include "common/slice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------- */

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t len = strlen(text);
    while (len && strchr(" \t\r", text[len - 1]))
        text[--len] = '\0';
    return text;
}

/* Off with a comment, and with the quotes of YAML. */
static char *plain_value(char *text)
{
    text = trim(text);
    size_t len = strlen(text);
    if (*text == '#')
        return text + len;
    char *close =
        *text == '"' || *text == '\'' ? strchr(text + 1, *text) : NULL;
    if (close) {
        *close = '\0';
        return text + 1;
    }
    char *comment = strstr(text, " #");
    if (comment)
        *comment = '\0';
    return trim(text);
}

static const struct fk_opt *row_of(const struct fk_opt *opts, const char *name)
{
    while (opts->name && strcmp(opts->name, name))
        opts++;
    return opts->name ? opts : NULL;
}

static enum fk_err read_line(const struct fk_opt *opts, char *line,
    const char *where, struct fk_diag *diag)
{
    line = trim(line);
    if (!*line || *line == '#' || !strcmp(line, "---"))
        return FK_OK;
    char *colon = strchr(line, ':');
    if (!colon)
        return fk_diag_set(
            diag, FK_ERR_ARG, "%s'%s' is not `name: value`", where, line);
    *colon = '\0';
    char *name = trim(line), *value = plain_value(colon + 1);
    const struct fk_opt *o = row_of(opts, name);
    if (!o)
        return fk_diag_set(diag, FK_ERR_ARG,
            "%s'%s' is no option; --help lists them", where, name);
    if (!*value)
        return FK_OK;
    return o->kind == FK_OPT_LIST ? fk_opt_set_list(o, where, name, value, diag)
                                  : fk_opt_set(o, where, name, value, diag);
}

enum fk_err fk_opt_read(const struct fk_opt *opts, char *text,
    const char *where, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    for (unsigned number = 1; text && !err; number++) {
        char *end = strchr(text, '\n'), place[256];
        if (end)
            *end = '\0';
        snprintf(place, sizeof place, "%s line %u: ", where, number);
        err = read_line(opts, text, place, diag);
        text = end ? end + 1 : NULL;
    }
    return err;
}

/* ---- showing ---------------------------------------------------------------
 */

static void show_duration(int64_t ns, struct fk_buf *out)
{
    static const struct {
        int64_t ns;
        const char *unit;
    } units[] = {{3600 * FK_NS_PER_S, "h"}, {60 * FK_NS_PER_S, "m"},
        {FK_NS_PER_S, "s"}, {FK_NS_PER_MS, "ms"}, {1000, "us"}, {1, "ns"}};

    size_t i = 0;
    if (ns == 0) {
        fk_buf_adds(out, "0s");
        return;
    }
    while (ns % units[i].ns)
        i++;
    fk_buf_printf(out, "%" PRId64 "%s", ns / units[i].ns, units[i].unit);
}

void fk_opt_show(const struct fk_opt *o, struct fk_buf *out)
{
    const struct fk_opt_list *list = o->target;
    const char *text;
    switch (o->kind) {
    case FK_OPT_FLAG:
        fk_buf_adds(out, *(const bool *)o->target ? "true" : "false");
        break;
    case FK_OPT_STRING:
        text = *(const char *const *)o->target;
        fk_buf_printf(out, "\"%s\"", text ? text : "");
        break;
    case FK_OPT_INT:
        fk_buf_printf(out, "%ld", *(const long *)o->target);
        break;
    case FK_OPT_PERIOD:
        if (!*(const int64_t *)o->target) {
            fk_buf_adds(out, "off");
            break;
        }
        show_duration(*(const int64_t *)o->target, out);
        break;
    case FK_OPT_DURATION:
        show_duration(*(const int64_t *)o->target, out);
        break;
    case FK_OPT_LIST:
        fk_buf_addc(out, '"');
        for (int i = 0; i < list->count; i++)
            fk_buf_printf(out, "%s%s", i ? "," : "", list->item[i]);
        fk_buf_addc(out, '"');
        break;
    }
}

bool fk_opt_alias(const struct fk_opt *opts, const struct fk_opt *o)
{
    for (; opts != o; opts++)
        if (opts->target == o->target)
            return true;
    return false;
}
