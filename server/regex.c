#include "server/regex.h"

#include "server/regex_code.h"
#include "server/utf8.h"

#include <string.h>

enum { RANGES_A_STEP = 8 };

/* All places of the program where the match may be after some characters. */
struct places {
    uint16_t pc[REGEX_MAX_OPS];
    uint32_t count;
};

struct run {
    const struct regex *re;
    struct fk_slice text;
    size_t at;
    uint32_t seen[REGEX_MAX_OPS]; /* at which round, so that each is once */
    uint32_t round;
    uint64_t steps;
};

static bool word_at(const struct run *r, size_t i)
{
    char c = i < r->text.len ? r->text.ptr[i] : ' ';
    return (c >= '0' && c <= '9') || c == '_' ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool holds(const struct run *r, enum regex_op op)
{
    bool boundary = (r->at > 0 && word_at(r, r->at - 1)) != word_at(r, r->at);
    if (op == OP_BEGIN)
        return r->at == 0;
    if (op == OP_END)
        return r->at == r->text.len;
    return boundary == (op == OP_WORD);
}

/* Follow everything that consumes no character, from pc. */
static void reach(struct run *r, uint32_t start, struct places *out)
{
    uint16_t stack[REGEX_MAX_OPS + 2];
    uint32_t depth = 0;
    stack[depth++] = (uint16_t)start;
    while (depth) {
        uint32_t pc = stack[--depth];
        r->steps++;
        const struct regex_ins *in = &r->re->code[pc];
        if (r->seen[pc] == r->round)
            continue;
        r->seen[pc] = r->round;
        switch ((enum regex_op)in->op) {
        case OP_SPLIT:
            stack[depth++] = (uint16_t)((int32_t)pc + in->hi);
            stack[depth++] = (uint16_t)((int32_t)pc + in->lo);
            break;
        case OP_JUMP:
            stack[depth++] = (uint16_t)((int32_t)pc + in->lo);
            break;
        case OP_BEGIN:
        case OP_END:
        case OP_WORD:
        case OP_NOWORD:
            if (holds(r, (enum regex_op)in->op))
                stack[depth++] = (uint16_t)(pc + 1);
            break;
        case OP_CHAR:
        case OP_CLASS:
        case OP_MATCH:
            out->pc[out->count++] = (uint16_t)pc;
            break;
        }
    }
}

/* Steps that one look at a character takes: some ranges are as quick as one
 * step elsewhere. */
static uint64_t cost(const struct regex_ins *in)
{
    return in->op == OP_CLASS ? 1 + (uint64_t)in->hi / RANGES_A_STEP : 1;
}

static bool in_set(
    const struct regex *re, const struct regex_ins *in, uint32_t c)
{
    if (in->op == OP_CHAR)
        return c >= (uint32_t)in->lo && c <= (uint32_t)in->hi;
    const struct regex_range *range = re->ranges + in->lo;
    for (int32_t i = 0; i < in->hi; i++)
        if (c >= range[i].lo && c <= range[i].hi)
            return true;
    return false;
}

static bool consumes(
    const struct regex *re, const struct regex_ins *in, uint32_t c)
{
    if (in->op == OP_MATCH)
        return false;
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    bool hit =
        in_set(re, in, c) || (in->fold && letter && in_set(re, in, c ^ 0x20));
    return hit != in->negated;
}

bool regex_matches(
    const struct regex *re, struct fk_slice value, uint64_t *work)
{
    struct run r = {.re = re, .text = value};
    struct places now = {.count = 0}, next;
    r.round = 1;
    reach(&r, 0, &now);
    while (r.at < value.len && now.count && r.steps < *work) {
        uint32_t c = utf8_next(value, &r.at);
        next.count = 0;
        r.round++;
        for (uint32_t i = 0; i < now.count; i++) {
            r.steps += cost(&re->code[now.pc[i]]);
            if (consumes(re, &re->code[now.pc[i]], c))
                reach(&r, now.pc[i] + 1u, &next);
        }
        memcpy(now.pc, next.pc, next.count * sizeof *next.pc);
        now.count = next.count;
    }
    if (r.steps >= *work) {
        *work = 0;
        return false;
    }
    *work -= r.steps;
    for (uint32_t i = 0; i < now.count; i++)
        if (re->code[now.pc[i]].op == OP_MATCH)
            return true;
    return false;
}
