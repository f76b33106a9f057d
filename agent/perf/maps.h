/*
 * The lines of /proc/PID/maps that show code. Paths in them are chosen by
 * strangers: a line longer than any that is kept is left out whole, so that
 * no part of a path is taken for a line. One thread.
 */
#ifndef FK_AGENT_PERF_MAPS_H
#define FK_AGENT_PERF_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* The longest path, and what is before it. */
#define PERF_MAPS_LINE_BYTES 4400

/* `path` lies in the line; it begins with '/' or is FK_VDSO_PATH. */
struct perf_mapping {
    uintptr_t lo, hi;
    uint64_t offset;
    dev_t device;
    ino_t inode;
    const char *path;
};

struct perf_maps {
    FILE *file;
    size_t lines; /* read so far, whatever they show */
    char line[PERF_MAPS_LINE_BYTES];
};

/* The next one, good until the next call; false at the end. */
bool perf_maps_next(struct perf_maps *maps, struct perf_mapping *mapping);
void perf_maps_rewind(struct perf_maps *maps);

#endif
