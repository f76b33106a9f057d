/*
 * Asks the dynamic loader what is loaded.
 *
 * Agent thread only. The loader's lock is held while it answers, so nothing
 * is allocated then: the answer goes into room made beforehand, and the
 * question is repeated with more room when that was too little.
 */
#ifndef FK_AGENT_LOADER_H
#define FK_AGENT_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FK_NOTES_MAX = 4 };

/* Run-time addresses throughout. */
struct fk_loaded {
    uintptr_t base, start;    /* load bias; first byte mapped */
    uintptr_t lo, hi;         /* executable part; lo == hi: none */
    uint64_t lo_offset;       /* of `lo` in the file */
    uintptr_t hdr;            /* .eh_frame_hdr; 0: none */
    uintptr_t hdr_lo, hdr_hi; /* segment around it */

    struct {
        uintptr_t at;
        size_t size;
    } notes[FK_NOTES_MAX];

    size_t name; /* in fk_loader.names; "" is the program itself */
};

struct fk_loader {
    bool asked;
    unsigned long long adds, subs; /* of the last answer */
    bool unloaded; /* something was unloaded since the answer before */
    struct fk_loaded *list;
    size_t count, room;
    char *names;
    size_t names_len, names_room;
};

/* 1: `list` is new, 0: nothing was loaded or unloaded since, -errno. */
int fk_loader_ask(struct fk_loader *loader);
/* Make the next question count as the first. */
void fk_loader_forget(struct fk_loader *loader);
void fk_loader_fini(struct fk_loader *loader);

#endif
