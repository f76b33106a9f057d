/*
 * Runs a command in which the kernel refuses perf events, as the default
 * filter of a container does: no_perf CMD ARGS... What it starts is bound by
 * the same filter.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refuse_perf(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: no_perf CMD ARGS...\n");
        return 2;
    }
    if (refuse_perf() ||
        syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0) != -1 ||
        errno != EPERM) {
        perror("no_perf");
        return 3;
    }
    execvp(argv[1], argv + 1);
    fprintf(stderr, "no_perf: %s: %s\n", argv[1], strerror(errno));
    return 127;
}
