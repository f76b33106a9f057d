/*
 * The preload library starts the agent by the environment alone, before the
 * program's main. Where it is not asked to, it does nothing at all.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "agent/env_text.h"
#include "agent/flamekit.h"
#include "agent/own.h"
#include "agent/preload/late.h"
#include "common/slice.h"

#define LIBRARY "libflamekit_preload.so"

static bool is_set(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0';
}

static bool is_on(const char *name, bool otherwise)
{
    bool on = otherwise;
    const char *text = getenv(name);
    return text != NULL && fk_env_bool(text, &on) ? on : otherwise;
}

/* The program's name, without the dash of a login shell. */
static const char *program(void)
{
    const char *name = program_invocation_short_name;
    return name[0] == '-' ? name + 1 : name;
}

static bool is_listed(const char *list)
{
    struct fk_slice rest = fk_slice_of(list), name;
    while (fk_slice_split(&rest, ',', &name))
        if (fk_slice_eqz(fk_slice_trim(name), program()))
            return true;
    return false;
}

static bool is_wanted(void)
{
    if (getauxval(AT_SECURE) != 0)
        return false; /* the environment of another user decides nothing */
    if (!is_set("PYROSCOPE_APPLICATION_NAME") && !is_set("FLAMEKIT_OUTPUT") &&
        !is_on("PYROSCOPE_AGENT_ENABLED", false))
        return false;
    return !is_set("PYROSCOPE_PRELOAD_ONLY") ||
           is_listed(getenv("PYROSCOPE_PRELOAD_ONLY"));
}

static bool is_ours(const char *path, size_t len)
{
    struct fk_slice item = {path, len};
    ptrdiff_t slash = fk_slice_rfind(item, '/');
    return fk_slice_eqz(fk_slice_sub(item, (size_t)(slash + 1), len), LIBRARY);
}

/* Children start without us; other libraries in the list stay. */
static void leave_environment(void)
{
    char kept[4096] = "";
    size_t n = 0;
    for (const char *at = getenv("LD_PRELOAD"); at != NULL && *at != '\0';) {
        size_t len = strcspn(at, " :");
        if (len > 0 && !is_ours(at, len) && n + len + 2 <= sizeof(kept)) {
            memcpy(kept + n, at, len);
            n += len;
            kept[n++] = ':';
        }
        at += len + (at[len] != '\0');
    }
    kept[n > 0 ? n - 1 : 0] = '\0';
    if (n > 0)
        setenv("LD_PRELOAD", kept, 1);
    else
        unsetenv("LD_PRELOAD");
}

__attribute__((constructor)) static void preload_start(void)
{
    if (!is_wanted())
        return;
    int saved_errno = errno;
    flamekit_config config;
    flamekit_config_init(&config);
    if (config.application_name == NULL)
        config.application_name = program();
    /* A guest that was not invited by the program says nothing on its
     * standard error, unless somebody asked it to. */
    if (!is_set("PYROSCOPE_LOG_LEVEL"))
        config.log_level = FLAMEKIT_LOG_NONE;
    if (!is_on("PYROSCOPE_PRELOAD_CHILDREN", true))
        leave_environment();
    fk_own_files(config.log_level != FLAMEKIT_LOG_NONE);
    fk_late_load(&config);
    flamekit_configure(&config);
    errno = saved_errno;
}
