/*
 * Names of the kernel's functions, from /proc/kallsyms, read when the first
 * one is asked for. They end in "_[k]". Without the privilege to see
 * addresses every one is called "[kernel]_[k]". One thread.
 */
#ifndef FK_AGENT_PERF_KERNEL_H
#define FK_AGENT_PERF_KERNEL_H

#include "common/slice.h"

/* Valid until the process ends. */
struct fk_slice perf_kernel_name(uint64_t address);

#endif
