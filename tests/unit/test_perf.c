/* flamekit-perf against programs that mean it harm: what it reads of them are
 * their own names, files and maps, which change while they are read. */
#include "agent/outfile.h"
#include "agent/perf/image.h"
#include "agent/perf/process.h"

#include "common/clock.h"
#include "common/pprof.h"
#include "common/slice.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, MANY = 3000 };

static pid_t start_child(void (*work)(void))
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work();
        _exit(0);
    }
    return pid;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static const char *to_run;

static void run_it(void)
{
    execl(to_run, to_run, "60", (char *)NULL);
}

/* Until it runs another program than we do. */
static pid_t start_program(const char *file)
{
    char path[64], ours[4096], theirs[4096];
    to_run = file;
    pid_t pid = start_child(run_it);
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    ssize_t n = readlink("/proc/self/exe", ours, sizeof(ours)), m;
    int64_t until = fk_mono_ns() + 20 * FK_NS_PER_S;
    do {
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
        m = readlink(path, theirs, sizeof(theirs));
    } while (
        fk_mono_ns() < until && m == n && memcmp(ours, theirs, (size_t)n) == 0);
    return pid;
}

/* ---- a map that grows between two looks ---------------------------------- */

/* Every other page of a file of code: nothing of it can be joined. */
static void map_much(char *at, int fd)
{
    for (int i = 0; i < MANY; i++)
        mmap(at + (size_t)2 * PAGE * (size_t)i, PAGE, PROT_READ | PROT_EXEC,
            MAP_PRIVATE | MAP_FIXED, fd, 0);
}

static void grow_and_shrink(void)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    size_t size = (size_t)2 * PAGE * MANY;
    char *at = mmap(NULL, size, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (;;) {
        map_much(at, fd);
        mmap(at, size, PROT_NONE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    }
}

TEST(a_map_that_grows_while_it_is_read)
{
    enum { READS = 3 };

    perf_processes_want(NULL);
    pid_t pid = start_child(grow_and_shrink);
    int64_t until = fk_mono_ns() + 30 * FK_NS_PER_S, now;
    size_t most = 0, reads = 0;
    while (reads < READS && (now = fk_mono_ns()) < until) {
        struct perf_process *p = perf_process_seen(pid, now);
        CHECK(p != NULL && p->objects != NULL);
        most = p->objects->count > most ? p->objects->count : most;
        reads += perf_process_look_again(p, now + FK_NS_PER_S);
    }
    tap_diag("%zu reads, at most %zu pieces of code", reads, most);
    CHECK_INT(reads, READS);
    end_child(pid);
}

static void have_many_lines(void)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    char *at = mmap(NULL, (size_t)2 * PAGE * MANY, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    map_much(at, fd);
    raise(SIGSTOP);
}

/* Each piece of new code is told; nobody can make us do nothing but read. */
TEST(a_long_map_rests_before_it_is_read_again)
{
    perf_processes_want(NULL);
    pid_t pid = start_child(have_many_lines);
    CHECK(waitpid(pid, NULL, WUNTRACED) == pid);
    int64_t now = fk_mono_ns();
    struct perf_process *p = perf_process_seen(pid, now);
    CHECK(p != NULL && p->objects->count >= MANY && !p->stale);
    perf_process_changed(pid);
    perf_process_seen(pid, now + MANY * PERF_MAP_REST_NS);
    CHECK(p->stale);
    CHECK(!perf_process_look_again(p, now + MANY * PERF_MAP_REST_NS));
    perf_process_seen(pid, now + FK_NS_PER_S);
    CHECK(!p->stale);
    end_child(pid);
}

TEST(a_short_map_is_read_before_the_next_sample)
{
    perf_processes_want(NULL);
    to_run = "/bin/sleep";
    pid_t pid = start_program(to_run);
    int64_t now = fk_mono_ns();
    struct perf_process *p = perf_process_seen(pid, now);
    perf_process_changed(pid);
    perf_process_seen(pid, now + FK_NS_PER_S / 99);
    CHECK(!p->stale);
    end_child(pid);
}

/* ---- lines --------------------------------------------------------------- */

static size_t lines_of(const char *text, struct perf_mapping *last)
{
    struct perf_maps maps = {
        .file = fmemopen((void *)(uintptr_t)text, strlen(text), "r")};
    struct perf_mapping m;
    size_t n = 0;
    while (perf_maps_next(&maps, &m)) {
        *last = m;
        last->path = NULL;
        n++;
    }
    fclose(maps.file);
    return n;
}

TEST(lines_of_maps)
{
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {
        {"", 0},
        {"1000-2000 r-xp 00001000 08:01 77    /bin/a", 1},
        {"1000-2000 r-xp 00001000 08:01 77    /bin/a\n", 1},
        {"1000-2000 r--p 00001000 08:01 77    /bin/a\n", 0},
        {"2000-1000 r-xp 00001000 08:01 77    /bin/a\n", 0},
        {"1000-1000 r-xp 00001000 08:01 77    /bin/a\n", 0},
        {"1000-2000 r-xp 00000000 00:00 0    [vdso]\n", 1},
        {"1000-2000 r-xp 00000000 00:00 0    [heap]\n", 0},
        {"1000-2000 r-xp 00000000 00:00 0 \n", 0},
        {"1000-2000 r-xp 00000000 00:00\n", 0},
        {"nonsense\n\n1000-2000 r-xp 0 08:01 77 /a b\n", 1},
    };
    struct perf_mapping m;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (lines_of(rows[i].text, &m) != rows[i].count)
            tap_fail(__FILE__, __LINE__, "row %zu: %s", i, rows[i].text);
}

/* A path of line breaks is four times as long in the file as on disk. */
TEST(no_part_of_a_long_path_is_taken_for_a_line)
{
    char text[3 * PERF_MAPS_LINE_BYTES] = "1000-2000 r-xp 00001000 08:01 77 /";
    size_t n = strlen(text);
    struct perf_mapping m;
    memset(text + n, 'x', PERF_MAPS_LINE_BYTES - 1 - n);
    snprintf(text + PERF_MAPS_LINE_BYTES - 1, 100,
        "dead0000-dead1000 r-xp 0 08:01 78 /etc/shadow\n"
        "3000-4000 r-xp 00001000 08:01 79 /honest\n");
    CHECK_INT(lines_of(text, &m), 1);
    CHECK_INT(m.lo, 0x3000);
}

/* ---- names --------------------------------------------------------------- */

static char folder[] = "/tmp/flamekit-perf-XXXXXX";

static void remove_folder(void)
{
    CHECK(chdir("/") == 0);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-r", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static void copy_file(const char *from, const char *to, mode_t mode)
{
    char bytes[65536];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, mode);
    CHECK(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, bytes, sizeof(bytes))) > 0;)
        CHECK(write(out, bytes, (size_t)n) == n);
    close(in);
    close(out);
}

