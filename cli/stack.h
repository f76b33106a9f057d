/* What the stack verbs share: the list of processes, the round trip. */
#ifndef CLI_STACK_H
#define CLI_STACK_H

#include "cli/kit.h"
#include "cli/process.h"

enum { STACK_MAX = 8 };

/* Held while the list of processes is read, changed and written. */
int stack_lock(const struct kit *kit);
void stack_unlock(int lock);

/* The processes of `.flamekit/pids`; how many there were. */
size_t stack_read(const struct kit *kit, struct process *out, size_t max);
FK_MUST_USE enum fk_err stack_write(const struct kit *kit,
    const struct process *list, size_t n, struct fk_diag *diag);

FK_MUST_USE enum fk_err stack_pids_path(const struct kit *kit, char *path);
/* Keeps the living; returns how many. */
size_t stack_drop_dead(struct process *list, size_t n);
/* The server last: what the others have to say at their end must arrive. */
void stack_stop_all(const struct process *list, size_t n);
/* Server and demo app. */
bool stack_all_run(const struct process *list, size_t n);
/* They run, or somebody else runs them under our run id. */
bool stack_is_up(const struct kit *kit, const struct process *list, size_t n);
/* Starts the second demo app, workshop.demo.night, unless it runs. */
FK_MUST_USE enum fk_err stack_need_night(struct kit *kit, struct fk_diag *diag);

/* The part on this URL must carry our run id; else a sentence says whose it
 * is. */
FK_MUST_USE enum fk_err stack_verify_run(
    const struct kit *kit, const char *url, struct fk_diag *diag);

/* Stops a generator that runs against the instance, then becomes one; returns
 * only on failure, with the exit status. */
int stack_become_load(
    struct kit *kit, bool night, const char *const args[], size_t num_args);

/* Stops the generators that run, on both instances. */
void stack_stop_load(struct kit *kit);

/* Proof that a profile made by the demo app's hello_profiler function comes
 * back out of the server, within ten seconds. */
FK_MUST_USE enum fk_err stack_hello(
    const struct kit *kit, struct fk_diag *diag);

/* Removes a file or a folder with all in it, not following links. True when
 * there was something. */
bool stack_remove(const char *path);

#endif
