/* Why a program could not be profiled by preload. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <stddef.h>

/* One clause for people, about the command as a shell would find it. */
void target_explain(const char *command, char *why, size_t size);

#endif
