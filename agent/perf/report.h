/*
 * Samples -> profiles: equal stacks are counted together, and at the end of
 * an interval become one CPU profile a service, with names, for a server or
 * a file. Labels of each stack: pid, comm, container. One thread.
 *
 * Limits: PERF_SERVICES_MAX services and PERF_STACKS_MAX stacks of each in an
 * interval, and those of agent/stacktab.h; what does not fit is `lost`.
 */
#ifndef FK_AGENT_PERF_REPORT_H
#define FK_AGENT_PERF_REPORT_H

#include "agent/outfile.h"
#include "agent/perf/process.h"
#include "agent/stacktab.h"
#include "common/buf.h"
#include "common/map.h"
#include "common/pprof.h"

#define PERF_SERVICES_MAX 256
#define PERF_STACKS_MAX   16000 /* that is what servers take */

enum perf_naming { PERF_BY_PROGRAM, PERF_BY_CGROUP };

struct perf_service {
    char name[PERF_NAME_BYTES];
    struct fk_pprof_writer writer;
    struct fk_map mappings; /* image -> its number in the writer */
    uint32_t kernel;        /* the kernel's number, 0: not yet used */
    uint64_t weight;
};

struct perf_report {
    const flamekit_config *config;
    const char *name; /* of the one service; NULL: each has its own */
    enum perf_naming naming;
    bool lines;        /* and functions that were inlined, by libdw */
    bool program_root; /* the program's name is the outermost frame */
    struct fk_stacktab *table;
    struct fk_arena text;
    struct perf_service *services; /* of the interval at hand */
    size_t num_services;
    int64_t start_wall_ns, start_mono_ns;
    uint64_t delivered, lost; /* totals */
};

bool perf_report_init(struct perf_report *r, const flamekit_config *config);
void perf_report_fini(struct perf_report *r);
/* Addresses of the kernel have their highest bit set. */
void perf_report_add(struct perf_report *r, const struct perf_process *process,
    const struct fk_trace *trace);
/* End of an interval: its profiles go to the file, or else into `message`.
 * Returns their weight. */
uint64_t perf_report_take(
    struct perf_report *r, struct fk_outfile *file, struct fk_buf *message);

#endif
