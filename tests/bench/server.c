/*
 * The server as a program: what an upload costs it over HTTP and how much of
 * that is reading the profile, the memory it holds with 100 instances, how
 * long it takes to be ready with a gigabyte of profiles, and its size.
 *
 * Costs are CPU time of its process, because wall time is the machine's.
 */
#include "common/clock.h"
#include "common/gzip.h"
#include "common/pprof.h"
#include "tests/bench_world.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    INSTANCES = 100,
    BODIES = 50, /* different ones */
    UPLOADS = 3000,
    CLIENTS = 4,
    QUERIES = 5,
    PARSE_REPEATS = 20,
    STARTS = 5,
    DAYS = 7,
    GROUP = 100,
};

#define SERVER   "build/release/bin/flamekit-server"
#define GIGABYTE 1e9
#define DAY_MS   86400000ll
#define MAX_BODY (4 << 20)

/* ---- the program ---- */

struct server {
    pid_t pid;
    int out;
    uint16_t port;
    double ready_ms;
};

static void exec_server(const char *data, int out)
{
    dup2(out, STDOUT_FILENO);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    execl(SERVER, SERVER, "--listen", "127.0.0.1:0", "--data", data,
        (char *)NULL);
    _exit(127);
}

static struct server server_start(const char *data)
{
    struct server s = {0};
    char line[256];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        bench_die("pipe", "no descriptors");
    int64_t began = fk_mono_ns();
    s.pid = fork();
    if (s.pid < 0)
        bench_die("fork", "failed");
    if (!s.pid)
        exec_server(data, ends[1]);
    close(ends[1]);
    s.out = ends[0];
    FILE *out = fdopen(ends[0], "r");
    const char *ready = out ? fgets(line, sizeof line, out) : NULL;
    s.ready_ms = (double)(fk_mono_ns() - began) / 1e6;
    const char *colon = ready ? strrchr(line, ':') : NULL;
    if (!colon || strncmp(line, "ready ", 6))
        bench_die(SERVER, "did not become ready");
    s.port = (uint16_t)strtoul(colon + 1, NULL, 10);
    return s;
}

static void server_stop(const struct server *s)
{
    int status;
    kill(s->pid, SIGTERM);
    waitpid(s->pid, &status, 0);
    close(s->out);
}

/* A line of /proc/PID/FILE that begins like this, or all of it. */
static double proc_number(
    const struct server *s, const char *file, const char *key, int word)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)s->pid, file);
    FILE *f = fopen(path, "re");
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f))
        found = strncmp(line, key, strlen(key)) == 0;
    if (f)
        fclose(f);
    if (!found)
        bench_die(path, "cannot be read");
    const char *at = line + strlen(key);
    while (word-- > 0 && (at = strchr(at, ' ')))
        at++;
    return at ? strtod(at, NULL) : 0;
}

