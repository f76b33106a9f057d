/* Label selectors: refused with a sentence, or usable on any value; a
 * matcher and its opposite never agree. */
#include "common/check.h"
#include "server/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 8 << 20 };

static void use(const struct selector *s, struct fk_slice value)
{
    struct fk_labels l = {.count = 0};
    uint64_t work = UINT64_MAX;
    for (uint32_t i = 0; i < s->count; i++) {
        struct matcher m = s->matcher[i];
        bool match = matcher_matches(&m, value, &work);
        m.op =
            (enum matcher_op[]){MATCH_NE, MATCH_EQ, MATCH_NRE, MATCH_RE}[m.op];
        FK_ASSERT(matcher_matches(&m, value, &work) != match);
        FK_ASSERT(m.name.len > 0);
        if (fk_labels_set(&l, m.name, m.value))
            return;
    }
    selector_matches(s, &l, &work);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fk_slice text = {(const char *)data, size};
    struct fk_arena a;
    struct selector s;
    struct fk_diag diag = {""};
    fk_arena_init(&a, MEMORY);
    if (selector_parse(text, &a, &s, &diag)) {
        FK_ASSERT(diag.text[0]);
        FK_ASSERT(s.count == 0);
    } else {
        use(&s, text);
        use(&s, FK_SLICE("workshop.demo.app"));
    }
    selector_fini(&s);
    fk_arena_fini(&a);
    return 0;
}
