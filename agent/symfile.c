/* The object's own file, its debug file, and how to tell that they are. */
#include "agent/symfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

enum { PATH_ROOM = 4096, VDSO_BYTES_MAX = 1 << 16 };

static bool same_build(const struct fk_object *object, const struct fk_elf *elf)
{
    uint8_t id[FK_BUILD_ID_MAX];
    size_t len = fk_elf_build_id(elf, id, sizeof id);
    return len == object->build_id_len && !memcmp(id, object->build_id, len);
}

static bool open_checked(
    const struct fk_object *object, const char *path, struct fk_elf *elf)
{
    if (!fk_elf_open(elf, path))
        return false;
    if (object->build_id_len && same_build(object, elf))
        return true;
    fk_elf_close(elf);
    return false;
}

/* Without a build id, the place of its code must do. */
bool fk_symfile_open_own(const struct fk_object *object, struct fk_elf *elf)
{
    const char *path = object->program ? "/proc/self/exe" : object->path;
    if (!strcmp(path, FK_VDSO_PATH))
        return fk_elf_open_memory(
            elf, getauxval(AT_SYSINFO_EHDR), VDSO_BYTES_MAX);
    if (!fk_elf_open(elf, path))
        return false;
    if (same_build(object, elf) &&
        fk_elf_loads(elf, object->lo_offset, object->lo - object->base,
            object->hi - object->lo))
        return true;
    fk_elf_close(elf);
    return false;
}

static bool open_by_build_id(const struct fk_object *object, struct fk_elf *elf)
{
    char path[PATH_ROOM], hex[2 * FK_BUILD_ID_MAX + 1];
    if (object->build_id_len < 2)
        return false;
    for (unsigned i = 0; i < object->build_id_len; i++)
        snprintf(hex + 2 * i, 3, "%02x", object->build_id[i]);
    snprintf(path, sizeof path, "/usr/lib/debug/.build-id/%.2s/%s.debug", hex,
        hex + 2);
    return open_checked(object, path, elf);
}

static bool open_by_link(const struct fk_object *object,
    const struct fk_elf *file, struct fk_elf *elf)
{
    static const struct {
        const char *before, *after;
    } places[] = {{"", ""}, {"", ".debug/"}, {"/usr/lib/debug", ""}};

    const Elf64_Shdr *s = fk_elf_section(file, SHT_PROGBITS, ".gnu_debuglink");
    char *name = fk_elf_load(file, s, PATH_ROOM), path[PATH_ROOM];
    const char *slash = strrchr(object->path, '/');
    int folder = slash ? (int)(slash - object->path) + 1 : 0;
    bool found = false;
    if (name && !strchr(name, '/'))
        for (size_t i = 0; !found && i < sizeof places / sizeof *places; i++) {
            int len = snprintf(path, sizeof path, "%s%.*s%s%s",
                places[i].before, folder, object->path, places[i].after, name);
            found = len < PATH_ROOM && open_checked(object, path, elf);
        }
    free(name);
    return found;
}

static bool has_symbols(const struct fk_elf *elf)
{
    return fk_elf_section(elf, SHT_SYMTAB, NULL) != NULL;
}

bool fk_symfile_open(const struct fk_object *object, struct fk_elf *elf)
{
    struct fk_elf file, debug;
    bool found = fk_symfile_open_own(object, &file);
    if (found && has_symbols(&file)) {
        *elf = file;
        return true;
    }
    if (open_by_build_id(object, &debug) ||
        (found && open_by_link(object, &file, &debug))) {
        if (has_symbols(&debug)) {
            if (found)
                fk_elf_close(&file);
            *elf = debug;
            return true;
        }
        fk_elf_close(&debug);
    }
    if (found)
        *elf = file;
    return found;
}
