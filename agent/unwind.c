/* The walk: rule of a pc, step to the caller, fallbacks. Runs in signal
 * handlers: it reads the stack it was given, tables and its own cache. */
#include "agent/unwind.h"

#include "agent/fpscan.h"
#include "agent/pages.h"
#include "agent/peek.h"

#include <stdatomic.h>

/* Stack reads look like wild pointers to the sanitizers. */
#define FK_RAW_READ __attribute__((no_sanitize("address")))

enum {
    CACHE_BITS = 12,
    EPOCH_SHIFT = 48,
    LOWEST_CODE = 4096, /* the first page is never mapped */
};

/* pc -> row, shared by all threads without a lock: key is pc ^ value, so a
 * pair torn by two writers matches no pc. Values carry the epoch of their
 * snapshot, so another library at the same address starts afresh. */
struct cache_entry {
    _Atomic uint64_t key, value;
};

static struct cache_entry cache[1 << CACHE_BITS];

struct walk {
    const struct fk_objects *objects;
    const struct fk_stack *stack;
    uintptr_t pc, sp, fp;
    bool fp_known;
    bool exact;          /* pc is where it is, not where it will return to */
    bool first;          /* `regs` holds this frame's registers */
    struct fk_regs regs; /* of the first frame, or of a signal's */
};

typedef uintptr_t __attribute__((may_alias)) stack_word;

FK_RAW_READ static bool read_word(
    const struct walk *w, uintptr_t at, uintptr_t *value)
{
    const struct fk_stack *s = w->stack;
    uintptr_t floor = w->sp - FK_RED_ZONE;
    if (at < floor || at < s->lo || at > s->hi - sizeof *value ||
        at % sizeof *value)
        return false;
    *value = *(const stack_word *)(at + (uintptr_t)s->delta);
    return true;
}

/* ---- rule of a pc -----------------------------------------------------------
 */

static uint64_t none_bits(void)
{
    static const struct fk_rule none = {.kind = FK_RULE_NONE};
    struct fk_row row = {0};
    fk_row_pack(&none, &row);
    return fk_row_bits(&row);
}

static uint64_t bits_from_table(const struct fk_objects *objects, uintptr_t pc)
{
    const struct fk_object *object = fk_objects_find(objects, pc);
    if (!object) {
        fk_objects_miss();
        return none_bits();
    }
    const struct fk_row *row = fk_cfi_row(&object->cfi, pc);
    return row ? fk_row_bits(row) : none_bits();
}

static struct cache_entry *entry_of(uintptr_t pc)
{
    return &cache[(pc ^ pc >> CACHE_BITS) & ((1 << CACHE_BITS) - 1)];
}

void fk_unwind_populate(void)
{
    fk_pages_populate(cache, sizeof(cache));
}

void fk_unwind_expect(const uintptr_t *pcs, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        __builtin_prefetch(entry_of(pcs[i]));
}

static bool cached_bits(
    const struct fk_objects *objects, uintptr_t pc, uint64_t *bits)
{
    struct cache_entry *entry = entry_of(pc);
    uint64_t value = atomic_load_explicit(&entry->value, memory_order_relaxed);
    uint64_t key = atomic_load_explicit(&entry->key, memory_order_relaxed);
    *bits = value & ((UINT64_C(1) << EPOCH_SHIFT) - 1);
    return (key ^ value) == pc && value >> EPOCH_SHIFT == objects->epoch;
}

static uint64_t bits_of(const struct fk_objects *objects, uintptr_t pc)
{
    uint64_t bits;
    if (cached_bits(objects, pc, &bits))
        return bits;
    bits = bits_from_table(objects, pc);
    struct cache_entry *entry = entry_of(pc);
    uint64_t value = bits | (uint64_t)objects->epoch << EPOCH_SHIFT;
    atomic_store_explicit(&entry->value, value, memory_order_relaxed);
    atomic_store_explicit(&entry->key, pc ^ value, memory_order_relaxed);
    return bits;
}

static struct fk_rule extra_rule(
    const struct fk_objects *objects, uintptr_t pc, uint64_t bits)
{
    const struct fk_object *object = fk_objects_find(objects, pc);
    size_t index = fk_bits_extra(bits);
    if (object && index < object->cfi.extra_count)
        return object->cfi.extras[index];
    return (struct fk_rule){.kind = FK_RULE_NONE};
}

/* ---- steps
 * -------------------------------------------------------------------- */

enum step { STEP_ON, STEP_END, STEP_LOST, STEP_OFF_STACK };

/* The caller's frame starts at cfa. The stack grows down, so callers lie
 * higher; only a leaf that pushed nothing may share its caller's sp. */
static enum step enter_caller(
    struct walk *w, uintptr_t cfa, uintptr_t ra, uintptr_t fp)
{
    bool leaf = w->first && cfa == w->sp;
    if ((cfa <= w->sp && !leaf) || cfa > w->stack->hi || cfa % 8)
        return STEP_OFF_STACK;
    w->pc = fk_strip(ra);
    w->sp = cfa;
    w->fp = fp;
    w->exact = w->first = false;
    return w->pc ? STEP_ON : STEP_END;
}

