#include "agent/perf/ring.h"

#include <linux/perf_event.h>
#include <stdatomic.h>
#include <string.h>

/* ---- registers ---------------------------------------------------------- */

/* Place of each register, by DWARF's number, in the kernel's own order. */
#if defined(__x86_64__)
enum { SLOT_SP = 7, SLOT_PC = 8, NUM_SLOTS = 17 };

static const uint8_t slots[FK_GENERAL_REGS] = {
    0, 3, 2, 1, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16};
#else
enum { SLOT_SP = 31, SLOT_PC = 32, NUM_SLOTS = 33 };

static const uint8_t slots[FK_GENERAL_REGS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
    30};
#endif

static struct fk_regs regs_of(const uint64_t *slot)
{
    struct fk_regs regs = {
        .pc = slot[SLOT_PC], .sp = slot[SLOT_SP], .known = true};
    for (unsigned i = 0; i < FK_GENERAL_REGS; i++)
        regs.general[i] = slot[slots[i]];
    return regs;
}

/* ---- records ------------------------------------------------------------ */

/* Reads forward; past the end it yields zeros. */
struct reader {
    const char *at, *end;
};

static const void *take(struct reader *r, size_t n)
{
    static const uint64_t zeros[NUM_SLOTS];
    if (n > (size_t)(r->end - r->at)) {
        r->at = r->end;
        return n <= sizeof(zeros) ? zeros : NULL;
    }
    const void *at = r->at;
    r->at += n;
    return at;
}

static uint64_t take_word(struct reader *r)
{
    uint64_t word;
    memcpy(&word, take(r, sizeof(word)), sizeof(word));
    return word;
}

/* In the order of perf_event_open(2): TID, CALLCHAIN, REGS_USER, STACK_USER. */
static void read_sample(struct reader *r, const struct perf_listener *l)
{
    struct perf_sample s = {.pid = 0};
    uint64_t ids = take_word(r);
    s.pid = (pid_t)(uint32_t)ids;
    s.tid = (pid_t)(ids >> 32);
    uint64_t links = take_word(r);
    if (links > (size_t)(r->end - r->at) / sizeof(uint64_t))
        return;
    s.num_kernel = links;
    s.kernel = take(r, links * sizeof(uint64_t));
    uint64_t abi = take_word(r);
    if (abi != PERF_SAMPLE_REGS_ABI_NONE) {
        s.regs = regs_of(take(r, NUM_SLOTS * sizeof(uint64_t)));
        uint64_t room = take_word(r);
        s.stack = room <= (size_t)(r->end - r->at) ? take(r, room) : NULL;
        uint64_t filled = s.stack && room ? take_word(r) : 0;
        s.stack_len = filled < room ? filled : room;
        s.has_regs = abi == PERF_SAMPLE_REGS_ABI_64;
    }
    l->on_sample(l->arg, &s);
}

static void read_record(const struct perf_event_header *head, struct reader *r,
    const struct perf_listener *l)
{
    switch (head->type) {
    case PERF_RECORD_SAMPLE:
        read_sample(r, l);
        break;
    case PERF_RECORD_COMM:
        if (head->misc & PERF_RECORD_MISC_COMM_EXEC)
            l->on_exec(l->arg, (pid_t)(uint32_t)take_word(r));
        break;
    case PERF_RECORD_MMAP:
        l->on_mmap(l->arg, (pid_t)(uint32_t)take_word(r));
        break;
    case PERF_RECORD_EXIT: {
        uint64_t pids = take_word(r), tids = take_word(r);
        if ((uint32_t)pids == (uint32_t)tids) /* the main thread */
            l->on_exit(l->arg, (pid_t)(uint32_t)pids);
        break;
    }
    case PERF_RECORD_LOST:
        take_word(r);
        l->on_lost(l->arg, take_word(r));
        break;
    }
}

static void copy_out(
    const struct perf_ring *ring, uint64_t from, void *to, size_t n)
{
    size_t at = from % ring->size, first = ring->size - at;
    first = first < n ? first : n;
    memcpy(to, ring->data + at, first);
    memcpy((char *)to + first, ring->data, n - first);
}

void perf_ring_read(
    const struct perf_ring *ring, char *record, const struct perf_listener *l)
{
    _Atomic uint64_t *head_at = (_Atomic uint64_t *)&ring->page->data_head;
    _Atomic uint64_t *tail_at = (_Atomic uint64_t *)&ring->page->data_tail;
    uint64_t head = atomic_load_explicit(head_at, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(tail_at, memory_order_relaxed);
    struct perf_event_header first;
    while (head - tail >= sizeof(first)) {
        copy_out(ring, tail, &first, sizeof(first));
        bool sane = first.size >= sizeof(first) && first.size <= head - tail;
        if (sane)
            copy_out(ring, tail, record, first.size);
        tail = sane ? tail + first.size : head;
        atomic_store_explicit(tail_at, tail, memory_order_release);
        struct reader r = {record + sizeof(first), record + first.size};
        if (sane)
            read_record(&first, &r, l);
        else
            l->on_lost(l->arg, 1);
    }
}

bool perf_sample_stack(const struct perf_sample *s, struct fk_stack *stack)
{
    uintptr_t sp = s->regs.sp;
    if (s->stack == NULL || s->stack_len < sizeof(uintptr_t) ||
        sp < FK_RED_ZONE || s->stack_len > UINTPTR_MAX - sp)
        return false;
    *stack = (struct fk_stack){.lo = sp,
        .hi = sp + s->stack_len,
        .delta = (ptrdiff_t)((uintptr_t)s->stack - sp)};
    return true;
}
