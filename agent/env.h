/*
 * The PYROSCOPE_* environment. One table says which name sets which field and
 * how it is read. A bad value keeps the default and leaves one warning, which
 * is handed to the host when the agent starts and a log callback is known.
 */
#ifndef FK_AGENT_ENV_H
#define FK_AGENT_ENV_H

#include "agent/flamekit.h"

#include <stdbool.h>

#define FK_ENV_WARNINGS 8

struct fk_env_warnings {
    unsigned count; /* may pass FK_ENV_WARNINGS; the rest is only counted */
    char text[FK_ENV_WARNINGS][256];
};

typedef const char *(*fk_env_fn)(const char *name);

/* Put what `get` knows into config. Labels and headers live in static memory
 * that the next call overwrites. */
void fk_env_apply(
    flamekit_config *config, fk_env_fn get, struct fk_env_warnings *warnings);

/* The warnings of flamekit_config_init; told once. */
void fk_env_tell(void);
bool fk_env_disabled(void); /* PYROSCOPE_AGENT_ENABLED says no */

#endif
