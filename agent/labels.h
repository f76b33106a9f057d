/*
 * Dynamic tags: immutable, interned sets of labels and one pointer a thread
 * to the set that is current. The signal handler reads that pointer and
 * nothing else; whatever it sees is a whole set, never half of one.
 *
 * Threads: any. Looking a set up is lock-free; making a new one takes a lock
 * that no handler takes. Sets live as long as the process.
 * Limits: FK_LABELSETS_MAX sets, FK_LABELSETS_BYTES of text, FK_TAGS_MAX
 * labels a set; a label beyond them is left out and counted.
 */
#ifndef FK_AGENT_LABELS_H
#define FK_AGENT_LABELS_H

#include "agent/flamekit.h"
#include "common/slice.h"

#include <stdbool.h>

#define FK_LABELSETS_MAX   4096
#define FK_LABELSETS_BYTES (4 << 20)
#define FK_TAGS_MAX        16
#define FK_TAG_KEY_MAX     128
#define FK_TAG_VALUE_MAX   256

struct fk_tag {
    struct fk_slice key, value;
};

struct flamekit_labelset {
    uint64_t hash;
    const struct flamekit_labelset *next; /* in the bucket */
    uint32_t count;
    struct fk_tag tags[]; /* sorted by key */
};

/* The set of the calling thread. A plain pointer store is all it takes. */
extern _Thread_local flamekit_labels fk_labels_current;

bool fk_labels_key_ok(const char *key);
bool fk_labels_value_ok(const char *value);

/* `base` with key set to value; value "" removes the key. Returns `base`
 * itself when the tag is bad, a limit is hit or nothing changes. */
flamekit_labels fk_labels_with(
    flamekit_labels base, const char *key, const char *value);

size_t fk_labels_bytes(void); /* memory in use */

/* Around fork, so that the child never finds the lock taken. */
void fk_labels_fork_prepare(void);
void fk_labels_fork_done(void);

#endif
