/* Walks .eh_frame from end to end and sorts what it finds. */
#include "agent/frames.h"

#include "agent/eh_frame.h"
#include "agent/peek.h"
#include "agent/symfile.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_SIZE = 12, UNWIND_SECTION = 0x70000001 /* x86-64's own type */ };

struct pair {
    int32_t function, description; /* from the header */
};

static bool find_section(
    const struct fk_object *object, uintptr_t *at, size_t *size)
{
    struct fk_elf elf;
    if (!fk_symfile_open_own(object, &elf))
        return false;
    const Elf64_Shdr *s = fk_elf_section(&elf, SHT_PROGBITS, ".eh_frame");
    if (!s)
        s = fk_elf_section(&elf, UNWIND_SECTION, ".eh_frame");
    if (s) {
        *at = object->base + s->sh_addr;
        *size = s->sh_size;
    }
    fk_elf_close(&elf);
    return s && *size > 0 && *size <= FK_FRAMES_BYTES_MAX;
}

/* The next description at or after *at; false at the end. */
static bool next_entry(
    const struct fk_image *image, size_t *at, size_t *entry, bool *is_fde)
{
    struct fk_cursor c = {image, *at, image->size, false};
    uint64_t len = fk_cursor_uint(&c, 4);
    if (c.bad || len < 4 || len == 0xffffffff || len > c.end - c.at)
        return false;
    *entry = *at;
    *at = c.at + len;
    *is_fde = fk_cursor_uint(&c, 4) != 0;
    return true;
}

static size_t count_descriptions(const struct fk_image *frames)
{
    size_t at = 0, entry, count = 0;
    bool is_fde;
    while (next_entry(frames, &at, &entry, &is_fde))
        count += is_fde;
    return count;
}

static int by_function(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return (x->function > y->function) - (x->function < y->function);
}

/* Fills `pairs` with what can be read; returns how many. */
static size_t list(
    const struct fk_image *frames, uintptr_t hdr, struct pair *pairs)
{
    struct fk_cie cie = {0};
    struct fk_fde fde;
    size_t at = 0, entry, count = 0;
    bool is_fde;
    while (next_entry(frames, &at, &entry, &is_fde)) {
        uintptr_t where = frames->address + entry;
        if (!is_fde || !fk_fde_read(frames, where, &cie, &fde))
            continue;
        pairs[count++] =
            (struct pair){(int32_t)(fde.lo - hdr), (int32_t)(where - hdr)};
    }
    qsort(pairs, count, sizeof *pairs, by_function);
    return count;
}

static void write_header(uint8_t *head, size_t pairs_size, size_t count)
{
    static const uint8_t encodings[] = {1, 0x1b, 0x03, 0x3b};
    uint32_t to_frames = (uint32_t)(HEAD_SIZE + pairs_size - 4);
    uint32_t entries = (uint32_t)count;
    memcpy(head, encodings, sizeof encodings);
    memcpy(head + 4, &to_frames, sizeof to_frames);
    memcpy(head + 8, &entries, sizeof entries);
}

uint8_t *fk_frames_index(const struct fk_image *frames, struct fk_image *image)
{
    size_t room = count_descriptions(frames) * sizeof(struct pair);
    uint8_t *whole = malloc(HEAD_SIZE + room + frames->size);
    struct pair *pairs = malloc(room ? room : 1);
    if (whole && pairs) {
        uintptr_t hdr = frames->address - room - HEAD_SIZE;
        size_t count = list(frames, hdr, pairs);
        write_header(whole, room, count);
        memcpy(whole + HEAD_SIZE, pairs, count * sizeof *pairs);
        memset(whole + HEAD_SIZE + count * sizeof *pairs, 0,
            room - count * sizeof *pairs);
        memcpy(whole + HEAD_SIZE + room, frames->bytes, frames->size);
        *image = (struct fk_image){whole, HEAD_SIZE + room + frames->size, hdr};
    } else {
        free(whole);
        whole = NULL;
    }
    free(pairs);
    return whole;
}

uint8_t *fk_frames_image(const struct fk_object *object, struct fk_image *image)
{
    uintptr_t at;
    size_t size;
    if (!find_section(object, &at, &size))
        return NULL;
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return NULL;
    struct fk_image frames = {bytes, fk_peek(bytes, at, size), at};
    uint8_t *whole = fk_frames_index(&frames, image);
    free(bytes);
    return whole;
}
