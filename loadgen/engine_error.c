/* What the classes of errors are called. */
#include "loadgen/engine.h"

const char *engine_error_name(enum engine_error error)
{
    static const char *const names[ENGINE_NUM_ERRORS] = {
        [ENGINE_OK] = "none",
        [ENGINE_RESOLVE] = "name not found",
        [ENGINE_CONNECT] = "connection refused",
        [ENGINE_TIMEOUT] = "timeout",
        [ENGINE_RESET] = "connection broken",
        [ENGINE_EMPTY] = "no answer",
        [ENGINE_GARBAGE] = "not HTTP",
        [ENGINE_TLS] = "TLS",
        [ENGINE_LIMIT] = "limit of this machine",
        [ENGINE_OTHER] = "other",
    };
    return names[error];
}
