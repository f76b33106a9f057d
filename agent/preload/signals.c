/*
 * sigaction and signal, in front of the C library's, for the one signal that
 * the agent uses: what the host wants of it is kept and called by our handler
 * (agent/chain.h). All other signals go by untouched.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>

#include "agent/cputimer.h"
#include "agent/flamekit.h"
#include "agent/preload/real.h"

typedef int action_fn(int, const struct sigaction *, struct sigaction *);
typedef void handler_fn(int);
typedef handler_fn *signal_fn(int, handler_fn *);

/* A signal handler may be the first to come: searching is over before it can
 * be installed, for the agent's start and every sigaction pass here. */
static struct {
    _Atomic(action_fn *) action;
    _Atomic(signal_fn *) signal;
} real;

static void search(void)
{
    atomic_store(&real.signal, (signal_fn *)dlsym(RTLD_NEXT, "signal"));
    atomic_store(&real.action, (action_fn *)dlsym(RTLD_NEXT, "sigaction"));
}

int fk_real_sigaction(
    int signo, const struct sigaction *action, struct sigaction *old)
{
    if (atomic_load(&real.action) == NULL)
        search();
    return atomic_load(&real.action)(signo, action, old);
}

static handler_fn *real_signal(int signo, handler_fn *handler)
{
    if (atomic_load(&real.signal) == NULL)
        search();
    return atomic_load(&real.signal)(signo, handler);
}

FLAMEKIT_API int sigaction(int signo, const struct sigaction *restrict action,
    struct sigaction *restrict old)
{
    if (fk_cputimer_action(signo, action, old))
        return 0;
    return fk_real_sigaction(signo, action, old);
}

FLAMEKIT_API handler_fn *signal(int signo, handler_fn *handler)
{
    struct sigaction wish = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction old;
    if (fk_cputimer_action(signo, &wish, &old))
        return old.sa_handler;
    return real_signal(signo, handler);
}