static bool base_value(
    struct walk *w, const struct fk_rule *rule, uintptr_t *value)
{
    switch (rule->base) {
    case FK_BASE_SP:
        *value = w->sp;
        return true;
    case FK_BASE_FP:
        if (!w->fp_known && !w->regs.known)
            w->fp_known = fk_fpscan(
                w->objects, w->stack, w->sp, w->pc - !w->exact, rule, &w->fp);
        *value = w->fp;
        return w->fp_known;
    case FK_BASE_REG:
        *value = w->regs.general[rule->reg];
        return w->regs.known;
    }
    return false;
}

/* Where the caller's value of a register is; false when out of reach. */
static bool saved_value(const struct walk *w, struct fk_place place,
    uintptr_t cfa, uintptr_t *value)
{
    switch (place.how) {
    case FK_SAVED_SAME:
        return true;
    case FK_SAVED_CFA:
        return read_word(w, cfa + (uintptr_t)place.offset, value);
    case FK_SAVED_FP:
        return w->fp_known &&
               read_word(w, w->fp + (uintptr_t)place.offset, value);
    case FK_SAVED_LOST:
        return false;
    }
    return false;
}

static uintptr_t link_register(const struct walk *w)
{
    return FK_HAS_LR ? w->regs.general[FK_DWARF_RA % FK_GENERAL_REGS] : 0;
}

/* Is `ra` something to return to? Code without an object may call its like. */
static bool plausible(const struct walk *w, uintptr_t ra, bool known_code)
{
    if (fk_objects_find(w->objects, ra - 1))
        return true;
    return !known_code && ra >= LOWEST_CODE;
}

static enum step step_frame(struct walk *w, const struct fk_rule *rule)
{
    uintptr_t cfa, ra = link_register(w), fp = w->fp;
    if (!base_value(w, rule, &cfa))
        return STEP_LOST;
    cfa += (uintptr_t)rule->offset;
    if (rule->deref) {
        if (!read_word(w, cfa, &cfa))
            return STEP_OFF_STACK;
        cfa += (uintptr_t)rule->add;
    }
    if (rule->ra.how == FK_SAVED_SAME && !(w->first && w->regs.known))
        return STEP_LOST;
    if (!saved_value(w, rule->ra, cfa, &ra))
        return STEP_OFF_STACK;
    /* Hand-written code calls its own parts without touching the register that
     * holds its frame: believed when it leads somewhere. */
    if (rule->base == FK_BASE_REG && !w->first &&
        !plausible(w, fk_strip(ra), true))
        return STEP_LOST;
    if (!saved_value(w, rule->fp, cfa, &fp))
        w->fp_known = false;
    else if (rule->fp.how != FK_SAVED_SAME)
        w->fp_known = true;
    return enter_caller(w, cfa, ra, fp);
}

static enum step step_plt(struct walk *w, unsigned pushed)
{
    uintptr_t cfa = w->sp + ((w->pc & 15) >= pushed ? 16 : 8), ra;
    if (!read_word(w, cfa - 8, &ra))
        return STEP_OFF_STACK;
    return enter_caller(w, cfa, ra, w->fp);
}

static void start(
    struct walk *w, const struct fk_stack *stack, const struct fk_regs *regs)
{
    w->stack = stack;
    w->regs = *regs;
    w->pc = regs->pc;
    w->sp = regs->sp;
    w->fp = regs->general[FK_DWARF_FP];
    w->fp_known = w->first = regs->known;
    w->exact = true;
}

/* The handler returns into the trampoline, whose sp points at the ucontext
 * with everything the interrupted code had in registers. It may have run on
 * another stack. */
static enum step step_signal(struct walk *w)
{
    uintptr_t uc = w->sp + FK_CONTEXT_FROM_SP;
    struct fk_regs regs = {.known = true};
    bool whole = read_word(w, uc + FK_CONTEXT_PC, &regs.pc) &&
                 read_word(w, uc + FK_CONTEXT_SP, &regs.sp);
    for (unsigned i = 0; whole && i < FK_GENERAL_REGS; i++)
        whole = read_word(w, uc + fk_context_general(i), &regs.general[i]);
    const struct fk_stack *stack = w->stack;
    if (regs.sp <= w->sp || regs.sp > stack->hi)
        stack = stack->next;
    if (!whole || !stack || regs.sp < stack->lo || regs.sp > stack->hi)
        return STEP_OFF_STACK;
    start(w, stack, &regs);
    return STEP_ON;
}

/* ---- fallbacks
 * ----------------------------------------------------------------- */

static enum step step_frame_pointer(struct walk *w, bool known_code)
{
    uintptr_t fp, ra;
    if (!w->fp_known || w->fp < w->sp || !read_word(w, w->fp, &fp) ||
        !read_word(w, w->fp + 8, &ra) ||
        !plausible(w, fk_strip(ra), known_code))
        return STEP_LOST;
    return enter_caller(w, w->fp + 16, ra, fp);
}

