/*
 * Flamekit: a sampling profiler that lives inside your program and uploads
 * what it sees to a Pyroscope-compatible server.
 *
 *   flamekit_config config;
 *   flamekit_config_init(&config);
 *   config.application_name = "shop.checkout";
 *   flamekit_configure(&config);
 *   ...
 *   { FLAMEKIT_TAG("endpoint", "/api/pay"); handle_pay(); }
 *
 * Manners: it is a guest. It never exits, aborts or writes to stdout, opens
 * no port, and no call here waits for the network except flamekit_flush and
 * flamekit_shutdown, which take or have a deadline. When something is wrong
 * profiling stops, a counter moves and the log callback gets one sentence;
 * the program runs on.
 *
 * Threads: every function may be called from any thread, at any time after
 * main began, but not from a signal handler. The agent runs one thread of
 * its own, and another one for wall-clock profiles; both block all signals.
 * After fork() the child is not profiled, unless after_fork says so; it may
 * call flamekit_configure again.
 *
 * Ownership: strings and arrays passed in are copied before the call
 * returns, unless a comment says otherwise. Strings returned live as long as
 * the process.
 *
 * Errors: functions that return int give 0 or a negative errno value. Tags
 * may be set before flamekit_configure and hold; everything else does nothing
 * while the agent does not run.
 */
#ifndef FLAMEKIT_H
#define FLAMEKIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLAMEKIT_API __attribute__((visibility("default")))

/* Bits of profile_types. A wall-clock profile has the time of every thread,
 * running or waiting; no thread is ever woken up for it. Allocations, memory
 * in use and locks are seen only in a program that links libflamekit_hooks.a
 * or runs with libflamekit_preload.so; elsewhere flamekit_configure logs that
 * their bits have no effect. */
#define FLAMEKIT_PROFILE_CPU   1u
#define FLAMEKIT_PROFILE_WALL  2u
#define FLAMEKIT_PROFILE_ALLOC 4u
#define FLAMEKIT_PROFILE_INUSE 8u
#define FLAMEKIT_PROFILE_LOCK  16u

enum flamekit_log_level {
    FLAMEKIT_LOG_DEBUG,
    FLAMEKIT_LOG_INFO,
    FLAMEKIT_LOG_WARN,
    FLAMEKIT_LOG_ERROR,
    FLAMEKIT_LOG_NONE
};

/* How much of an address is turned into text before the upload. */
enum flamekit_symbolize {
    FLAMEKIT_SYMBOLIZE_NONE,      /* addresses and build ids only */
    FLAMEKIT_SYMBOLIZE_FUNCTIONS, /* default */
    FLAMEKIT_SYMBOLIZE_LINES      /* and lines, and inlined functions */
};

enum flamekit_after_fork {
    FLAMEKIT_FORK_OFF, /* default: the child is not profiled */
    /* The child starts an agent of its own, with a pid label on its samples:
     * a second after the fork, or when it first calls flamekit_flush,
     * flamekit_set_enabled or flamekit_thread_register. Not when
     * output_file has no "%p" in it. */
    FLAMEKIT_FORK_RESTART
};

typedef struct flamekit_tag {
    const char *key, *value; /* key: [A-Za-z_][A-Za-z0-9_.]*, value: UTF-8,
                                at most 256 bytes */
} flamekit_tag;

typedef void (*flamekit_log_fn)(int level, const char *message, void *arg);

