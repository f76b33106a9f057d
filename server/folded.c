#include "server/folded.h"

struct reading {
    bool counted; /* lines end with a count */
    stacks_fn fn;
    void *arg;
    struct fk_diag *diag;
    size_t line; /* from 1 */
};

/* "stack count" at the last blank. *count 0: nothing to count here. */
static enum fk_err split_count(
    const struct reading *r, struct fk_slice *line, int64_t *count)
{
    ptrdiff_t blank = fk_slice_rfind(*line, ' ');

    *count = 0;
    if (blank < 0)
        return FK_OK;
    struct fk_slice text = fk_slice_sub(*line, (size_t)blank + 1, line->len);
    if (!fk_slice_i64(text, count) || *count < 0)
        return fk_diag_set(r->diag, FK_ERR_FORMAT,
            "line %zu: '%.*s' is not a count; a line is frame;frame;frame, "
            "a blank, and a whole number",
            r->line, (int)(text.len < 64 ? text.len : 64), text.ptr);
    *line = fk_slice_sub(*line, 0, (size_t)blank);
    return FK_OK;
}

static enum fk_err read_line(struct reading *r, struct fk_slice line)
{
    struct fk_slice frames[STACKS_MAX_DEPTH];
    int64_t count = 1;

    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len > FOLDED_MAX_LINE)
        return fk_diag_set(r->diag, FK_ERR_LIMIT,
            "line %zu is longer than %d bytes", r->line, FOLDED_MAX_LINE);
    if (!fk_slice_utf8(line))
        return fk_diag_set(
            r->diag, FK_ERR_FORMAT, "line %zu is not UTF-8 text", r->line);
    if (r->counted) {
        enum fk_err err = split_count(r, &line, &count);
        if (err)
            return err;
    }
    size_t n = stacks_split(line, frames);
    return n > 0 && count > 0 ? r->fn(r->arg, frames, n, count) : FK_OK;
}

static enum fk_err read_text(struct reading *r, struct fk_slice text)
{
    struct fk_slice line;
    enum fk_err err = FK_OK;

    while (err == FK_OK && fk_slice_split(&text, '\n', &line)) {
        r->line++;
        err = read_line(r, line);
    }
    return err;
}

enum fk_err folded_read_groups(
    struct fk_slice text, stacks_fn fn, void *arg, struct fk_diag *diag)
{
    struct reading r = {true, fn, arg, diag, 0};

    return read_text(&r, text);
}

enum fk_err folded_read_lines(
    struct fk_slice text, stacks_fn fn, void *arg, struct fk_diag *diag)
{
    struct reading r = {false, fn, arg, diag, 0};

    return read_text(&r, text);
}