/* A function without a row that was caught before it pushed anything. */
static enum step step_leaf(struct walk *w)
{
    uintptr_t ra = link_register(w);
    if (!w->first || (!FK_HAS_LR && !read_word(w, w->sp, &ra)) ||
        !plausible(w, fk_strip(ra), true))
        return STEP_LOST;
    return enter_caller(w, w->sp + (FK_HAS_LR ? 0 : 8), ra, w->fp);
}

/* Some C libraries and vDSOs do not describe their signal trampoline. The
 * code may belong to a library just unloaded, so the kernel looks at it. */
static bool is_trampoline(uintptr_t pc)
{
    static const char want[] = FK_TRAMPOLINE;
    char have[sizeof want - 1];
    if (fk_peek(have, pc, sizeof have) != sizeof have)
        return false;
    for (size_t i = 0; i < sizeof have; i++)
        if (have[i] != want[i])
            return false;
    return true;
}

static enum step step_without_rule(struct walk *w)
{
    uintptr_t at = w->pc - !w->exact;
    bool known_code = fk_objects_find(w->objects, at) != NULL;
    if (known_code && is_trampoline(w->pc))
        return step_signal(w);
    enum step step = step_frame_pointer(w, known_code);
    return step == STEP_LOST ? step_leaf(w) : step;
}

static enum step step_by(struct walk *w, const struct fk_rule *rule)
{
    switch (rule->kind) {
    case FK_RULE_FRAME:
        return step_frame(w, rule);
    case FK_RULE_END:
        return STEP_END;
    case FK_RULE_SIGNAL:
        return step_signal(w);
    case FK_RULE_PLT:
        return step_plt(w, rule->plt_pushed);
    case FK_RULE_NONE:
        return STEP_LOST;
    }
    return STEP_LOST;
}

static enum step step_to_caller(struct walk *w, uintptr_t at)
{
    uint64_t bits = bits_of(w->objects, at);
    struct fk_rule rule = fk_bits_are_extra(bits)
                              ? extra_rule(w->objects, at, bits)
                              : fk_bits_unpack(bits, (int32_t)fk_bits_ra(bits));
    enum step step = step_by(w, &rule);
    return step == STEP_LOST ? step_without_rule(w) : step;
}

/* The common case once more, in registers: nine of ten frames have plain rows
 * that are in the cache. Stops in front of the first that has not. */
FK_RAW_READ static unsigned walk_plain(
    struct walk *w, uintptr_t *pcs, unsigned n, unsigned max)
{
    const struct fk_stack s = *w->stack;
    uintptr_t pc = w->pc, sp = w->sp, fp = w->fp, back = !w->exact;
    unsigned start = n;
    uint64_t bits;
    while (n < max && cached_bits(w->objects, pc - back, &bits) &&
           fk_bits_are_plain(bits)) {
        uintptr_t cfa = fk_bits_from_fp(bits) ? fp : sp;
        cfa += (uintptr_t)fk_bits_cfa(bits);
        uintptr_t ra_at = cfa + (uintptr_t)fk_bits_ra(bits);
        uintptr_t fp_at = cfa + (uintptr_t)fk_bits_fp(bits);
        if (cfa <= sp || cfa > s.hi || cfa % 8 || ra_at < sp || ra_at >= cfa ||
            fp_at > cfa || fp_at < sp - FK_RED_ZONE)
            break;
        uintptr_t ra = *(const stack_word *)(ra_at + (uintptr_t)s.delta);
        if (!ra)
            break;
        if (fp_at != cfa)
            fp = *(const stack_word *)(fp_at + (uintptr_t)s.delta);
        pcs[n++] = pc - back;
        pc = fk_strip(ra);
        sp = cfa;
        back = 1;
    }
    if (n == start)
        return n;
    w->pc = pc;
    w->sp = sp;
    w->fp = fp;
    w->exact = w->first = false;
    return n;
}

/* Is sp where walk_plain may start from? */
static bool on_stack(const struct walk *w)
{
    return w->fp_known && w->sp % 8 == 0 && w->sp < w->stack->hi &&
           w->sp >= w->stack->lo && w->sp - w->stack->lo >= FK_RED_ZONE;
}

unsigned fk_unwind(const struct fk_objects *objects, const struct fk_regs *regs,
    const struct fk_stack *stack, uintptr_t *pcs, unsigned max,
    enum fk_unwind_stop *why)
{
    static const enum fk_unwind_stop stops[] = {
        [STEP_ON] = FK_UNWIND_DEPTH,
        [STEP_END] = FK_UNWIND_COMPLETE,
        [STEP_LOST] = FK_UNWIND_NO_RULE,
        [STEP_OFF_STACK] = FK_UNWIND_OFF_STACK,
    };
    struct walk w;
    w.objects = objects;
    start(&w, stack, regs);
    enum step step = STEP_ON;
    unsigned n = 0;
    while (n < max && step == STEP_ON) {
        if (on_stack(&w))
            n = walk_plain(&w, pcs, n, max);
        if (n == max)
            break;
        uintptr_t at = w.pc - !w.exact;
        pcs[n++] = at;
        step = step_to_caller(&w, at);
    }
    *why = stops[step];
    return n;
}
