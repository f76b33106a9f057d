/*
 * Reads sections of an ELF file, or of the vDSO's image in memory.
 *
 * Agent thread only. Nothing in the file is trusted: every read is checked
 * against its size, every allocation against a limit, and the file is read,
 * not mapped, so one that is truncated meanwhile is a short read. 64-bit,
 * little-endian, of this machine; everything else does not open.
 */
#ifndef FK_AGENT_ELF_H
#define FK_AGENT_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FK_ELF_SECTIONS_MAX = 4096, FK_ELF_NAMES_MAX = 1 << 20 };

struct fk_elf {
    int fd;           /* -1: an image in memory */
    uintptr_t memory; /* where it starts */
    uint64_t size;
    Elf64_Ehdr head;
    Elf64_Shdr *sections;
    size_t section_count;
    char *names; /* of sections; NUL at the end */
    size_t names_len;
};

/* False when it is not such a file; then there is nothing to close. */
bool fk_elf_open(struct fk_elf *elf, const char *path);
bool fk_elf_open_memory(struct fk_elf *elf, uintptr_t at, size_t size);
void fk_elf_close(struct fk_elf *elf);

/* The first section of this type (and of this name, unless NULL), or NULL. */
const Elf64_Shdr *fk_elf_section(
    const struct fk_elf *elf, uint32_t type, const char *name);
/* The strings that belong to a symbol table. */
const Elf64_Shdr *fk_elf_linked(
    const struct fk_elf *elf, const Elf64_Shdr *section);
/* Contents with a NUL behind them; the caller frees. NULL when damaged, empty,
 * compressed or longer than `limit`. */
void *fk_elf_load(
    const struct fk_elf *elf, const Elf64_Shdr *section, size_t limit);
/* Bytes written to id, 0 when there is none that fits. */
size_t fk_elf_build_id(const struct fk_elf *elf, uint8_t *id, size_t room);
/* Does a program header load code from `offset` to `address`, `size` long? */
bool fk_elf_loads(
    const struct fk_elf *elf, uint64_t offset, uint64_t address, uint64_t size);

/* The build id in a run of notes, in memory or in a file. */
size_t fk_elf_note_build_id(
    const uint8_t *notes, size_t size, uint8_t *id, size_t room);

#endif
