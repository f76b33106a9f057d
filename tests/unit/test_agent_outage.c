/*
 * Pitfall 43 at length: a server in trouble of every kind, by turns with a
 * good one, also behind TLS. The program must not notice: it never waits for
 * the agent, the agent's memory stays what it was, and when the trouble is
 * over profiles arrive again.
 */
#include "agent/flamekit.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/procstat.h"
#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

#ifdef FK_SANITIZED
#define CHECK_FLAT(kib) (void)(kib) /* freed memory is kept for a while */
#else
#define CHECK_FLAT(kib) CHECK((kib) < 3072)
#endif

/* ---- certificates ---------------------------------------------------------*/

/* Made when the test runs, each for 127.0.0.1 and signed by itself. */
struct identity {
    char key[4096], certificate[4096];
};

static struct identity known, stranger;

static void read_text(const char *path, char *to, size_t room)
{
    FILE *f = fopen(path, "re");
    CHECK(f != NULL);
    size_t n = fread(to, 1, room - 1, f);
    to[n] = '\0';
    fclose(f);
    unlink(path);
    CHECK(n > 100);
}

static _Noreturn void become_openssl(const char *key, const char *certificate)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO);
    execlp("openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=flamekit test", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", key, "-out", certificate, (char *)NULL);
    _exit(127);
}

static void make_identity(struct identity *identity)
{
    char folder[] = "/tmp/flamekit-outage.XXXXXX", key[64], certificate[64];
    int status;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(key, sizeof(key), "%s/key", folder);
    snprintf(certificate, sizeof(certificate), "%s/certificate", folder);
    pid_t pid = fork();
    if (pid == 0)
        become_openssl(key, certificate);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    if (status != 0) {
        rmdir(folder);
        tap_skip("openssl is not installed, or makes no certificate");
    }
    read_text(key, identity->key, sizeof(identity->key));
    read_text(
        certificate, identity->certificate, sizeof(identity->certificate));
    rmdir(folder);
}

/* The agent trusts whom the machine trusts; here that is one certificate. */
CURL *curl_easy_init(void)
{
    CURL *(*real)(void) = (CURL * (*)(void)) dlsym(RTLD_NEXT, "curl_easy_init");
    CURL *curl = real();
    struct curl_blob trusted = {
        .data = known.certificate,
        .len = strlen(known.certificate),
        .flags = CURL_BLOB_COPY,
    };
    if (trusted.len > 0)
        curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &trusted);
    return curl;
}

/* ---- the program ----------------------------------------------------------*/

/* How long it was kept from its work: it neither ran nor waited for a CPU, so
 * that neighbours do not show. Read by itself, for then the kernel's counts are
 * those of this moment. */
struct waited {
    _Atomic int64_t at_ns, blocked_ns;
};

static struct {
    pthread_t thread;
    _Atomic bool stop, has_begun;
    struct waited waited;
} program;

static void note_waited(pid_t tid)
{
    int64_t cpu_ns = 0, delay_ns = 0, now = fk_mono_ns();
    if (!fk_thread_cpu_ns(tid, &cpu_ns) ||
        !fk_thread_delay_ns(tid, &delay_ns) ||
        fk_mono_ns() - now > FK_NS_PER_MS / 2)
        return; /* one of the three is of another moment */
    atomic_store(&program.waited.at_ns, now);
    atomic_store(&program.waited.blocked_ns, now - cpu_ns - delay_ns);
    atomic_store(&program.has_begun, true);
}

/* Tags that change all the time make every profile different and large. */
static void *work(void *arg)
{
    flamekit_stats s;
    pid_t tid = (pid_t)syscall(SYS_gettid);
    flamekit_thread_register("work");
    for (unsigned i = 0; !atomic_load(&program.stop); i++) {
        char value[16];
        snprintf(value, sizeof(value), "%u", i % 1000);
        FLAMEKIT_TAG("user", value);
        host_spin(20000);
        flamekit_get_stats(&s);
        note_waited(tid);
    }
    return arg;
}

static double blocked_share(const struct waited *from)
{
    const struct waited *to = &program.waited;
    return (double)(to->blocked_ns - from->blocked_ns) /
           (double)(to->at_ns - from->at_ns + 1);
}

static void start(const char *url)
{
    flamekit_config c = host_config(250);
    c.server_address = url;
    c.upload_interval_ms = 100;
    c.push_queue_capacity = 4;
    c.log_level = FLAMEKIT_LOG_NONE;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(pthread_create(&program.thread, NULL, work, NULL), 0);
    host_wait_sampled();
    CHECK(program.has_begun);
}

static void end(void)
{
    atomic_store(&program.stop, true);
    pthread_join(program.thread, NULL);
    flamekit_shutdown();
    flamekit_stats s = host_stats();
    CHECK_INT(s.samples, s.weight_uploaded + s.weight_dropped);
    CHECK_INT(s.queued, 0);
}

/* ---- trouble by turns -----------------------------------------------------*/

