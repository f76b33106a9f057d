#include "server/profile_id.h"

#include "common/hash.h"
#include "server/hex.h"
#include "server/uuid.h"

#include <string.h>

enum { BYTES = 16, VERSION = 0x80, VARIANT = 0x80 };

static void put(uint8_t *to, uint64_t v, int bytes)
{
    for (int i = bytes; i-- > 0; v >>= 8)
        to[i] = (uint8_t)v;
}

/* time 48 | version 4, series 12 | variant 2, series 6 | series 6 | check 48 */
static void make(const struct profile_id *id, uint8_t out[BYTES])
{
    uint64_t time = (uint64_t)id->time_ms, series = id->series;
    put(out, time, 6);
    out[6] = (uint8_t)(VERSION | series >> 20);
    out[7] = (uint8_t)(series >> 12);
    out[8] = (uint8_t)(VARIANT | (series >> 6 & 63));
    out[9] = (uint8_t)(series & 63);
    put(out + 10, fk_hash_mix(time ^ fk_hash_mix(series)), 6);
}

void profile_id_print(const struct profile_id *id, char text[PROFILE_ID_TEXT])
{
    uint8_t bytes[BYTES];
    make(id, bytes);
    uuid_print(bytes, text);
}

/* 8-4-4-4-12 digits, upper or lower case. */
static bool read_uuid(struct fk_slice text, uint8_t out[BYTES])
{
    size_t n = 0;
    if (text.len != PROFILE_ID_TEXT - 1)
        return false;
    memset(out, 0, BYTES);
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        int v = hex_digit(text.ptr[i]);
        if (dash ? text.ptr[i] != '-' : v < 0)
            return false;
        if (!dash) {
            out[n / 2] = (uint8_t)(out[n / 2] << 4 | v);
            n++;
        }
    }
    return true;
}

enum fk_err profile_id_parse(struct fk_slice text, struct profile_id *out)
{
    uint8_t given[BYTES], ours[BYTES];
    uint64_t time = 0;
    if (!read_uuid(text, given))
        return FK_ERR_FORMAT;
    for (int i = 0; i < 6; i++)
        time = time << 8 | given[i];
    out->time_ms = (int64_t)time;
    out->series = (uint32_t)(given[6] & 15) << 20 | (uint32_t)given[7] << 12 |
                  (uint32_t)(given[8] & 63) << 6 | (given[9] & 63);
    make(out, ours);
    return memcmp(given, ours, BYTES) ? FK_ERR_NOT_FOUND : FK_OK;
}