static bool is_name(const char *name)
{
    return name[0] != '\0' && fk_slice_utf8(fk_slice_of(name));
}

TEST(names_of_programs_are_text_and_never_empty)
{
    static const struct {
        const char *file, *program, *comm;
    } rows[] = {
        {"na\xffme", "na?me", "na?me"},
        {" (deleted)", " (deleted)", " (deleted)"},
        {"x (deleted) y", "x (deleted) y", "x (deleted) y"},
        /* Cut in the middle of a letter. */
        {"fifteen bytes \xc3\xa9", "fifteen bytes \xc3\xa9", "fifteen bytes ?"},
    };

    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    perf_processes_want(NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        copy_file("/bin/sleep", rows[i].file, 0755);
        pid_t pid = start_program(rows[i].file);
        struct perf_process *p = perf_process_seen(pid, fk_mono_ns());
        CHECK(p != NULL && is_name(p->group));
        CHECK_STR(p->program, rows[i].program);
        CHECK_STR(p->comm, rows[i].comm);
        end_child(pid);
    }
    remove_folder();
}

TEST(a_deleted_program_keeps_its_name)
{
    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    perf_processes_want(NULL);
    copy_file("/bin/sleep", "gone", 0755);
    pid_t pid = start_program("gone");
    unlink("gone");
    CHECK_STR(perf_process_seen(pid, fk_mono_ns())->program, "gone");
    end_child(pid);
    remove_folder();
}

/* ---- news that did not arrive -------------------------------------------- */

static void become_another(void)
{
    raise(SIGSTOP);
    run_it();
}