typedef struct flamekit_config {
    size_t struct_size;           /* set by flamekit_config_init */
    const char *application_name; /* required; becomes service_name */
    const char *server_address;   /* http://127.0.0.1:4040, prefix allowed */
    const char *basic_auth_user, *basic_auth_password;
    const char *auth_token, *tenant_id;
    const char *const *http_headers; /* "Name: value", NULL-terminated */
    const flamekit_tag *tags;        /* static, on every profile */
    size_t num_tags;
    unsigned profile_types;      /* FLAMEKIT_PROFILE_CPU */
    unsigned sample_rate;        /* 100 a second of CPU time, 1..1000 */
    unsigned upload_interval_ms; /* 15000, 100..3600000 */
    unsigned wall_interval_ms;   /* 20, 1..10000 */
    size_t alloc_sample_bytes;   /* 524288 */
    uint64_t lock_sample_ns;     /* 10000 */
    unsigned max_stack_depth;    /* 128, 1..512 */
    int symbolize;               /* enum flamekit_symbolize */
    int report_thread_id, report_thread_name, report_pid; /* sample labels */
    int after_fork;               /* enum flamekit_after_fork */
    int signal_number;            /* 0 = SIGPROF, or a free real-time one */
    size_t memory_limit;          /* 64 MiB for unwind tables; code without
                                     one is walked by frame pointers */
    unsigned push_queue_capacity; /* 8 uploads wait for the server, 1..64 */
    unsigned ingest_max_tries;    /* 8 an upload */
    /* Called from the agent's thread and from the caller of this API; must
     * not call it back. NULL: one line on stderr. Levels below log_level
     * (default FLAMEKIT_LOG_WARN) are not formatted. */
    flamekit_log_fn log;
    void *log_arg;
    int log_level;
    /* Profiles go to this file and not to a server: merged until the end,
     * pprof when it is called .pb or .pprof (compressed with .gz behind it),
     * folded text otherwise. "%p" is the process id. NULL: to the server. */
    const char *output_file;
} flamekit_config;

/* Defaults, then the PYROSCOPE_* environment. Call the first form. */
static inline void flamekit_config_init(flamekit_config *config);
FLAMEKIT_API void flamekit_config_init_sized(flamekit_config *, size_t size);

/* Start. -EALREADY when it runs, -EINVAL for a missing name or a value out
 * of its range (the log says which), -ECANCELED when
 * PYROSCOPE_AGENT_ENABLED=0. A server that is away is not an error. */
FLAMEKIT_API int flamekit_configure(const flamekit_config *config);

/* Switch profile types off and on again without stopping anything else. */
FLAMEKIT_API int flamekit_set_enabled(unsigned profile_types, int on);

/* Upload what was collected until now. 0: the server has it; -ETIMEDOUT: not
 * yet; -EAGAIN: server away or overloaded, it stays queued; -EIO: the server
 * refused it for good; -ESRCH: not running. */
FLAMEKIT_API int flamekit_flush(unsigned timeout_ms);

/* Final upload of at most two seconds, then everything is as it was before
 * flamekit_configure. Runs by itself at exit(). */
FLAMEKIT_API void flamekit_shutdown(void);

/*
 * Dynamic tags become labels of the samples taken on this thread while they
 * are set. Scopes nest; the inner value of a key hides the outer one, an
 * empty value removes the key. A bad key changes nothing. At most 4096
 * different sets of tags exist in a process; a tag that would need another
 * one is left out and counted (lost_labelsets).
 */
typedef struct flamekit_scope {
    const void *prev;
} flamekit_scope;

FLAMEKIT_API flamekit_scope flamekit_tag_push(
    const char *key, const char *value);
FLAMEKIT_API void flamekit_tag_pop(flamekit_scope scope);
/* fn(arg) under all the tags; returns what it returns. */
FLAMEKIT_API int flamekit_tag_wrapper(
    const flamekit_tag *tags, size_t num_tags, int (*fn)(void *), void *arg);
/* Until removed, or until the thread ends. -EINVAL: bad key or value;
 * -ENOSPC: too many sets; remove: -ENOENT when the value is another one. */
FLAMEKIT_API int flamekit_add_thread_tag(const char *key, const char *value);
FLAMEKIT_API int flamekit_remove_thread_tag(const char *key, const char *value);

/* FLAMEKIT_TAG("endpoint", name); holds to the end of the block. */
#define FLAMEKIT_TAG(key, value) FLAMEKIT_TAG_AT(key, value, __COUNTER__)

/*
 * Prebuilt sets for event loops and for work that moves between threads: take
 * the set with the work, set it where the work runs, restore the old one.
 * Setting is one pointer store. NULL is the empty set. Sets are never freed.
 */
