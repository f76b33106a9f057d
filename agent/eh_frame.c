/* Common and frame descriptions: Linux Standard Base 5, chapter 10.6. */
#include "agent/eh_frame.h"

#include "agent/cfi.h"

enum {
    PROGRAM_MAX = 1 << 20,  /* of one function */
    CIE_PROGRAM_MAX = 1024, /* run again for every function */
};

/* Length and body of the entry at the cursor; narrows it to the body. */
static bool enter_entry(struct fk_cursor *c)
{
    uint64_t len = fk_cursor_uint(c, 4);
    if (len == 0xffffffff)
        len = fk_cursor_uint(c, 8);
    if (c->bad || !len || len > c->end - c->at)
        return false;
    c->end = c->at + len;
    return true;
}

/* "zPLRS" and its data: each letter describes the next bytes of data. */
static void read_augmentation(
    struct fk_cursor *c, const char *letters, struct fk_cie *cie)
{
    uint64_t len = fk_cursor_uleb(c);
    if (c->bad || len > c->end - c->at) {
        c->bad = true;
        return;
    }
    size_t program = c->at + len;
    for (const char *l = letters; *l; l++) {
        if (*l == 'R')
            cie->pointers = (uint8_t)fk_cursor_uint(c, 1);
        else if (*l == 'L')
            fk_cursor_uint(c, 1);
        else if (*l == 'P') {
            /* The personality is skipped: only its size matters. */
            uint8_t how = (uint8_t)fk_cursor_uint(c, 1);
            fk_cursor_pointer(c, how & 0x0f, 0);
        } else if (*l == 'S')
            cie->signal = true;
        else if (*l != 'B') /* aarch64: signed with the B key */
            break;
    }
    c->at = program;
}

static bool read_cie(
    const struct fk_image *image, size_t offset, struct fk_cie *cie)
{
    struct fk_cursor c = {image, offset, image->size, false};
    *cie = (struct fk_cie){.offset = offset};
    if (!enter_entry(&c) || fk_cursor_uint(&c, 4) != 0)
        return false;
    uint8_t version = (uint8_t)fk_cursor_uint(&c, 1);
    char letters[8] = "";
    size_t n = 0;
    for (char l; (l = (char)fk_cursor_uint(&c, 1)) && n < sizeof letters - 1;)
        letters[n++] = l;
    if (n == sizeof letters - 1 || (version != 1 && version != 3))
        return false;
    cie->code_align = fk_cursor_uleb(&c);
    cie->data_align = fk_cursor_sleb(&c);
    uint64_t ra = version == 1 ? fk_cursor_uint(&c, 1) : fk_cursor_uleb(&c);
    if (ra != FK_DWARF_RA || (n && letters[0] != 'z'))
        return false;
    cie->augmented = n > 0;
    if (cie->augmented)
        read_augmentation(&c, letters + 1, cie);
    cie->program = c.at;
    cie->program_end = c.end;
    return !c.bad && c.at <= c.end && c.end - c.at <= CIE_PROGRAM_MAX;
}

bool fk_fde_read(const struct fk_image *image, uintptr_t address,
    struct fk_cie *cie, struct fk_fde *fde)
{
    struct fk_cursor c = fk_cursor_at(image, address);
    size_t start = c.at;
    if (!enter_entry(&c))
        return false;
    size_t id_at = c.at;
    uint64_t back = fk_cursor_uint(&c, 4);
    if (c.bad || !back || back > id_at)
        return false;
    size_t offset = id_at - back;
    if ((cie->offset != offset || !cie->program_end) &&
        !read_cie(image, offset, cie)) {
        cie->program_end = 0;
        return false;
    }
    fde->lo = fk_cursor_pointer(&c, cie->pointers, 0);
    fde->hi = fde->lo + fk_cursor_pointer(&c, cie->pointers & 0x0f, 0);
    if (cie->augmented) {
        uint64_t len = fk_cursor_uleb(&c);
        if (!c.bad && len <= c.end - c.at)
            c.at += len;
        else
            c.bad = true;
    }
    fde->program = c.at;
    fde->program_end = c.end;
    fde->bytes = c.end - start + (cie->program_end - cie->program);
    return !c.bad && fde->lo < fde->hi && c.end - c.at <= PROGRAM_MAX;
}