TEST(a_pid_that_runs_another_program_is_noticed_without_news)
{
    perf_processes_want(NULL);
    to_run = "/bin/sleep";
    pid_t pid = start_child(become_another);
    CHECK(waitpid(pid, NULL, WUNTRACED) == pid);
    struct perf_process *p = perf_process_seen(pid, fk_mono_ns());
    int32_t id = p->id;
    perf_processes_doubt();
    CHECK_INT(perf_process_seen(pid, fk_mono_ns())->id, id);
    kill(pid, SIGCONT);
    int64_t until = fk_mono_ns() + 20 * FK_NS_PER_S;
    do {
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_MS);
        perf_processes_doubt();
        p = perf_process_seen(pid, fk_mono_ns());
    } while (p->id == id && fk_mono_ns() < until);
    CHECK_STR(p->program, "sleep");
    CHECK_STR(perf_process_of(id)->program, "test_perf");
    end_child(pid);
    id = p->id;
    perf_processes_doubt();
    CHECK_INT(perf_process_seen(pid, fk_mono_ns())->id, id);
}

/* ---- files --------------------------------------------------------------- */

static struct perf_mapping mapping_of(const char *path)
{
    struct stat st = {.st_ino = 1};
    stat(path, &st);
    return (struct perf_mapping){.lo = 0x10000,
        .hi = 0x20000,
        .device = st.st_dev,
        .inode = st.st_ino,
        .path = path};
}

/* In a tree that is the process's own anything may have changed since the
 * map was made. */
TEST(links_and_devices_are_not_opened)
{
    char path[4096];
    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    copy_file("/proc/self/exe", "code", 0755);
    CHECK(symlink("code", "link") == 0 && mkfifo("pipe", 0600) == 0);
    CHECK(mkdir("below", 0700) == 0 && symlink(".", "up") == 0);

    static const struct {
        const char *name;
        bool good;
    } rows[] = {{"code", true}, {"below/../code", true}, {"link", false},
        {"up/code", false}, {"pipe", false}, {"none", false}, {"below", false}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, rows[i].name);
        struct perf_mapping m = mapping_of(path);
        struct perf_image *image = perf_image_get(getpid(), &m);
        if ((image != NULL) != rows[i].good)
            tap_fail(__FILE__, __LINE__, "%s", rows[i].name);
        perf_image_put(image);
        for (int k = 0; k < 3; k++) /* until it is forgotten */
            perf_image_trim();
    }
    remove_folder();
}

TEST(files_of_one_process_leave_some_for_maps_of_others)
{
    enum { FILES = 64 };

    char path[4096];
    struct rlimit few = {FILES, FILES};
    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    for (int i = 0; i < 2 * FILES; i++) {
        snprintf(path, sizeof(path), "%s/%d", folder, i);
        copy_file("/bin/true", path, 0755);
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    for (int i = 0; i < 2 * FILES; i++) {
        snprintf(path, sizeof(path), "%s/%d", folder, i);
        struct perf_mapping m = mapping_of(path);
        perf_image_get(getpid(), &m);
    }
    perf_processes_want(NULL);
    struct perf_process *p = perf_process_seen(getpid(), fk_mono_ns());
    CHECK(p->objects != NULL);
    remove_folder();
}

/* Its name can be guessed, in a folder where others may write as well. */
TEST(a_link_in_the_way_of_the_profile_is_not_followed)
{
    static const int64_t value = 1;
    const struct fk_pprof_frame frame = {.name = FK_SLICE("f"), .line = 1};
    const struct fk_pprof_type cpu = {FK_SLICE("cpu"), FK_SLICE("nanoseconds")};
    struct fk_pprof_writer w;
    char link[64];
    struct stat st;
    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    copy_file("/bin/true", "victim", 0600);
    CHECK(stat("victim", &st) == 0);
    off_t size = st.st_size;
    snprintf(link, sizeof(link), "out.pb.%d.part", (int)getpid());
    CHECK(symlink("victim", link) == 0);
    fk_pprof_writer_init(&w, 1 << 20);
    fk_pprof_add_type(&w, cpu.type, cpu.unit);
    fk_pprof_add_sample(&w, &frame, 1, &value, 1, NULL, 0);
    CHECK_INT(fk_pprof_finish(&w, 1, 1, cpu, 1, cpu.type), FK_OK);
    struct fk_outfile *out = fk_outfile_new("out.pb");
    CHECK_INT(fk_outfile_add(out, fk_buf_slice(&w.body)), FK_OK);
    CHECK_INT(fk_outfile_write(out), FK_OK);
    CHECK(stat("victim", &st) == 0 && st.st_size == size);
    CHECK(lstat("out.pb", &st) == 0 && S_ISREG(st.st_mode));
    fk_outfile_free(out);
    fk_pprof_writer_fini(&w);
    remove_folder();
}

TAP_MAIN
