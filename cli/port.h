/* Who listens on a TCP port of this machine (from /proc; Linux). */
#ifndef CLI_PORT_H
#define CLI_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct port_holder {
    pid_t pid;     /* 0: belongs to a user whose processes we may not see */
    char name[64]; /* command name, "another user's process" when unknown */
};

/* True when somebody listens there; *holder says who. */
bool port_busy(uint16_t port, struct port_holder *holder);

#endif
