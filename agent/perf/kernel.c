#include "agent/perf/kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"

#define SYMBOLS_MAX (1u << 20)
#define TEXT_BYTES  (64u << 20)

struct symbol {
    uint64_t start;
    struct fk_slice name;
};

static struct {
    struct symbol *list;
    size_t count, cap;
    struct fk_arena text;
    bool read;
} kernel;

static int by_start(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static void add(uint64_t start, const char *name)
{
    char marked[160];
    if (kernel.count == kernel.cap) {
        size_t cap = kernel.cap ? 2 * kernel.cap : 4096;
        void *more = cap <= SYMBOLS_MAX
                         ? realloc(kernel.list, cap * sizeof(struct symbol))
                         : NULL;
        if (more == NULL)
            return;
        kernel.list = more;
        kernel.cap = cap;
    }
    snprintf(marked, sizeof(marked), "%s_[k]", name);
    kernel.list[kernel.count++] =
        (struct symbol){start, fk_arena_dup(&kernel.text, fk_slice_of(marked))};
}

/* "address type name [module]" */
static void read_all(void)
{
    char line[512], name[128], type;
    uint64_t start;
    kernel.read = true;
    fk_arena_init(&kernel.text, TEXT_BYTES);
    FILE *f = fopen("/proc/kallsyms", "re");
    if (f == NULL)
        return;
    while (fgets(line, sizeof(line), f) != NULL)
        if (sscanf(line, "%" SCNx64 " %c %127s", &start, &type, name) == 3 &&
            start != 0 && strchr("tTwW", type) != NULL)
            add(start, name);
    fclose(f);
    qsort(kernel.list, kernel.count, sizeof(*kernel.list), by_start);
}

struct fk_slice perf_kernel_name(uint64_t address)
{
    if (!kernel.read)
        read_all();
    size_t lo = 0, hi = kernel.count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (kernel.list[mid].start <= address)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0 || kernel.list[lo - 1].name.len == 0)
        return FK_SLICE("[kernel]_[k]");
    return kernel.list[lo - 1].name;
}
