/* Plans from strangers: whatever the text, it is a plan or a list of
 * mistakes, and a plan can be printed and played. */
#include "common/check.h"
#include "loadgen/schedule.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *environment(const char *name)
{
    return name[0] == 'S' ? "5s" : NULL;
}

static void play(const struct plan *p, uint32_t phase)
{
    struct schedule *s = calloc(1, sizeof *s);
    struct schedule_request r;
    struct fk_buf path, body;
    int64_t before = 0;
    FK_ASSERT(s);
    fk_buf_init(&path, 1 << 20);
    fk_buf_init(&body, 1 << 20);
    schedule_init(s, p, phase);
    for (int i = 0; i < 20 && schedule_next(s, &r); i++) {
        FK_ASSERT(r.due_ns >= before && r.mix < p->phases[phase].num_mix);
        before = r.due_ns;
        fk_buf_reset(&path);
        schedule_write(s, &r, &path, &body);
        FK_ASSERT(path.err || path.ptr[0] == '/');
    }
    schedule_fini(s);
    free(s);
    fk_buf_fini(&path);
    fk_buf_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan *p;
    struct fk_buf errors, printed;
    struct plan_source source = {
        "fuzz", {(const char *)data, size}, environment};
    fk_buf_init(&errors, 1 << 20);
    fk_buf_init(&printed, 8 << 20);
    if (plan_parse(&source, &p, &errors) == FK_OK) {
        FK_ASSERT(p->num_phases > 0 && errors.len == 0);
        plan_print(p, &printed);
        for (uint32_t i = 0; i < p->num_phases; i++)
            play(p, i);
    } else {
        FK_ASSERT(errors.len > 0);
    }
    plan_free(p);
    fk_buf_fini(&errors);
    fk_buf_fini(&printed);
    return 0;
}
