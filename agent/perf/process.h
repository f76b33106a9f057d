/*
 * The processes that were sampled: what they are called, where they belong,
 * and the map of their code in the form that the unwinder knows. A pid that
 * runs another program, or is used again, is another process here: `id` is
 * never used twice.
 *
 * The map is read when a process is first seen and again when the kernel
 * tells of new code in it, or when an address is in none (then at most once in
 * PERF_MAP_AGE_NS); one with many lines rests for PERF_MAP_REST_NS a line, so
 * that no process can make us read all the time. Names are made UTF-8 and
 * never empty. Limits: PERF_PROCESSES_MAX. One thread.
 */
#ifndef FK_AGENT_PERF_PROCESS_H
#define FK_AGENT_PERF_PROCESS_H

#include "agent/perf/image.h"

#include <stdint.h>

#define PERF_PROCESSES_MAX 32768
#define PERF_MAP_AGE_NS    INT64_C(20000000)
#define PERF_MAP_REST_NS   INT64_C(20000) /* reading one takes about 1 us */
#define PERF_NAME_BYTES    128

struct perf_process {
    int32_t id;
    pid_t pid;
    uint64_t start; /* of its first thread, as the kernel counts; 0: unknown */
    char comm[16];
    char program[PERF_NAME_BYTES];   /* its file's last part, or comm */
    char group[PERF_NAME_BYTES];     /* of its cgroup path, the last part */
    char container[PERF_NAME_BYTES]; /* an id of 12 digits, or "" */
    bool wanted;
    bool refused; /* its map cannot be read */
    /* The code; NULL before it was read. */
    struct fk_objects *objects;
    struct perf_code *code;   /* behind objects->spans, same order */
    int64_t read_ns, rest_ns; /* when its map was read; to be left alone for */
    bool stale, ended;
    bool doubted;    /* is it still the same? */
    unsigned unused; /* intervals without a sample */
    struct perf_process *next;
};

/* A piece of the map; the object is the image's, moved. */
struct perf_code {
    struct fk_object object;
    struct perf_image *image; /* NULL: not readable */
    bool known;               /* the image has what lies here */
    uintptr_t shift;          /* address here - address in the image */
};

/* Which ones: with this text in their cgroup path, or NULL for all. */
void perf_processes_want(const char *cgroup);
/* NULL: beyond the limit. Its map is up to date when this returns. */
struct perf_process *perf_process_seen(pid_t pid, int64_t now_ns);
/* An address was in no code: read the map again, unless that was just done.
 * True: it was read. */
bool perf_process_look_again(struct perf_process *p, int64_t now_ns);
void perf_process_changed(pid_t pid); /* there is new code in it */
/* It is gone, or another program: samples up to now keep its map. */
void perf_process_ended(pid_t pid);

/* News of processes may be among what the kernel had no room for: each is
 * looked at again when it is next seen. */
void perf_processes_doubt(void);

/* For naming: the process of a trace; NULL when unknown. */
const struct perf_process *perf_process_of(int32_t id);
/* Where the address lies, or NULL. */
const struct perf_code *perf_process_code(
    const struct perf_process *p, uintptr_t pc);
/* After an interval: forget those that ended or were not seen for long. */
void perf_processes_trim(void);
/* How many had a map that could not be read, for want of a privilege. */
unsigned perf_processes_refused(void);

#endif
