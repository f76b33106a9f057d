/* cli/process.c and cli/port.c with real processes. */
#include "cli/port.h"
#include "cli/process.h"
#include "tests/tap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum process_start run(
    const char *script, int timeout_s, struct process *p, char url[256])
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    *p = (struct process){.name = "test"};
    return process_start(p, argv, "/dev/null", timeout_s, url);
}

TEST(a_part_that_says_ready_is_ready_and_can_be_stopped)
{
    struct process p;
    char url[256];
    CHECK_INT(run("echo ready http://127.0.0.1:1; exec sleep 60", 10, &p, url),
        PROCESS_READY);
    CHECK_STR(url, "http://127.0.0.1:1");
    CHECK(process_alive(&p));
    CHECK(process_stop(&p, 10));
    CHECK(!process_alive(&p));
}

TEST(one_that_ends_early_is_told_from_one_that_is_silent)
{
    struct process p;
    char url[256];
    CHECK_INT(run("exit 1", 10, &p, url), PROCESS_EXITED);
    CHECK_INT(run("exec sleep 60", 1, &p, url), PROCESS_SILENT);
    CHECK(!process_alive(&p));
    CHECK_INT(run("echo hello; exec sleep 60", 10, &p, url), PROCESS_SILENT);
}

TEST(one_that_ignores_the_request_to_end_is_killed)
{
    struct process p;
    char url[256];
    CHECK_INT(run("trap '' TERM; echo ready u; while :; do sleep 1; done", 10,
                  &p, url),
        PROCESS_READY);
    CHECK(!process_stop(&p, 1));
    CHECK(!process_alive(&p));
}

TEST(a_recycled_pid_is_not_ours)
{
    struct process p = {"test", getpid(), process_started_at(getpid())};
    CHECK(process_alive(&p));
    p.started++;
    CHECK(!process_alive(&p));
    CHECK_INT(process_started_at(0), 0);
}

TEST(the_holder_of_a_port_is_named)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t len = sizeof any;
    struct port_holder holder;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    CHECK(!port_busy(ntohs(any.sin_port), &holder));
    CHECK_INT(listen(fd, 1), 0);
    CHECK(port_busy(ntohs(any.sin_port), &holder));
    CHECK_INT(holder.pid, getpid());
    CHECK_STR(holder.name, "test_process");
}

TAP_MAIN
