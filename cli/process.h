/*
 * Background processes of the kit: started in a session of their own, with
 * their output in a log file, known by pid and start time so that a recycled
 * pid is never signalled.
 */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    char name[32];
    pid_t pid;
    uint64_t started; /* clock ticks since boot, from /proc/PID/stat */
};

enum process_start {
    PROCESS_READY,
    PROCESS_EXITED, /* before it said ready; the log tells */
    PROCESS_SILENT, /* said nothing for `timeout_s`; it was stopped */
};

/* Runs argv with stderr appended to `log`, and waits for the line
 * "ready URL" on its stdout; *url gets the URL. */
enum process_start process_start(struct process *p, const char *const argv[],
    const char *log, int timeout_s, char url[256]);
/* execv; returns only when it failed, with errno. */
void process_become(const char *const argv[]);
bool process_alive(const struct process *p);
/* SIGTERM, then SIGKILL after `grace_s`. False when it had to be killed. */
bool process_stop(const struct process *p, int grace_s);
/* 0 when there is no such process. */
uint64_t process_started_at(pid_t pid);

#endif
