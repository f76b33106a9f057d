#include "server/utf8.h"

/* Length, payload bits of the first byte, smallest character that needs it:
 * one row a form, so that overlong forms are refused by the table. */
static const struct {
    uint8_t mask, lead;
    uint32_t least;
} form[] = {
    {0x80, 0x00, 0},
    {0xE0, 0xC0, 0x80},
    {0xF0, 0xE0, 0x800},
    {0xF8, 0xF0, 0x10000},
};

uint32_t utf8_next(struct fk_slice s, size_t *at)
{
    size_t i = *at, rows = sizeof form / sizeof *form;
    uint8_t lead = (uint8_t)s.ptr[(*at)++];
    size_t n = 0;
    while (n < rows && (lead & form[n].mask) != form[n].lead)
        n++;
    if (n == rows || s.len - i <= n)
        return UTF8_BAD;
    uint32_t c = lead & (uint8_t)~form[n].mask;
    for (size_t k = 1; k <= n; k++) {
        uint8_t b = (uint8_t)s.ptr[i + k];
        if ((b & 0xC0) != 0x80)
            return UTF8_BAD;
        c = c << 6 | (b & 0x3F);
    }
    if (c < form[n].least || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return UTF8_BAD;
    *at = i + n + 1;
    return c;
}

void utf8_add(struct fk_buf *out, uint32_t c)
{
    size_t n = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    fk_buf_addc(out, (char)(form[n].lead | c >> (6 * n)));
    while (n-- > 0)
        fk_buf_addc(out, (char)(0x80 | (c >> (6 * n) & 0x3F)));
}
