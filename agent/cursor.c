/* Forward reading with a sticky error; LEB128 and DW_EH_PE_* pointers. */
#include "agent/cursor.h"

struct fk_cursor fk_cursor_at(const struct fk_image *image, uintptr_t address)
{
    struct fk_cursor c = {.image = image, .end = image->size};
    uintptr_t at = address - image->address;
    c.bad = at >= image->size;
    c.at = c.bad ? c.end : at;
    return c;
}

const uint8_t *fk_cursor_take(struct fk_cursor *c, size_t n)
{
    if (c->bad || n > c->end - c->at) {
        c->bad = true;
        return NULL;
    }
    c->at += n;
    return c->image->bytes + c->at - n;
}

uint64_t fk_cursor_uint(struct fk_cursor *c, size_t n)
{
    const uint8_t *p = fk_cursor_take(c, n);
    uint64_t v = 0;
    for (size_t i = 0; p && i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* At most the ten bytes that 64 bits need. */
static uint64_t take_leb(struct fk_cursor *c, bool is_signed)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70 && !c->bad; shift += 7) {
        uint64_t byte = fk_cursor_uint(c, 1);
        if (shift < 64)
            v |= (byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        if (is_signed && byte & 0x40 && shift + 7 < 64)
            v |= ~UINT64_C(0) << (shift + 7);
        return v;
    }
    c->bad = true;
    return 0;
}

uint64_t fk_cursor_uleb(struct fk_cursor *c)
{
    return take_leb(c, false);
}

int64_t fk_cursor_sleb(struct fk_cursor *c)
{
    return (int64_t)take_leb(c, true);
}

enum { PE_OMIT = 0xff, PE_INDIRECT = 0x80, PE_PCREL = 0x10, PE_DATAREL = 0x30 };

uintptr_t fk_cursor_pointer(struct fk_cursor *c, uint8_t how, uintptr_t data)
{
    uintptr_t here = c->image->address + c->at, value = 0;
    if (how == PE_OMIT || how & PE_INDIRECT) {
        c->bad = true;
        return 0;
    }
    switch (how & 0x0f) {
    case 0x00: /* absptr */
    case 0x04: /* udata8 */
    case 0x0c: /* sdata8 */
        value = fk_cursor_uint(c, 8);
        break;
    case 0x01:
        value = fk_cursor_uleb(c);
        break;
    case 0x02:
        value = fk_cursor_uint(c, 2);
        break;
    case 0x03:
        value = fk_cursor_uint(c, 4);
        break;
    case 0x09:
        value = (uintptr_t)fk_cursor_sleb(c);
        break;
    case 0x0a:
        value = (uintptr_t)(int16_t)fk_cursor_uint(c, 2);
        break;
    case 0x0b:
        value = (uintptr_t)(int32_t)fk_cursor_uint(c, 4);
        break;
    default:
        c->bad = true;
        return 0;
    }
    switch (how & 0x70) {
    case 0:
        return value;
    case PE_PCREL:
        return here + value;
    case PE_DATAREL:
        return data + value;
    default:
        c->bad = true;
        return 0;
    }
}
