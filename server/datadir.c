#include "server/datadir.h"

#include "common/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum fk_err make_dir(const char *path, struct fk_diag *diag)
{
    if (!mkdir(path, 0700) || errno == EEXIST)
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_IO, "cannot make the data directory %s: %s",
        path, strerror(errno));
}

static enum fk_err held_by_other(const char *dir, int fd, struct fk_diag *diag)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? n : 0] = '\0';
    return fk_diag_set(diag, FK_ERR_EXISTS,
        "the data directory %s is in use by process %s: stop that server, "
        "or choose another directory",
        dir, pid[0] ? pid : "(unknown)");
}

enum fk_err datadir_lock(const char *dir, int *lock_fd, struct fk_diag *diag)
{
    char path[PATH_MAX], pid[24];
    enum fk_err err = make_dir(dir, diag);
    if (err)
        return err;
    snprintf(path, sizeof path, "%s/lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fk_diag_set(
            diag, FK_ERR_IO, "cannot write in %s: %s", dir, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        err = held_by_other(dir, fd, diag);
        close(fd);
        return err;
    }
    /* Only for the sentence above; a full disk is no reason to stop. */
    int n = snprintf(pid, sizeof pid, "%ld", (long)getpid());
    if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)n, 0) != n)
        errno = 0;
    *lock_fd = fd;
    return FK_OK;
}

static bool is_plain(struct fk_slice name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < name.len; i++)
        if (!memchr(plain, name.ptr[i], sizeof plain - 1))
            return false;
    return true;
}

/* Eight fifths of the length: 150 bytes make 240, and a file name may have
 * 255. */
static void base32(struct fk_slice name, struct fk_buf *out)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < name.len; i++) {
        held = (held << 8 | (unsigned char)name.ptr[i]) & 0xFFFF;
        for (bits += 8; bits >= 5; bits -= 5)
            fk_buf_addc(out, digits[held >> (bits - 5) & 31]);
    }
    if (bits)
        fk_buf_addc(out, digits[held << (5 - bits) & 31]);
}

static enum fk_err path_of(
    const char *dir, struct fk_slice name, char path[PATH_MAX])
{
    struct fk_buf b;
    fk_buf_init(&b, PATH_MAX - 1);
    fk_buf_adds(&b, dir);
    fk_buf_adds(&b, is_plain(name) ? "/t-" : "/x-");
    if (is_plain(name))
        fk_buf_add_slice(&b, name);
    else
        base32(name, &b);
    enum fk_err err = b.err;
    if (!err)
        memcpy(path, b.ptr, b.len + 1);
    fk_buf_fini(&b);
    return err;
}

enum fk_err datadir_tenant(const char *dir, struct fk_slice name,
    char path[PATH_MAX], struct fk_diag *diag)
{
    enum fk_err err = path_of(dir, name, path);
    return err ? err : make_dir(path, diag);
}

bool datadir_has_tenant(const char *dir, struct fk_slice name)
{
    char path[PATH_MAX];
    return !path_of(dir, name, path) && access(path, F_OK) == 0;
}

uint32_t datadir_tenants(const char *dir)
{
    uint32_t count = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));)
        count += !strncmp(e->d_name, "t-", 2) || !strncmp(e->d_name, "x-", 2);
    if (d)
        closedir(d);
    return count;
}

uint64_t datadir_bytes(const char *path)
{
    uint64_t sum = 0;
    DIR *d = opendir(path);
    struct stat st;
    for (struct dirent *e; d && (e = readdir(d));)
        if (!fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
            S_ISREG(st.st_mode))
            sum += (uint64_t)st.st_size;
    if (d)
        closedir(d);
    return sum;
}
