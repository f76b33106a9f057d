#include "loadgen/compare.h"

#include "common/check.h"

#include <stdlib.h>

enum { MAX_LINES = 2048 };

struct lines {
    struct fk_buf text;
    struct fk_slice line[MAX_LINES];
    size_t count;
};

static void split(struct lines *l, const struct plan *p)
{
    fk_buf_init(&l->text, 2 * PLAN_MAX_TEXT);
    plan_print(p, &l->text);
    struct fk_slice rest = fk_buf_slice(&l->text);
    while (
        l->count < MAX_LINES && fk_slice_split(&rest, '\n', &l->line[l->count]))
        l->count++;
}

/* Longest common subsequence: at (i, j) that of the lines from i and j on. */
struct common {
    uint16_t *length;
    size_t width;
};

static uint16_t *common_at(const struct common *c, size_t i, size_t j)
{
    return &c->length[i * c->width + j];
}

static struct common find_common(const struct lines *a, const struct lines *b)
{
    struct common c = {
        calloc((a->count + 1) * (b->count + 1), sizeof(uint16_t)),
        b->count + 1};
    FK_ASSERT(c.length);
    for (size_t i = a->count; i-- > 0;)
        for (size_t j = b->count; j-- > 0;) {
            uint16_t down = *common_at(&c, i + 1, j);
            uint16_t right = *common_at(&c, i, j + 1);
            *common_at(&c, i, j) =
                fk_slice_eq(a->line[i], b->line[j])
                    ? (uint16_t)(*common_at(&c, i + 1, j + 1) + 1)
                    : (down > right ? down : right);
        }
    return c;
}

/* The heading of a phase is shown above the first line that differs in it. */
static void print_line(char sign, struct fk_slice line,
    struct fk_slice *heading, struct fk_buf *out)
{
    if (line.len && line.ptr[0] == ' ' && heading->len)
        fk_buf_printf(out, "  " FK_SLICE_FMT "\n", FK_SLICE_ARG(*heading));
    heading->len = 0;
    fk_buf_printf(out, "%c " FK_SLICE_FMT "\n", sign, FK_SLICE_ARG(line));
}

static bool print_differences(
    const struct lines *a, const struct lines *b, struct fk_buf *out)
{
    struct common c = find_common(a, b);
    struct fk_slice heading = {0};
    size_t i = 0, j = 0;
    bool differ = false;
    while (i < a->count || j < b->count) {
        bool both = i < a->count && j < b->count;
        if (both && fk_slice_eq(a->line[i], b->line[j])) {
            if (a->line[i].len && a->line[i].ptr[0] != ' ')
                heading = a->line[i];
            i++;
            j++;
            continue;
        }
        bool gone = j == b->count ||
                    (i < a->count &&
                        *common_at(&c, i + 1, j) >= *common_at(&c, i, j + 1));
        print_line(gone ? '-' : '+', gone ? a->line[i++] : b->line[j++],
            &heading, out);
        differ = true;
    }
    free(c.length);
    return differ;
}

bool compare_print(
    const struct plan *old, const struct plan *new, struct fk_buf *out)
{
    struct lines *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    FK_ASSERT(a && b);
    split(a, old);
    split(b, new);
    bool differ = print_differences(a, b, out);
    if (!differ)
        fk_buf_adds(out, "no difference\n");
    fk_buf_fini(&a->text);
    fk_buf_fini(&b->text);
    free(a);
    free(b);
    return differ;
}
