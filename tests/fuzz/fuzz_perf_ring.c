/* Bytes as a ring of the kernel's, wherever it begins in the ring, and each
 * sample's copy of a stack walked: what is handed on lies in the record, and
 * no address outside the copy is read. */
#include "agent/perf/ring.h"

#include "common/check.h"

#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 1 << 16, FRAMES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(16) char record[PERF_RECORD_BYTES];

static bool in_record(const void *at, size_t n)
{
    uintptr_t from = (uintptr_t)at - (uintptr_t)record;
    return n == 0 || (from < sizeof(record) && n <= sizeof(record) - from);
}

/* A copy of its own, so that the sanitizer sees its ends. */
static void walk(struct perf_sample s)
{
    static const struct fk_objects nothing = {.epoch = 1};
    uintptr_t pcs[FRAMES];
    struct fk_stack stack;
    enum fk_unwind_stop why;
    char *copy = malloc(s.stack_len + 1);
    if (copy == NULL || !perf_sample_stack(&s, &stack)) {
        free(copy);
        return;
    }
    memcpy(copy, s.stack, s.stack_len);
    s.stack = copy;
    FK_ASSERT(perf_sample_stack(&s, &stack) && stack.lo < stack.hi);
    unsigned n = fk_unwind(&nothing, &s.regs, &stack, pcs, FRAMES, &why);
    FK_ASSERT(n >= 1 && n <= FRAMES);
    free(copy);
}

static void on_sample(void *arg, const struct perf_sample *s)
{
    (void)arg;
    FK_ASSERT(in_record(s->kernel, s->num_kernel * sizeof(*s->kernel)));
    FK_ASSERT(in_record(s->stack, s->stack_len));
    if (s->has_regs)
        walk(*s);
}

static void on_pid(void *arg, pid_t pid)
{
    *(pid_t *)arg = pid;
}

static void on_lost(void *arg, uint64_t records)
{
    (void)arg;
    (void)records;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char bytes[RING];
    struct perf_event_mmap_page page = {.version = 0};
    uint16_t start;
    pid_t pid;
    if (size < sizeof(start) || size > RING)
        return 0;
    memcpy(&start, data, sizeof(start));
    size -= sizeof(start);
    for (size_t i = 0; i < size; i++)
        bytes[(start + i) % RING] = (char)data[sizeof(start) + i];
    page.data_tail = start;
    page.data_head = start + size;
    const struct perf_ring ring = {&page, bytes, RING};
    const struct perf_listener listener = {.on_sample = on_sample,
        .on_exec = on_pid,
        .on_mmap = on_pid,
        .on_exit = on_pid,
        .on_lost = on_lost,
        .arg = &pid};
    perf_ring_read(&ring, record, &listener);
    FK_ASSERT(
        page.data_head - page.data_tail < sizeof(struct perf_event_header));
    return 0;
}
