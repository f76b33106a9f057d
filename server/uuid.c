#include "server/uuid.h"

#include "common/check.h"

#include <stdio.h>
#include <sys/random.h>

void uuid_make(uint8_t id[16])
{
    /* Up to 256 bytes are never cut short once the pool is ready. */
    FK_ASSERT(getrandom(id, 16, 0) == 16);
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
}

void uuid_print(const uint8_t id[16], char text[37])
{
    char *at = text;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        at += snprintf(at, 3, "%02x", id[i]);
    }
}
