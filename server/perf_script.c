#include "server/perf_script.h"

#include <ctype.h>
#include <string.h>

enum { MAX_LINE = 64 * 1024 };

struct reader {
    stacks_fn fn;
    void *arg;
    struct fk_slice command;
    /* Leaf first, and turned around for fn. */
    struct fk_slice frame[STACKS_MAX_DEPTH], stack[STACKS_MAX_DEPTH + 1];
    size_t depth;
    bool in_sample;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct fk_slice first_word(struct fk_slice *rest)
{
    size_t n = 0;
    *rest = fk_slice_trim(*rest);
    while (n < rest->len && !blank(rest->ptr[n]))
        n++;
    struct fk_slice word = fk_slice_sub(*rest, 0, n);
    *rest = fk_slice_sub(*rest, n, rest->len);
    return word;
}

/* 4711 or 4711/4712 */
static bool is_pid(struct fk_slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!isdigit((unsigned char)word.ptr[i]) && word.ptr[i] != '/')
            return false;
    return word.len && word.ptr[0] != '/';
}

/* The words in front of the process; commands may hold blanks. */
static struct fk_slice command_of(struct fk_slice line)
{
    struct fk_slice rest = line, word = first_word(&rest);
    const char *end = word.ptr + word.len;
    while (rest.len) {
        word = first_word(&rest);
        if (is_pid(word))
            return fk_slice_sub(line, 0, (size_t)(end - line.ptr));
        end = word.ptr + word.len;
    }
    return (struct fk_slice){0};
}

static bool is_head(struct fk_slice line)
{
    struct fk_slice text = fk_slice_trim(line);
    return line.len && !blank(line.ptr[0]) && line.ptr[0] != '#' &&
           text.ptr[text.len - 1] == ':' && command_of(line).len;
}

static bool is_address(struct fk_slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!isxdigit((unsigned char)word.ptr[i]))
            return false;
    return word.len > 0;
}

/* "4f3e20 work+0x12 (/usr/bin/app)" -> "work"; without a symbol the file's
 * last part in brackets. */
static bool frame_name(struct fk_slice line, struct fk_slice *out)
{
    if (!is_address(first_word(&line)))
        return false;
    line = fk_slice_trim(line);
    ptrdiff_t open = fk_slice_rfind(line, '(');
    struct fk_slice file = {0};
    if (open > 0 && line.ptr[line.len - 1] == ')') {
        file = fk_slice_sub(line, (size_t)open + 1, line.len - 1);
        line = fk_slice_trim(fk_slice_sub(line, 0, (size_t)open));
    }
    ptrdiff_t plus = fk_slice_rfind(line, '+');
    if (plus > 0 && fk_slice_starts(fk_slice_sub(line, (size_t)plus, line.len),
                        FK_SLICE("+0x")))
        line = fk_slice_sub(line, 0, (size_t)plus);
    ptrdiff_t slash = fk_slice_rfind(file, '/');
    if (fk_slice_eqz(line, "[unknown]") && file.len)
        line = fk_slice_sub(file, (size_t)(slash + 1), file.len);
    *out = line.len ? line : FK_SLICE("[unknown]");
    return true;
}

static enum fk_err flush(struct reader *r)
{
    size_t n = 0;
    if (!r->in_sample)
        return FK_OK;
    r->in_sample = false;
    r->stack[n++] = r->command;
    for (size_t i = r->depth; i-- > 0 && n < STACKS_MAX_DEPTH;)
        r->stack[n++] = r->frame[i];
    return r->fn(r->arg, r->stack, n, 1);
}

static enum fk_err read_line(struct reader *r, struct fk_slice line,
    unsigned number, struct fk_diag *diag)
{
    struct fk_slice name;
    if (line.len > MAX_LINE)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "line %u is longer than %d bytes", number, MAX_LINE);
    if (!fk_slice_trim(line).len)
        return flush(r);
    if (line.ptr[0] == '#')
        return FK_OK;
    if (is_head(line)) {
        enum fk_err err = flush(r);
        r->command = command_of(line);
        r->depth = 0;
        r->in_sample = true;
        return err;
    }
    if (!r->in_sample || !frame_name(line, &name))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "line %u is neither the head of a sample nor a frame of perf "
            "script",
            number);
    if (r->depth < STACKS_MAX_DEPTH)
        r->frame[r->depth++] = name;
    return FK_OK;
}

bool perf_script_is(struct fk_slice text)
{
    struct fk_slice line, name;
    while (fk_slice_split(&text, '\n', &line)) {
        if (!fk_slice_trim(line).len || line.ptr[0] == '#')
            continue;
        if (!is_head(line))
            return false;
        fk_slice_split(&text, '\n', &line);
        return line.len && blank(line.ptr[0]) && frame_name(line, &name);
    }
    return false;
}

enum fk_err perf_script_read(
    struct fk_slice text, stacks_fn fn, void *arg, struct fk_diag *diag)
{
    struct reader r = {.fn = fn, .arg = arg};
    struct fk_slice line;
    enum fk_err err = FK_OK;
    if (!fk_slice_utf8(text))
        return fk_diag_set(diag, FK_ERR_FORMAT, "the text is not UTF-8");
    for (unsigned n = 1; !err && fk_slice_split(&text, '\n', &line); n++)
        err = read_line(&r, line, n, diag);
    return err ? err : flush(&r);
}
