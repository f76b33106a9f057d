/* `flamekit top FILE`: the functions of a profile file, largest first. */
#include "cli/stacks.h"
#include "cli/verbs.h"

#include <stdio.h>

#include "common/opt.h"

static int print_top(struct stacks *s, size_t max)
{
    struct fk_buf out;
    fk_buf_init(&out, STACKS_MAX_BYTES);
    enum fk_err err = stacks_top(s, max, &out);
    if (err == FK_OK)
        fwrite(out.ptr, 1, out.len, stdout);
    fk_buf_fini(&out);
    return err == FK_OK && fflush(stdout) == 0 ? 0 : 1;
}

int verb_top(struct kit *kit, int argc, char **argv)
{
    (void)kit;
    const char *type = NULL;
    long max = 10;
    const struct fk_opt opts[] = {
        {"type", 't', NULL, FK_OPT_STRING, &type, 0, 0, "NAME",
            "a sample type of the profile, such as alloc_space"},
        {"number", 'n', NULL, FK_OPT_INT, &max, 1, 100000, "N",
            "how many functions"},
        {NULL, 0, NULL, 0, NULL, 0, 0, NULL, NULL},
    };
    struct fk_diag diag = {""};
    int first;
    enum fk_err err = fk_opt_parse(opts, argc + 1, argv - 1,
        "flamekit top [--type NAME] [--number N] FILE", &first, &diag);
    if (err == FK_ERR_CANCELLED)
        return 0;
    if (err == FK_OK && first != argc)
        err = fk_diag_set(
            &diag, FK_ERR_ARG, "top wants one profile file, after the options");
    if (err != FK_OK)
        return verb_fail(2, &diag);
    struct stacks s;
    int status = 1;
    if (stacks_read(&s, argv[first - 1], type, &diag) != FK_OK)
        verb_fail(1, &diag);
    else
        status = print_top(&s, (size_t)max);
    stacks_fini(&s);
    return status;
}
