/*
 * strip FILE: prints a module or a style sheet without what only its readers
 * need; any other file as it is. Used by server/embed.sh.
 */
#include "common/slice.h"
#include "server/strip/strip.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FILE = 1 << 20 };

static bool read_file(const char *name, struct fk_buf *text)
{
    FILE *file = fopen(name, "re");

    if (!file)
        return false;
    for (size_t n = 1; n > 0 && !text->err;) {
        char part[8192];
        n = fread(part, 1, sizeof(part), file);
        fk_buf_add(text, part, n);
    }
    bool read = !ferror(file) && !text->err;
    fclose(file);
    return read;
}

static bool ends_with(const char *name, const char *end)
{
    const char *dot = strrchr(name, '.');

    return dot && strcmp(dot, end) == 0;
}

static enum fk_err strip(const char *name, struct fk_slice text,
    struct fk_buf *out, struct fk_diag *diag)
{
    if (ends_with(name, ".js"))
        return strip_js(text, out, diag);
    if (ends_with(name, ".css"))
        return strip_css(text, out, diag);
    fk_buf_add_slice(out, text);
    return out->err;
}

int main(int argc, char **argv)
{
    struct fk_buf text, out;
    struct fk_diag diag = {{0}};
    int status = 1;

    if (argc != 2) {
        fprintf(stderr, "usage: strip FILE\n");
        return 2;
    }
    fk_buf_init(&text, MAX_FILE);
    fk_buf_init(&out, MAX_FILE);
    if (!read_file(argv[1], &text))
        fprintf(stderr, "strip: cannot read %s, or it is larger than 1 MiB\n",
            argv[1]);
    else if (strip(argv[1], fk_buf_slice(&text), &out, &diag))
        fprintf(stderr, "strip: %s: %s\n", argv[1],
            diag.text[0] ? diag.text : "it is too large");
    else if (fwrite(out.ptr, 1, out.len, stdout) == out.len &&
             fflush(stdout) == 0)
        status = 0;
    fk_buf_fini(&text);
    fk_buf_fini(&out);
    return status;
}
