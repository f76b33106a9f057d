/* The classes of errors: what they are called, and which one an errno is. */
#include "loadgen/engine_calls.h"

#include <errno.h>

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

enum engine_error engine_error_of_connect(int os_errno)
{
    return os_errno == EMFILE || os_errno == ENFILE ||
                   os_errno == EADDRNOTAVAIL || os_errno == ENOBUFS ||
                   os_errno == ENOMEM
               ? ENGINE_LIMIT
               : ENGINE_CONNECT;
}