typedef const struct flamekit_labelset *flamekit_labels;
FLAMEKIT_API flamekit_labels flamekit_labels_intern(
    const flamekit_tag *tags, size_t num_tags);
FLAMEKIT_API flamekit_labels flamekit_labels_get(void);
FLAMEKIT_API flamekit_labels flamekit_labels_set(flamekit_labels labels);

/* Threads are found within a tenth of a second. A short-lived one is profiled
 * from its first instruction if it registers; name may be NULL. */
FLAMEKIT_API int flamekit_thread_register(const char *name);
FLAMEKIT_API void flamekit_thread_unregister(void);

#define FLAMEKIT_NUM_STOPS 8

/* Waiting is seen, but not where; or only its innermost function. */
#define FLAMEKIT_WALL_NO_PLACES 1u
#define FLAMEKIT_WALL_NO_STACKS 2u

/* Totals since flamekit_configure. Weights are sampling periods: a timer that
 * expired three times before its signal was handled weighs three. */
typedef struct flamekit_stats {
    uint64_t signals;        /* handled */
    uint64_t samples;        /* weight put into the table */
    uint64_t lost;           /* weight without room in the table */
    uint64_t truncated;      /* stacks cut at max_stack_depth */
    uint64_t ignored;        /* signals from elsewhere */
    uint64_t threads;        /* with a timer, now */
    uint64_t no_timer;       /* threads refused one, now: RLIMIT_SIGPENDING */
    uint64_t blocked;        /* threads that block the signal, now */
    uint64_t lost_labelsets; /* tags left out */
    uint64_t uploads_ok, uploads_failed, uploads_dropped; /* failed: tries */
    uint64_t weight_uploaded, weight_dropped;
    uint64_t bytes_sent;           /* compressed bodies the server took */
    uint64_t queued, queued_bytes; /* now */
    uint64_t agent_cpu_ns;
    uint64_t memory_bytes; /* tables, records, label sets, queue */
    uint64_t unwind_stops[FLAMEKIT_NUM_STOPS]; /* agent/unwind.h names them */
    uint64_t wall_ns, wall_lost_ns; /* put into the table; without room */
    uint64_t wall_looks;    /* stacks of waiting threads that were read */
    uint64_t wall_moved;    /* of these thrown away: the thread woke up */
    uint64_t wall_round_ns; /* between two looks at all threads, now */
    uint64_t wall_cpu_ns;   /* of its thread */
    uint64_t wall_limits;   /* FLAMEKIT_WALL_NO_*: what is refused here */
    uint64_t heap_samples, heap_lost; /* allocations; without room */
    uint64_t lock_samples, lock_lost; /* waits; without room */
    uint64_t weight_unpacked; /* of weight_dropped: fitted into no profile */
    uint64_t wall_uploaded_ns, wall_dropped_ns; /* of wall_ns */
    uint64_t cpu_unsampled_ns; /* the program's, before threads had timers */
} flamekit_stats;

static inline int flamekit_get_stats(flamekit_stats *stats);
FLAMEKIT_API int flamekit_get_stats_sized(flamekit_stats *, size_t size);
FLAMEKIT_API const char *flamekit_version(void);

/* ---- the inline halves: the size of the caller's struct goes along, so that
 * a newer library never writes past what an older program allocated -------- */
static inline void flamekit_config_init(flamekit_config *config)
{
    flamekit_config_init_sized(config, sizeof(*config));
}

static inline int flamekit_get_stats(flamekit_stats *stats)
{
    return flamekit_get_stats_sized(stats, sizeof(*stats));
}

static inline void flamekit_scope_end(flamekit_scope *scope)
{
    flamekit_tag_pop(*scope);
}

#define FLAMEKIT_TAG_AT(key, value, unique) FLAMEKIT_TAG_IN(key, value, unique)
#define FLAMEKIT_TAG_IN(key, value, unique)                                    \
    flamekit_scope flamekit_scope_##unique                                     \
        __attribute__((cleanup(flamekit_scope_end), unused)) =                 \
            flamekit_tag_push((key), (value))

#ifdef __cplusplus
}
#endif

#endif
