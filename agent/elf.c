/* Bounded reads of headers, sections and notes. */
#include "agent/elf.h"

#include "agent/peek.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTES_MAX = 64 << 10, HEADERS_MAX = 256 };

#if defined(__x86_64__)
enum { THIS_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { THIS_MACHINE = EM_AARCH64 };
#endif

static bool read_at(
    const struct fk_elf *elf, uint64_t offset, void *to, size_t size)
{
    if (offset > elf->size || size > elf->size - offset)
        return false;
    if (elf->fd < 0)
        return fk_peek(to, elf->memory + offset, size) == size;
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(
            elf->fd, (char *)to + done, size - done, (off_t)(offset + done));
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

void *fk_elf_load(
    const struct fk_elf *elf, const Elf64_Shdr *section, size_t limit)
{
    if (!section || !section->sh_size || section->sh_size > limit ||
        section->sh_size > elf->size || section->sh_type == SHT_NOBITS ||
        section->sh_flags & SHF_COMPRESSED)
        return NULL;
    char *bytes = malloc(section->sh_size + 1);
    if (!bytes)
        return NULL;
    if (!read_at(elf, section->sh_offset, bytes, section->sh_size)) {
        free(bytes);
        return NULL;
    }
    bytes[section->sh_size] = '\0';
    return bytes;
}

static bool read_sections(struct fk_elf *elf)
{
    const Elf64_Ehdr *h = &elf->head;
    if (!h->e_shnum || h->e_shnum > FK_ELF_SECTIONS_MAX ||
        h->e_shentsize != sizeof *elf->sections || h->e_shstrndx >= h->e_shnum)
        return false;
    size_t size = h->e_shnum * sizeof *elf->sections;
    elf->sections = malloc(size);
    if (!elf->sections || !read_at(elf, h->e_shoff, elf->sections, size))
        return false;
    elf->section_count = h->e_shnum;
    const Elf64_Shdr *names = &elf->sections[h->e_shstrndx];
    elf->names = fk_elf_load(elf, names, FK_ELF_NAMES_MAX);
    elf->names_len = names->sh_size;
    return elf->names != NULL;
}

static bool read_headers(struct fk_elf *elf)
{
    const Elf64_Ehdr *h = &elf->head;
    if (read_at(elf, 0, &elf->head, sizeof elf->head) &&
        !memcmp(h->e_ident, ELFMAG, SELFMAG) &&
        h->e_ident[EI_CLASS] == ELFCLASS64 &&
        h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_machine == THIS_MACHINE &&
        read_sections(elf))
        return true;
    fk_elf_close(elf);
    return false;
}

bool fk_elf_open(struct fk_elf *elf, const char *path)
{
    struct stat st;
    *elf = (struct fk_elf){
        .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (elf->fd < 0)
        return false;
    if (fstat(elf->fd, &st) || !S_ISREG(st.st_mode)) {
        fk_elf_close(elf);
        return false;
    }
    elf->size = (uint64_t)st.st_size;
    return read_headers(elf);
}

bool fk_elf_open_memory(struct fk_elf *elf, uintptr_t at, size_t size)
{
    *elf = (struct fk_elf){.fd = -1, .memory = at, .size = size};
    return read_headers(elf);
}

void fk_elf_close(struct fk_elf *elf)
{
    if (elf->fd >= 0)
        close(elf->fd);
    free(elf->sections);
    free(elf->names);
    *elf = (struct fk_elf){.fd = -1};
}

const Elf64_Shdr *fk_elf_section(
    const struct fk_elf *elf, uint32_t type, const char *name)
{
    for (size_t i = 1; i < elf->section_count; i++) {
        const Elf64_Shdr *s = &elf->sections[i];
        if (s->sh_type != type)
            continue;
        if (!name || (s->sh_name < elf->names_len &&
                         !strcmp(elf->names + s->sh_name, name)))
            return s;
    }
    return NULL;
}

const Elf64_Shdr *fk_elf_linked(
    const struct fk_elf *elf, const Elf64_Shdr *section)
{
    return section->sh_link < elf->section_count
               ? &elf->sections[section->sh_link]
               : NULL;
}

/* ---- build ids
 * ---------------------------------------------------------------- */

size_t fk_elf_note_build_id(
    const uint8_t *notes, size_t size, uint8_t *id, size_t room)
{
    Elf64_Nhdr note;
    for (size_t at = 0; at < size && sizeof note <= size - at;) {
        memcpy(&note, notes + at, sizeof note);
        size_t name = at + sizeof note;
        size_t desc = name + (((size_t)note.n_namesz + 3) & ~(size_t)3);
        size_t end = desc + (((size_t)note.n_descsz + 3) & ~(size_t)3);
        if (end > size)
            return 0;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            !memcmp(notes + name, "GNU", 4) && note.n_descsz <= room) {
            memcpy(id, notes + desc, note.n_descsz);
            return note.n_descsz;
        }
        at = end;
    }
    return 0;
}

size_t fk_elf_build_id(const struct fk_elf *elf, uint8_t *id, size_t room)
{
    const Elf64_Shdr *s = fk_elf_section(elf, SHT_NOTE, ".note.gnu.build-id");
    uint8_t *notes = fk_elf_load(elf, s, NOTES_MAX);
    size_t len = notes ? fk_elf_note_build_id(notes, s->sh_size, id, room) : 0;
    free(notes);
    return len;
}

bool fk_elf_loads(
    const struct fk_elf *elf, uint64_t offset, uint64_t address, uint64_t size)
{
    const Elf64_Ehdr *h = &elf->head;
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum > HEADERS_MAX)
        return false;
    for (size_t i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr p;
        uint64_t at = i * sizeof p;
        if (h->e_phoff > elf->size ||
            !read_at(elf, h->e_phoff + at, &p, sizeof p))
            return false;
        if (p.p_type == PT_LOAD && p.p_offset == offset &&
            p.p_vaddr == address && p.p_memsz <= size)
            return true;
    }
    return false;
}
