/* Bytes as the ELF file behind a loaded object: names come out, or none. The
 * first executable segment of the file decides where the object "is", so that
 * inputs get past the check that it is the right file. */
#include "agent/symbols.h"

#include "common/check.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BASE = 0x10000000, STEPS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Elf64_Phdr code_of(const uint8_t *data, size_t size)
{
    Elf64_Ehdr head;
    Elf64_Phdr p = {.p_vaddr = 0x1000, .p_memsz = 0x1000};
    if (size < sizeof head)
        return p;
    memcpy(&head, data, sizeof head);
    for (size_t i = 0; i < head.e_phnum; i++) {
        uint64_t at = head.e_phoff + i * sizeof p;
        if (at > size || sizeof p > size - at)
            break;
        memcpy(&p, data + at, sizeof p);
        if (p.p_type == PT_LOAD && p.p_flags & PF_X)
            break;
    }
    return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    struct fk_symbol symbol;
    Elf64_Phdr code = code_of(data, size);
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct fk_object object = {.base = BASE,
        .lo = BASE + code.p_vaddr,
        .hi = BASE + code.p_vaddr + code.p_memsz,
        .lo_offset = code.p_offset,
        .path = path,
        .name = "fuzz"};
    for (uint64_t i = 0; i < STEPS; i++) {
        uint64_t step = code.p_memsz / STEPS + 1;
        fk_symbols_name(&object, object.lo + i * step, &symbol);
        FK_ASSERT(symbol.name[0] || symbol.system_name[0] == '\0');
    }
    fk_symbols_free(object.symbols);
    close(fd);
    return 0;
}
