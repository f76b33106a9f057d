/* process_vm_readv on ourselves; /proc/self/mem where a sandbox forbids it. */
#include "agent/peek.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Not by open and its like: no thread may be cancelled in here. */
static long read_file(void *to, uintptr_t from, size_t size)
{
    long fd =
        syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    long got = syscall(SYS_pread64, fd, to, size, from);
    syscall(SYS_close, fd);
    return got;
}

size_t fk_peek(void *to, uintptr_t from, size_t size)
{
    int saved_errno = errno;
    struct iovec local = {to, size}, remote = {(void *)from, size};
    long got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (got < 0 && (errno == EPERM || errno == ENOSYS))
        got = read_file(to, from, size);
    errno = saved_errno;
    return got < 0 ? 0 : (size_t)got;
}
