#include "agent/fpscan.h"

#include "agent/peek.h"

/* Stack reads look like wild pointers to the sanitizers. */
#define FK_RAW_READ __attribute__((no_sanitize("address")))

enum {
    SCAN_BYTES = 64 << 10, /* no larger frame is looked through */
    FP_ALIGN = 16,
    CODE_BYTES = 8, /* the longest call, and a bit */
    MAX_LINKS = 64,
    TRIAL_FRAMES = 6,
};

typedef uintptr_t __attribute__((may_alias)) stack_word;

struct scan {
    const struct fk_objects *objects;
    const struct fk_stack *stack;
    const struct fk_rule *rule;
    uintptr_t sp, pc;   /* of the frame */
    uintptr_t function; /* its start */
};

/* What a frame pointer leads to. */
struct pair {
    uintptr_t saved, ra;
    bool ours; /* called through a pointer or a stub, or directly: `function` */
};

FK_RAW_READ static bool read_word(
    const struct fk_stack *s, uintptr_t at, uintptr_t *value)
{
    if (at < s->lo || at > s->hi - sizeof *value || at % sizeof *value)
        return false;
    *value = *(const stack_word *)(at + (uintptr_t)s->delta);
    return true;
}

static uint32_t word_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
           (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool read_code(uintptr_t at, uint8_t code[CODE_BYTES])
{
    return fk_peek(code, at, CODE_BYTES) == CODE_BYTES;
}

#if defined(__x86_64__)
/* The target of the call that ends where `code` does: 0 when it goes through
 * a register or memory. False: that is no call. */
static bool call_target(const uint8_t *code, uintptr_t ra, uintptr_t *target)
{
    /* ff /2, by the length of its address */
    static const struct {
        uint8_t length, mask, modrm;
    } forms[] = {
        {2, 0xf8, 0xd0}, /* *%reg */
        {2, 0xf8, 0x10}, /* *(%reg) */
        {3, 0xf8, 0x50}, /* *disp8(%reg) */
        {3, 0xff, 0x14}, /* with an index */
        {4, 0xff, 0x54},
        {6, 0xf8, 0x90}, /* *disp32(%reg) */
        {6, 0xff, 0x15}, /* *disp32(%rip) */
        {7, 0xff, 0x94},
    };

    const uint8_t *end = code + CODE_BYTES;
    *target = end[-5] == 0xe8
                  ? ra + (uintptr_t)(intptr_t)(int32_t)word_at(end - 4)
                  : 0;
    for (size_t i = 0; *target == 0 && i < sizeof forms / sizeof forms[0];
         i++) {
        const uint8_t *at = end - forms[i].length;
        if (at[0] == 0xff && (at[1] & forms[i].mask) == forms[i].modrm)
            return true;
    }
    return *target != 0;
}

/* A PLT entry: jmp *disp32(%rip), perhaps behind endbr64. */
static bool is_stub(const uint8_t *code)
{
    static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
    if (word_at(code) == word_at(endbr64))
        code += sizeof endbr64;
    code += code[0] == 0xf2; /* bnd */
    return code[0] == 0xff && code[1] == 0x25;
}
#else
static bool call_target(const uint8_t *code, uintptr_t ra, uintptr_t *target)
{
    uint32_t word = word_at(code + CODE_BYTES - 4);
    *target = 0;
    if (word >> 26 == 0x25) /* bl */
        *target = ra - 4 + (uintptr_t)(intptr_t)((int32_t)(word << 6) >> 4);
    return *target != 0 || (word & 0xfffffc1f) == 0xd63f0000 || /* blr */
           (word & 0xfefff800) == 0xd63f0800; /* blraa and its like */
}

/* A PLT entry: adrp x16, perhaps behind bti c. */
static bool is_stub(const uint8_t *code)
{
    uint32_t word = word_at(code);
    if (word == 0xd503245f)
        word = word_at(code + 4);
    return (word & 0x9f00001f) == 0x90000010;
}
#endif

static uintptr_t function_of(const struct scan *s, uintptr_t pc)
{
    const struct fk_object *object = fk_objects_find(s->objects, pc);
    return object ? fk_cfi_function(&object->cfi, pc) : 0;
}

/* Does a walk that takes `at` for the frame pointer get anywhere? */
static bool leads_on(const struct scan *s, uintptr_t at)
{
    uintptr_t pcs[TRIAL_FRAMES];
    enum fk_unwind_stop why;
    struct fk_regs regs = {.pc = s->pc, .sp = s->sp, .known = true};
    regs.general[FK_DWARF_FP] = at;
    fk_unwind(s->objects, &regs, s->stack, pcs, TRIAL_FRAMES, &why);
    return why == FK_UNWIND_COMPLETE || why == FK_UNWIND_DEPTH;
}

static bool read_pair(const struct scan *s, uintptr_t at, struct pair *p)
{
    uint8_t code[CODE_BYTES];
    uintptr_t cfa = at + (uintptr_t)s->rule->offset, target;
    if (at % FP_ALIGN ||
        !read_word(s->stack, cfa + (uintptr_t)s->rule->fp.offset, &p->saved) ||
        !read_word(s->stack, cfa + (uintptr_t)s->rule->ra.offset, &p->ra))
        return false;
    p->ra = fk_strip(p->ra);
    if (!fk_objects_find(s->objects, p->ra - 1) ||
        !read_code(p->ra - CODE_BYTES, code) ||
        !call_target(code, p->ra, &target))
        return false;
    p->ours = target == 0 || target == s->function ||
              (read_code(target, code) && is_stub(code));
    return leads_on(s, at);
}

struct chain {
    uintptr_t at[MAX_LINKS];
    unsigned count;
};

static bool on_chain(const struct chain *c, uintptr_t at)
{
    for (unsigned i = 0; i < c->count; i++)
        if (c->at[i] == at)
            return true;
    return false;
}

/* The pairs that follow from one. Stops with the one that belongs to the
 * function for sure: a call that it made, and that is over, leads to it. */
static uintptr_t follow(
    const struct scan *s, uintptr_t at, struct pair p, struct chain *chain)
{
    while (chain->count < MAX_LINKS) {
        chain->at[chain->count++] = at;
        bool made_by_it = function_of(s, p.ra - 1) == s->function;
        uintptr_t next = p.saved;
        if (next <= at || !read_pair(s, next, &p))
            return 0;
        if (made_by_it)
            return next;
        at = next;
    }
    return 0;
}

/* Does it lead to a pair of the chain, without being one? */
static bool joins(const struct scan *s, uintptr_t at, struct pair p,
    const struct chain *chain)
{
    if (on_chain(chain, at))
        return false;
    for (unsigned i = 0; i < MAX_LINKS; i++) {
        uintptr_t next = p.saved;
        if (on_chain(chain, next))
            return true;
        if (next <= at || !read_pair(s, next, &p))
            return false;
        at = next;
    }
    return false;
}

/* The lowest pair from *at on; false: none. */
static bool next_pair(
    const struct scan *s, uintptr_t *at, uintptr_t end, struct pair *p)
{
    for (; *at < end; *at += FP_ALIGN)
        if (read_pair(s, *at, p))
            return true;
    return false;
}

/* The lowest pair is the right one when its call may have led here. When it
 * can not, either the function was jumped to, or what was found was left
 * behind by calls that are over, in room that nobody has written to since:
 * then there is another one further up, and both lead to the same callers. */
static uintptr_t choose(const struct scan *s, uintptr_t at, uintptr_t end)
{
    struct chain chain = {.count = 0};
    struct pair p;
    if (!next_pair(s, &at, end, &p))
        return 0;
    uintptr_t lowest = at, found = p.ours ? at : follow(s, at, p, &chain);
    while (found == 0) {
        at += FP_ALIGN;
        if (!next_pair(s, &at, end, &p))
            return lowest;
        if (p.ours && joins(s, at, p, &chain))
            found = at;
    }
    return found;
}

bool fk_fpscan(const struct fk_objects *objects, const struct fk_stack *stack,
    uintptr_t sp, uintptr_t pc, const struct fk_rule *rule, uintptr_t *fp)
{
    struct scan s = {
        .objects = objects, .stack = stack, .rule = rule, .sp = sp, .pc = pc};
    if (rule->deref || rule->ra.how != FK_SAVED_CFA ||
        rule->fp.how != FK_SAVED_CFA || sp >= stack->hi)
        return false;
    s.function = function_of(&s, pc);
    uintptr_t end = stack->hi - sp < SCAN_BYTES ? stack->hi : sp + SCAN_BYTES;
    *fp = choose(&s, (sp + FP_ALIGN - 1) / FP_ALIGN * FP_ALIGN, end);
    return *fp != 0;
}