static double cpu_us(const struct server *s)
{
    double ticks =
        proc_number(s, "stat", "", 13) + proc_number(s, "stat", "", 14);
    return ticks * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static double resident_mb(const struct server *s)
{
    return proc_number(s, "status", "VmRSS:", 0) * 1024 / 1e6;
}

/* ---- bodies ---- */

static struct fk_slice bodies[BODIES]; /* gzip */
static struct fk_buf plain[BODIES];

static void make_body(const struct bench_world *w, size_t number)
{
    struct fk_pprof_writer p;
    struct fk_buf packed;
    const struct bench_pattern *pattern = &w->patterns[number];
    fk_pprof_writer_init(&p, MAX_BODY);
    fk_pprof_add_type(&p, FK_SLICE("cpu"), FK_SLICE("nanoseconds"));
    for (size_t i = 0; i < pattern->n; i++) {
        const struct store_stack *stack = &w->stacks[pattern->values[i].stack];
        struct fk_pprof_frame frames[BENCH_DEPTH];
        for (uint32_t k = 0; k < stack->depth; k++) {
            const struct store_frame *f =
                &w->frames[stack->frames[stack->depth - 1 - k]];
            frames[k] = (struct fk_pprof_frame){
                .name = f->name, .file = f->file, .line = f->line};
        }
        fk_pprof_add_sample(
            &p, frames, stack->depth, &pattern->values[i].value, 1, NULL, 0);
    }
    const struct fk_pprof_type period = {
        FK_SLICE("cpu"), FK_SLICE("nanoseconds")};
    if (fk_pprof_finish(
            &p, 0, 10 * FK_NS_PER_S, period, 10000000, (struct fk_slice){0}))
        bench_die("pprof", "cannot be written");
    fk_buf_init(&packed, MAX_BODY);
    fk_buf_init(&plain[number], MAX_BODY);
    if (fk_gzip_write(fk_buf_slice(&p.body), 6, &packed))
        bench_die("gzip", "failed");
    bodies[number] = fk_buf_slice(&packed);
    fk_pprof_writer_fini(&p);
}

/* Unpacking and reading alone, the best of several. */
static double parse_us(void)
{
    static const struct fk_pprof_limits limits;
    double best = 1e18;
    for (int r = 0; r < PARSE_REPEATS; r++) {
        int64_t began = fk_cpu_ns();
        for (int i = 0; i < BODIES; i++) {
            struct fk_arena arena;
            struct fk_pprof p;
            fk_arena_init(&arena, (size_t)256 << 20);
            fk_buf_reset(&plain[i]);
            if (fk_gzip_read(bodies[i], &plain[i], NULL) ||
                fk_pprof_read(
                    fk_buf_slice(&plain[i]), &limits, &arena, &p, NULL))
                bench_die("parse", "failed");
            fk_arena_fini(&arena);
        }
        double us = (double)(fk_cpu_ns() - began) / 1000 / BODIES;
        best = us < best ? us : best;
    }
    return best;
}

/* ---- HTTP ---- */

static int dial(const struct server *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons(s->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
        bench_die("connect", "failed");
    return fd;
}

static void send_all(int fd, const char *at, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            bench_die("send", "failed");
        at += sent;
        n -= (size_t)sent;
    }
}

/* Head and body of an answer, which is thrown away; its status. */
static int read_answer(int fd)
{
    static _Thread_local char text[1 << 16];
    size_t have = 0, length = 0;
    const char *end = NULL, *field;
    while (!end) {
        ssize_t got = recv(fd, text + have, sizeof text - 1 - have, 0);
        if (got <= 0)
            bench_die("recv", "the answer has no end");
        have += (size_t)got;
        text[have] = '\0';
        end = strstr(text, "\r\n\r\n");
    }
    if ((field = strcasestr(text, "\r\nContent-Length:")) && field < end)
        length = strtoul(field + 17, NULL, 10);
    size_t rest = have - (size_t)(end + 4 - text);
    int status = (int)strtol(text + 9, NULL, 10);
    while (rest < length) {
        ssize_t got = recv(fd, text, sizeof text, 0);
        if (got <= 0)
            bench_die("recv", "the answer is cut");
        rest += (size_t)got;
    }
    return status;
}

static void request(int fd, const char *target, const struct fk_slice *body)
{
    char head[512];
    int n = snprintf(head, sizeof head,
        "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n",
        body ? "POST" : "GET", target, body ? body->len : 0);
    send_all(fd, head, (size_t)n);
    if (body)
        send_all(fd, body->ptr, body->len);
    int status = read_answer(fd);
    if (status != 200) {
        snprintf(head, sizeof head, "answered %d", status);
        bench_die(target, head);
    }
}

struct client {
    const struct server *server;
    int number;
    int64_t now_s;
};

static void *upload(void *arg)
{
    const struct client *c = arg;
    int fd = dial(c->server);
    for (int i = c->number; i < UPLOADS; i += CLIENTS) {
        char target[160];
        int64_t at = c->now_s - 3000 + i / INSTANCES * 10;
        snprintf(target, sizeof target,
            "/ingest?name=bench.cpu%%7Bpod=pod-%d%%7D&from=%lld&until=%lld&"
            "format=pprof",
            i % INSTANCES, (long long)at, (long long)at + 10);
        request(fd, target, &bodies[i * 7 % BODIES]);
    }
    close(fd);
    return NULL;
}

static void upload_all(const struct server *s)
{
    struct client client[CLIENTS];
    pthread_t thread[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        client[i] = (struct client){s, i, fk_wall_ns() / FK_NS_PER_S};
        if (pthread_create(&thread[i], NULL, upload, &client[i]))
            bench_die("thread", "cannot start");
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(thread[i], NULL);
}

static void query_some(const struct server *s)
{
    int fd = dial(s);
    for (int i = 0; i < QUERIES; i++)
        request(fd,
            "/pyroscope/render?query=process_cpu:cpu:nanoseconds:cpu:"
            "nanoseconds%7Bservice_name=%22bench%22%7D&from=now-2h&until=now",
            NULL);
    close(fd);
}

static void run_http(const struct bench_world *w, const char *dir)
{
    char data[96];
    size_t bytes = 0;
    snprintf(data, sizeof data, "%s/http", dir);
    for (size_t i = 0; i < BODIES; i++) {
        make_body(w, i);
        bytes += bodies[i].len;
    }
    struct server s = server_start(data);
    double before = cpu_us(&s);
    upload_all(&s);
    double us = (cpu_us(&s) - before) / UPLOADS, parse = parse_us();
    query_some(&s);
    double mb = resident_mb(&s);
    server_stop(&s);
    printf("# a body of %.0f samples and %.1f kB: %.0f us of CPU, %.0f us of "
           "them unpacking and reading it\n",
        bench_samples(w), (double)bytes / BODIES / 1000, us, parse);
    bench_at_least(
        "server_ingest_profiles_a_core_s", 1e6 / us, "profiles/s", 500);
    bench_at_least("server_ingest_share_of_parsing", parse / us * 100, "%", 30);
    bench_at_most("server_resident_100_instances", mb, "MB", 100);
}

/* ---- a gigabyte ---- */

static _Atomic size_t done;

static void on_done(void *arg, enum fk_err err, const char *why)
{
    (void)arg;
    if (err)
        bench_die("append", why);
    done += GROUP;
}

static double file_bytes(const char *dir, bool evict)
{
    char path[320];
    double sum = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (!fstat(fd, &st) && S_ISREG(st.st_mode))
            sum += (double)st.st_size;
        if (evict)
            posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
    if (d)
        closedir(d);
    return sum;
}

/* Values of a profile that is large enough to fill a disk soon: a third of
 * all stacks. */
static size_t large_values(
    const struct bench_world *w, struct store_value *values, size_t number)
{
    size_t n = 0;
    for (uint32_t i = (uint32_t)(number % 3); i < w->set->stacks; i += 3)
        values[n++] = (struct store_value){
            i, 1 + (int64_t)((i * 2654435761u >> 12 ^ number) % 5000)};
    return n;
}

/* Single profiles of the last days, as they lie before they are added up. */
static void fill(const struct bench_world *w, const char *dir)
{
    static struct store_profile profiles[GROUP];
    static struct store_value values[BENCH_MAX_STACKS];
    struct store_batch batch = bench_batch(w, profiles, GROUP);
    struct store_options o;
    struct store *store;
    struct store_tenant *t;
    struct fk_diag diag = {""};
    char tenant[160];
    int64_t begin = fk_wall_ns() / FK_NS_PER_MS / DAY_MS * DAY_MS;
    snprintf(tenant, sizeof tenant, "%s/t-anonymous", dir);
    store_options_init(&o);
    o.dir = dir;
    o.ballast_bytes = 0;
    o.seal_every_ms = DAY_MS;
    o.queue_max_bytes = (size_t)512 << 20;
    if (store_sqlite_ops.open(&o, &store, &diag) ||
        store_sqlite_ops.tenant(store, FK_SLICE("anonymous"), &t, &diag))
        bench_die("open", diag.text);
    for (size_t i = 0; file_bytes(tenant, false) < GIGABYTE; i += GROUP) {
        size_t n = large_values(w, values, i);
        for (size_t k = 0; k < GROUP; k++) {
            bench_profile(&profiles[k], w, i, (uint32_t)k % INSTANCES,
                begin - DAY_MS * (int64_t)(i / GROUP % DAYS) + (int64_t)i);
            profiles[k].values = values;
            profiles[k].num_values = n;
        }
        if (store_sqlite_ops.append(t, &batch, on_done, NULL, &diag))
            bench_die("append", diag.text);
        while (done < i + GROUP)
            usleep(200);
    }
    store_sqlite_ops.close(store);
}

static void run_start(const char *dir)
{
    char data[96], tenant[128];
    double best = 1e18, bytes = 0;
    snprintf(data, sizeof data, "%s/start", dir);
    snprintf(tenant, sizeof tenant, "%s/t-anonymous", data);
    struct bench_world *w = bench_world_new(&bench_open);
    fill(w, data);
    sync();
    for (int i = 0; i < STARTS; i++) {
        bytes = file_bytes(tenant, true);
        struct server s = server_start(data);
        best = s.ready_ms < best ? s.ready_ms : best;
        server_stop(&s);
    }
    printf("# %.2f GB in %d days, %u stacks, nothing of it in memory before\n",
        bytes / 1e9, DAYS, w->set->stacks);
    bench_at_most("server_ready_with_1_gb", best, "ms", 100);
    bench_world_free(w);
}

/* ---- its size ---- */

/* What of a file is loaded: its size without symbols and debug data. */
static double loaded_bytes(const char *path)
{
    Elf64_Ehdr head;
    Elf64_Phdr part;
    double sum = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &head, sizeof head) != sizeof head ||
        memcmp(head.e_ident, ELFMAG, SELFMAG))
        bench_die(path, "is no program");
    for (int i = 0; i < head.e_phnum; i++)
        if (pread(fd, &part, sizeof part,
                (off_t)(head.e_phoff + (size_t)i * sizeof part)) ==
                sizeof part &&
            part.p_type == PT_LOAD)
            sum += (double)part.p_filesz;
    close(fd);
    return sum;
}

/* The program, and every library that it has mapped. */
static void run_size(const char *dir)
{
    char data[96], path[320], seen[512] = "", line[512];
    double program = loaded_bytes(SERVER), libraries = 0;
    snprintf(data, sizeof data, "%s/size", dir);
    struct server s = server_start(data);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)s.pid);
    FILE *maps = fopen(path, "re");
    while (maps && fgets(line, sizeof line, maps)) {
        char *file = strchr(line, '/');
        if (!file || !strstr(file, ".so"))
            continue;
        file[strcspn(file, "\n")] = '\0';
        if (strcmp(file, seen) == 0)
            continue;
        snprintf(seen, sizeof seen, "%s", file);
        libraries += loaded_bytes(file);
    }
    if (maps)
        fclose(maps);
    server_stop(&s);
    bench_at_most("server_program_size", program / 1e6, "MB", 2);
    bench_at_most(
        "server_with_libraries_size", (program + libraries) / 1e6, "MB", 16);
}

int main(void)
{
    char dir[64];
    struct bench_world *w = bench_world_new(&bench_closed);
    bench_dir("server", dir);
    run_size(dir);
    run_http(w, dir);
    run_start(dir);
    bench_remove(dir);
    bench_world_free(w);
    return 0;
}
