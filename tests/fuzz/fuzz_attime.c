/* Every text is a time, and a later clock never makes it earlier. */
#include "common/check.h"
#include "server/attime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fk_slice text = {(const char *)data, size};
    int64_t early = attime_parse(text, 1577836800000000000);
    FK_ASSERT(attime_parse(text, 1577836801000000000) >= early);
    return 0;
}
