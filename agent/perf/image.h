/*
 * One loaded part of a file of code, however many processes have it loaded: its
 * unwind table and its names, at addresses of its own (address in the file +
 * PERF_IMAGE_BASE). Files are opened through the process that maps them, so
 * that containers and deleted files work, and stay open.
 *
 * Limits: PERF_IMAGES_MAX files, FK_CFI_BYTES_MAX of tables; beyond them code
 * is unwound by frame pointers and has no names. One thread.
 */
#ifndef FK_AGENT_PERF_IMAGE_H
#define FK_AGENT_PERF_IMAGE_H

#include "agent/objects.h"
#include "agent/perf/maps.h"

#include <sys/types.h>

#define PERF_IMAGE_BASE ((uintptr_t)1 << 40)
#define PERF_IMAGES_MAX 4096

struct perf_image {
    struct fk_object object; /* its path leads to `fd` */
    char *file;              /* name for people */
    uint64_t offset, size;   /* place of the code in the file */
    dev_t device;
    ino_t inode;
    int fd; /* -1: none */
    bool has_code;
    unsigned users, unused; /* processes; intervals without one */
    struct perf_image *next;
};

/* NULL when the file cannot be had. The caller is a user until it says that
 * it is no more. */
struct perf_image *perf_image_get(
    pid_t pid, const struct perf_mapping *mapping);
void perf_image_put(struct perf_image *image);
/* Is it this code that the mapping shows? */
bool perf_image_has(
    const struct perf_image *image, const struct perf_mapping *mapping);
/* Where the file's code at PERF_IMAGE_BASE lies in a process with this
 * mapping: add it to an address of the image. */
uintptr_t perf_image_shift(
    const struct perf_image *image, const struct perf_mapping *mapping);
/* After an interval: forget images without users. */
void perf_image_trim(void);

#endif
