#include "common/rlimit.h"

#include <limits.h>
#include <sys/resource.h>

unsigned fk_rlimit_files(unsigned most)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return 0;
    rlim_t now = files.rlim_cur;
    rlim_t wanted = files.rlim_max < most ? files.rlim_max : most;
    if (wanted > now) {
        files.rlim_cur = wanted;
        if (setrlimit(RLIMIT_NOFILE, &files) == 0)
            now = wanted;
    }
    return now < UINT_MAX ? (unsigned)now : UINT_MAX;
}
