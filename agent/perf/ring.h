/*
 * What the kernel writes into the ring of a perf event, read: samples
 * (registers, a copy of the stack's top, the kernel's call chain) and news of
 * processes. Every length in a record is checked against the record; one that
 * makes no sense costs what is in the ring, which is told as lost. One thread.
 */
#ifndef FK_AGENT_PERF_RING_H
#define FK_AGENT_PERF_RING_H

#include "agent/regs.h"
#include "agent/unwind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PERF_RECORD_BYTES 65536 /* the size of a record has 16 bits */

/* The registers of samples, in the kernel's own order. */
#if defined(__x86_64__)
#define PERF_REG_MASK 0xff01ffu /* ax..ip, r8..r15 */
#else
#define PERF_REG_MASK 0x1ffffffffull /* x0..x30, sp, pc */
#endif

struct perf_event_mmap_page;

struct perf_ring {
    struct perf_event_mmap_page *page; /* heads and tails */
    const char *data;
    size_t size;
};

struct perf_sample {
    pid_t pid, tid;
    const uint64_t *kernel; /* leaf first, with the kernel's marks in it */
    size_t num_kernel;
    bool has_regs; /* false: a kernel thread, or a 32-bit program */
    struct fk_regs regs;
    const char *stack; /* what was at regs.sp and above */
    size_t stack_len;
};

struct perf_listener {
    void (*on_sample)(void *arg, const struct perf_sample *sample);
    void (*on_exec)(void *arg, pid_t pid); /* it is another program now */
    void (*on_mmap)(void *arg, pid_t pid); /* new code in it */
    void (*on_exit)(void *arg, pid_t pid);
    void (*on_lost)(void *arg, uint64_t records); /* samples, or news */
    void *arg;
};

/* Hand on everything in it. `record` is room for one: PERF_RECORD_BYTES,
 * aligned for words. */
void perf_ring_read(const struct perf_ring *ring, char *record,
    const struct perf_listener *listener);
/* The copy as a stack to be unwound; false: there is none to speak of. */
bool perf_sample_stack(
    const struct perf_sample *sample, struct fk_stack *stack);

#endif
