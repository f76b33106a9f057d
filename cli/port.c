/* Port -> socket inode -> process: see port.h. */
#include "cli/port.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_LISTEN = 0x0A };

/* Inode of the listening socket, or 0. Lines of /proc/net/tcp:
 * "sl local:port remote:port state tx:rx tr:tm retr uid timeout inode". */
static unsigned long listening_inode(const char *table, uint16_t port)
{
    FILE *f = fopen(table, "re");
    char line[512];
    unsigned long found = 0;
    while (f && !found && fgets(line, sizeof line, f)) {
        unsigned local, state;
        unsigned long inode;
        int n = sscanf(line,
            " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &local,
            &state, &inode);
        if (n == 3 && local == port && state == TCP_LISTEN)
            found = inode ? inode : 1;
    }
    if (f)
        fclose(f);
    return found;
}

static bool holds(const char *pid, const char *socket)
{
    char dir[300], path[600], target[64];
    snprintf(dir, sizeof dir, "/proc/%s/fd", pid);
    DIR *fds = opendir(dir);
    bool found = false;
    struct dirent *e;
    while (fds && !found && (e = readdir(fds))) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n > 0) {
            target[n] = '\0';
            found = !strcmp(target, socket);
        }
    }
    if (fds)
        closedir(fds);
    return found;
}

static void read_name(struct port_holder *holder)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)holder->pid);
    FILE *f = fopen(path, "re");
    if (f && fgets(holder->name, sizeof holder->name, f))
        holder->name[strcspn(holder->name, "\n")] = '\0';
    if (f)
        fclose(f);
}

static void find_holder(unsigned long inode, struct port_holder *holder)
{
    char socket[64];
    snprintf(socket, sizeof socket, "socket:[%lu]", inode);
    DIR *proc = opendir("/proc");
    struct dirent *e;
    while (proc && !holder->pid && (e = readdir(proc)))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
            holds(e->d_name, socket))
            holder->pid = (pid_t)strtol(e->d_name, NULL, 10);
    if (proc)
        closedir(proc);
    if (holder->pid)
        read_name(holder);
}

bool port_busy(uint16_t port, struct port_holder *holder)
{
    *holder = (struct port_holder){0, "another user's process"};
    unsigned long inode = listening_inode("/proc/net/tcp", port);
    if (!inode)
        inode = listening_inode("/proc/net/tcp6", port);
    if (inode)
        find_holder(inode, holder);
    return inode != 0;
}
