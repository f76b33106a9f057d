/* Any bytes as a Rust name: a text that ends within its room, or none. */
#include "agent/rust.h"
#include "common/check.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char raw[600] = "_R", out[256];
    if (size > sizeof raw - 3)
        return 0;
    memcpy(raw + 2, data, size);
    raw[size + 2] = '\0';
    if (fk_rust_name(raw, out, sizeof out))
        FK_ASSERT(memchr(out, '\0', sizeof out) != NULL && out[0] != '\0');
    return 0;
}
