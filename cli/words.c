/* Lines into words: see words.h. */
#include "cli/words.h"

#include <stdio.h>

static size_t skip_blanks(struct fk_slice line, size_t i)
{
    while (i < line.len && (line.ptr[i] == ' ' || line.ptr[i] == '\t'))
        i++;
    return i;
}

static size_t word_end(struct fk_slice line, size_t i)
{
    while (i < line.len && line.ptr[i] != ' ' && line.ptr[i] != '\t')
        i++;
    return i;
}

bool words_split(struct fk_slice line, struct words *out)
{
    out->count = 0;
    size_t i = skip_blanks(line, 0);
    while (i < line.len && line.ptr[i] != '#') {
        if (out->count == WORDS_MAX)
            return false;
        size_t end;
        if (line.ptr[i] == '"') {
            ptrdiff_t close =
                fk_slice_find(fk_slice_sub(line, i + 1, line.len), '"');
            if (close < 0)
                return false;
            end = i + 1 + (size_t)close;
            out->at[out->count++] = fk_slice_sub(line, i + 1, end++);
        } else {
            end = word_end(line, i);
            out->at[out->count++] = fk_slice_sub(line, i, end);
        }
        i = skip_blanks(line, end);
    }
    return true;
}

bool words_is(const struct words *w, size_t i, const char *text)
{
    return i < w->count && fk_slice_eqz(w->at[i], text);
}

void words_copy(const struct words *w, size_t i, char *out, size_t size)
{
    struct fk_slice s = i < w->count ? w->at[i] : FK_SLICE("");
    snprintf(out, size, FK_SLICE_FMT, FK_SLICE_ARG(s));
}
