/*
 * Which process listens on a TCP port: its socket's inode from
 * /proc/net/tcp, then the process that has that socket open. Finds processes
 * of the same user only.
 */
#include "server/listen.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TCP_STATE_LISTEN = 0x0a };

static unsigned long inode_in(const char *table, unsigned port)
{
    FILE *f = fopen(table, "re");
    char line[512];
    unsigned long found = 0;

    while (f && !found && fgets(line, sizeof(line), f)) {
        unsigned local, state;
        unsigned long inode;
        if (sscanf(line,
                "%*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x "
                "%*x:%*x %*x:%*x %*x %*u %*u %lu",
                &local, &state, &inode) == 3 &&
            local == port && state == TCP_STATE_LISTEN)
            found = inode;
    }
    if (f)
        fclose(f);
    return found;
}

static bool has_socket(const char *pid, unsigned long inode)
{
    char path[300], want[64], link[64];
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    snprintf(want, sizeof(want), "socket:[%lu]", inode);
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && !found && (d = readdir(dir));) {
        ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof(link) - 1);
        if (n <= 0)
            continue;
        link[n] = '\0';
        found = strcmp(link, want) == 0;
    }
    if (dir)
        closedir(dir);
    return found;
}

static void name_of(const char *pid, char *name, size_t size)
{
    char path[300];

    snprintf(path, sizeof(path), "/proc/%s/comm", pid);
    FILE *f = fopen(path, "re");
    if (!f || !fgets(name, (int)size, f))
        snprintf(name, size, "a process");
    if (f)
        fclose(f);
    name[strcspn(name, "\n")] = '\0';
}

bool port_owner(unsigned port, char *text, unsigned long size)
{
    unsigned long inode = inode_in("/proc/net/tcp", port);
    bool found = false;

    if (!inode)
        inode = inode_in("/proc/net/tcp6", port);
    DIR *proc = inode ? opendir("/proc") : NULL;
    for (struct dirent *d; proc && !found && (d = readdir(proc));) {
        if (d->d_name[0] < '1' || d->d_name[0] > '9')
            continue;
        if (!has_socket(d->d_name, inode))
            continue;
        char name[64];
        name_of(d->d_name, name, sizeof(name));
        snprintf(text, size, "%s (pid %s)", name, d->d_name);
        found = true;
    }
    if (proc)
        closedir(proc);
    return found;
}