static int64_t turn_ms(void)
{
    const char *asked = getenv("FK_OUTAGE_MS");
    return asked ? strtol(asked, NULL, 10) : 150;
}

/* One more failure, or one more success, than there were. */
static bool reaches(
    uint64_t (*count)(const flamekit_stats *), uint64_t more, int seconds)
{
    flamekit_stats s = host_stats();
    uint64_t wanted = count(&s) + more;
    int64_t until = fk_mono_ns() + seconds * FK_NS_PER_S;
    while (count(&s) < wanted && fk_mono_ns() < until) {
        host_nap_ms(5);
        s = host_stats();
    }
    return count(&s) >= wanted;
}

static uint64_t failures(const flamekit_stats *s)
{
    return s->uploads_failed;
}

static uint64_t successes(const flamekit_stats *s)
{
    return s->uploads_ok;
}

static const enum fake_mode troubles[] = {FAKE_500, FAKE_429, FAKE_400,
    FAKE_RESET, FAKE_HALF, FAKE_GARBAGE, FAKE_ENDLESS, FAKE_SILENT};

/* The share of the time that the program was blocked. */
static double all_troubles(struct fake_server *server)
{
    struct waited from = program.waited;
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        fake_server_set(server, troubles[i]);
        host_nap_ms(turn_ms());
        CHECK(host_stats().queued <= 4);
        CHECK(host_stats().queued_bytes <= 8u << 20);
        fake_server_set(server, FAKE_OK);
        host_nap_ms(turn_ms());
    }
    return blocked_share(&from);
}

static long resident_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long total = 0, resident = 0;
    CHECK(f != NULL);
    CHECK_INT(fscanf(f, "%ld %ld", &total, &resident), 2);
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

TEST_TIMED(pitfall_43_the_program_does_not_notice, 600)
{
    struct fake_server *server = fake_server_start(FAKE_OK);
    start(fake_server_url(server));
    double first = all_troubles(server); /* warm: every path was taken */
    long before = resident_kib();
    double second = all_troubles(server);
    long grown = resident_kib() - before;
    tap_diag("blocked %.2f %% and %.2f %% of the time, %ld KiB more",
        100 * first, 100 * second, grown);
    CHECK(first < 0.02);
    CHECK(second < 0.02);
    CHECK_FLAT(grown);
    CHECK(host_stats().uploads_failed > 0);
    CHECK(reaches(successes, 1, 60));
    end();
    fake_server_stop(server);
}

/* ---- TLS ------------------------------------------------------------------*/

static enum MHD_Result take(void *cls, struct MHD_Connection *connection,
    const char *path, const char *method, const char *version, const char *data,
    size_t *data_size, void **state)
{
    (void)cls, (void)path, (void)method, (void)version, (void)data;
    if (*state == NULL || *data_size > 0) {
        *state = connection;
        *data_size = 0;
        return MHD_YES;
    }
    static char nothing[1];
    struct MHD_Response *r =
        MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_queue_response(connection, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return rc;
}

/* `who` NULL: no TLS. `port` 0: the kernel chooses. */
static struct MHD_Daemon *serve(struct identity *who, uint16_t *port)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (who ? MHD_USE_TLS : 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, who ? who->key : NULL},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, who ? who->certificate : NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_Daemon *d = MHD_start_daemon(flags, 0, NULL, NULL, take, NULL,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at, MHD_OPTION_ARRAY,
        who ? tls : &tls[2], MHD_OPTION_END);
    CHECK(d != NULL);
    *port = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port;
    return d;
}

static const struct {
    const char *what;
    struct identity *who;
} tls_troubles[] = {
    {"speaks no TLS", NULL},
    {"has a stranger's certificate", &stranger},
};

/* Nothing is sent to a stranger, and nothing is lost for ever. */
TEST_TIMED(pitfall_43_errors_of_tls, 120)
{
    uint16_t port = 0;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        tap_skip("this libmicrohttpd speaks no TLS");
    make_identity(&known);
    make_identity(&stranger);
    struct MHD_Daemon *good = serve(&known, &port);
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%u", port);
    start(url);
    CHECK(reaches(successes, 2, 30));
    for (size_t i = 0; i < sizeof(tls_troubles) / sizeof(tls_troubles[0]);
         i++) {
        MHD_stop_daemon(good);
        struct MHD_Daemon *bad = serve(tls_troubles[i].who, &port);
        uint64_t ok = host_stats().uploads_ok;
        struct waited from = program.waited;
        CHECK(reaches(failures, 3, 30));
        double share = blocked_share(&from);
        tap_diag("%s: blocked %.2f %%", tls_troubles[i].what, 100 * share);
        CHECK(share < 0.05);
        CHECK_INT(host_stats().uploads_ok, ok);
        CHECK(host_stats().queued <= 4);
        MHD_stop_daemon(bad);
        good = serve(&known, &port);
        CHECK(reaches(successes, 2, 60));
    }
    end();
    MHD_stop_daemon(good);
}

TAP_MAIN
