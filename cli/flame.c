/* `flamekit flame FILE`: a profile file as a flame graph in one file. */
#include "cli/flame_draw.h"
#include "cli/kit.h"
#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/opt.h"

static bool ends(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcmp(path + n - m, ending) == 0;
}

struct asked {
    const char *type, *out, *file;
    bool html;
};

static enum fk_err draw(
    const struct asked *asked, const struct stacks *s, struct fk_diag *diag)
{
    char title[300], value[32];
    const char *slash = strrchr(asked->file, '/');
    stacks_value(s, s->nodes[0].total, value, sizeof(value));
    snprintf(title, sizeof(title), "%.200s: %s of " FK_SLICE_FMT,
        slash ? slash + 1 : asked->file, value, FK_SLICE_ARG(s->type));
    struct fk_buf out;
    fk_buf_init(&out, STACKS_MAX_BYTES);
    const struct flame_page page = {s, title};
    if (asked->html)
        flame_draw_html(&page, &out);
    else
        flame_draw_svg(&page, &out);
    enum fk_err err = out.err;
    if (err != FK_OK)
        fk_diag_set(diag, err, "the graph of %s is too large", asked->file);
    else
        err = kit_write_file(asked->out, fk_buf_slice(&out), diag);
    fk_buf_fini(&out);
    return err;
}

int verb_flame(struct kit *kit, int argc, char **argv)
{
    (void)kit;
    struct asked asked = {.out = NULL};
    const struct fk_opt opts[] = {
        {"output", 'o', NULL, FK_OPT_STRING, &asked.out, 0, 0, "FILE",
            "flame.svg; HTML when it is called .html"},
        {"html", 0, NULL, FK_OPT_FLAG, &asked.html, 0, 0, NULL,
            "HTML with zoom and search, flame.html"},
        {"type", 't', NULL, FK_OPT_STRING, &asked.type, 0, 0, "NAME",
            "a sample type of the profile, such as alloc_space"},
        {NULL, 0, NULL, 0, NULL, 0, 0, NULL, NULL},
    };
    struct fk_diag diag = {""};
    int first;
    enum fk_err err = fk_opt_parse(opts, argc + 1, argv - 1,
        "flamekit flame [--html] [-o FILE] [--type NAME] FILE", &first, &diag);
    if (err == FK_ERR_CANCELLED)
        return 0;
    if (err == FK_OK && first != argc)
        err = fk_diag_set(&diag, FK_ERR_ARG,
            "flame wants one profile file, after the options");
    if (err != FK_OK)
        return verb_fail(2, &diag);
    asked.file = argv[first - 1];
    asked.html = asked.html || (asked.out && ends(asked.out, ".html"));
    if (asked.out == NULL)
        asked.out = asked.html ? "flame.html" : "flame.svg";
    struct stacks s;
    err = stacks_read(&s, asked.file, asked.type, &diag);
    if (err == FK_OK)
        err = draw(&asked, &s, &diag);
    stacks_fini(&s);
    if (err != FK_OK)
        return verb_fail(1, &diag);
    printf("%s\n", asked.out);
    return 0;
}
