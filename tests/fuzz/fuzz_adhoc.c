/* Files for ad hoc looks: the first byte picks the name's ending. What is
 * accepted makes a tree whose totals add up. */
#include "common/check.h"
#include "server/adhoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20 };

static void look(struct adhoc *a, uint32_t type)
{
    struct tree t;
    struct fk_diag diag = {""};
    enum fk_err err = tree_init(&t);
    if (!err)
        err = adhoc_tree(a, type, TREE_LEFT, &t, &diag);
    FK_ASSERT(err != FK_ERR_FORMAT || diag.text[0]);
    if (!err)
        err = tree_finish(&t);
    for (uint32_t i = 0; !err && i < t.count; i++)
        FK_ASSERT(t.node[i].total[0] >= t.node[i].self[0]);
    tree_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "x.json", "x.pprof", "x.collapsed", "x.perf_script", "x.txt", "x"};
    struct fk_arena arena;
    struct fk_diag diag = {""};
    struct adhoc a;
    if (!size)
        return 0;
    struct fk_slice bytes = {(const char *)data + 1, size - 1};
    const char *name = names[data[0] % (sizeof names / sizeof *names)];
    fk_arena_init(&arena, MEMORY);
    enum fk_err err = adhoc_open(&a, fk_slice_of(name), bytes, &arena, &diag);
    FK_ASSERT(!err || diag.text[0]);
    for (uint32_t i = 0; !err && i < a.num_types && i < 4; i++)
        look(&a, i);
    adhoc_close(&a);
    fk_arena_fini(&arena);
    return 0;
}
