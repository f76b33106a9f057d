#include "agent/perf/image.h"

#include "agent/elf.h"
#include "agent/frames.h"
#include "agent/lines.h"
#include "agent/symbols.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    UNWIND_SECTION = 0x70000001, /* x86-64's own type of .eh_frame */
    VDSO_BYTES_MAX = 1 << 16,
    HEADERS_MAX = 256,
    KEEP_INTERVALS = 3,
    FILES_SPARE = 32,
};

static struct {
    struct perf_image *all;
    size_t count, table_bytes;
} images;

/* ---- the file ----------------------------------------------------------- */

/* Some are kept for whatever else is to be read. */
static bool is_spare(int fd)
{
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) != 0 ||
           (rlim_t)fd + FILES_SPARE < files.rlim_cur;
}

static bool is_inode(int fd, ino_t inode)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_ino == inode;
}

/* A path of a map has no links in it; one that has them now was exchanged,
 * and would lead out of the process's own tree. */
static int find_in_root(pid_t pid, const struct perf_mapping *m)
{
    char path[64];
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS};
    snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -1;
    int fd = (int)syscall(SYS_openat2, root, m->path, &how, sizeof(how));
    close(root);
    if (fd < 0 || is_inode(fd, m->inode))
        return fd;
    close(fd);
    return -1;
}

/* map_files leads to the very file, also when it is deleted; where it is
 * refused the same path, as the process sees it, has to do. Nothing is opened
 * before it is known to be a file: no device, and nobody is waited for. */
static int open_file(pid_t pid, const struct perf_mapping *m)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", (int)pid,
        (unsigned long)m->lo, (unsigned long)m->hi);
    int found = open(path, O_PATH | O_CLOEXEC), fd = -1;
    if (found < 0)
        found = find_in_root(pid, m);
    if (found < 0)
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
    if (is_spare(found) && fstat(found, &st) == 0 && S_ISREG(st.st_mode))
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    close(found);
    return fd;
}

static bool open_elf(const struct perf_image *image, struct fk_elf *elf)
{
    if (image->fd < 0)
        return fk_elf_open_memory(
            elf, getauxval(AT_SYSINFO_EHDR), VDSO_BYTES_MAX);
    return fk_elf_open(elf, image->object.path);
}

static bool read_header(const struct fk_elf *elf, size_t i, Elf64_Phdr *header)
{
    uint64_t at = elf->head.e_phoff + i * sizeof(*header);
    if (elf->fd < 0) {
        memcpy(header, (const char *)elf->memory + at, sizeof(*header));
        return true;
    }
    return pread(elf->fd, header, sizeof(*header), (off_t)at) ==
           (ssize_t)sizeof(*header);
}

bool perf_image_has(
    const struct perf_image *image, const struct perf_mapping *m)
{
    return image->has_code && m->offset < image->offset + image->size &&
           m->offset + (m->hi - m->lo) > image->offset;
}

/* The loaded part that the mapping shows. */
static bool find_code(struct perf_image *image, const struct fk_elf *elf,
    const struct perf_mapping *m)
{
    Elf64_Phdr p;
    size_t n = elf->head.e_phnum < HEADERS_MAX ? elf->head.e_phnum : 0;
    for (size_t i = 0; i < n && read_header(elf, i, &p); i++) {
        if (p.p_type != PT_LOAD || !(p.p_flags & PF_X) ||
            p.p_memsz > UINT32_MAX)
            continue;
        image->offset = p.p_offset;
        image->size = p.p_memsz;
        image->object.base = PERF_IMAGE_BASE;
        image->object.lo = PERF_IMAGE_BASE + p.p_vaddr;
        image->object.hi = image->object.lo + p.p_memsz;
        image->object.lo_offset = p.p_offset;
        image->has_code = true;
        if (perf_image_has(image, m))
            return true;
    }
    return false;
}

static void build_table(struct perf_image *image, const struct fk_elf *elf)
{
    struct fk_object *o = &image->object;
    const Elf64_Shdr *s = fk_elf_section(elf, SHT_PROGBITS, ".eh_frame");
    if (s == NULL)
        s = fk_elf_section(elf, UNWIND_SECTION, ".eh_frame");
    uint8_t *bytes = fk_elf_load(elf, s, FK_FRAMES_BYTES_MAX), *whole = NULL;
    struct fk_image frames, indexed;
    if (bytes != NULL) {
        frames =
            (struct fk_image){bytes, s->sh_size, PERF_IMAGE_BASE + s->sh_addr};
        whole = fk_frames_index(&frames, &indexed);
    }
    if (whole != NULL && fk_cfi_build(&o->cfi, &indexed, indexed.address,
                             (struct fk_range){o->lo, o->hi},
                             FK_CFI_BYTES_MAX - images.table_bytes) == FK_OK)
        images.table_bytes += o->cfi.bytes;
    free(whole);
    free(bytes);
}

/* ---- life --------------------------------------------------------------- */

static char *path_of(const struct perf_image *image)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", image->fd);
    return strdup(image->fd < 0 ? FK_VDSO_PATH : path);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void free_image(struct perf_image *image)
{
    images.table_bytes -= image->object.cfi.bytes;
    fk_cfi_free(&image->object.cfi);
    fk_symbols_free(image->object.symbols);
    fk_lines_free(image->object.lines);
    if (image->fd >= 0)
        close(image->fd);
    free(image->object.path);
    free(image->file);
    free(image);
}

static bool fill(struct perf_image *image, const struct perf_mapping *m)
{
    struct fk_elf elf;
    image->object.path = path_of(image);
    image->file = strdup(m->path);
    if (image->object.path == NULL || image->file == NULL)
        return false;
    image->object.name = last_part(image->file);
    if (!open_elf(image, &elf))
        return true;
    image->object.build_id_len = (unsigned)fk_elf_build_id(
        &elf, image->object.build_id, FK_BUILD_ID_MAX);
    image->has_code = find_code(image, &elf, m);
    if (image->has_code)
        build_table(image, &elf);
    fk_elf_close(&elf);
    return true;
}

/* One whose file is no ELF file is kept as well, so that it is not opened
 * again and again. */
static struct perf_image *new_image(pid_t pid, const struct perf_mapping *m)
{
    bool vdso = strcmp(m->path, FK_VDSO_PATH) == 0;
    struct perf_image *image = calloc(1, sizeof(*image));
    if (image == NULL)
        return NULL;
    image->device = m->device;
    image->inode = m->inode;
    image->fd = vdso ? -1 : open_file(pid, m);
    if ((!vdso && image->fd < 0) || !fill(image, m)) {
        free_image(image);
        return NULL;
    }
    image->next = images.all;
    images.all = image;
    images.count++;
    return image;
}

static struct perf_image *find(const struct perf_mapping *m)
{
    for (struct perf_image *i = images.all; i; i = i->next)
        if (i->device == m->device && i->inode == m->inode &&
            (m->inode != 0 || strcmp(i->file, m->path) == 0) &&
            (!i->has_code || perf_image_has(i, m)))
            return i;
    return NULL;
}

struct perf_image *perf_image_get(pid_t pid, const struct perf_mapping *m)
{
    struct perf_image *image = find(m);
    if (image == NULL && images.count < PERF_IMAGES_MAX)
        image = new_image(pid, m);
    if (image != NULL)
        image->users++;
    return image;
}

void perf_image_put(struct perf_image *image)
{
    if (image != NULL)
        image->users--;
}

uintptr_t perf_image_shift(
    const struct perf_image *image, const struct perf_mapping *m)
{
    return m->lo - (image->object.lo + m->offset - image->offset);
}

void perf_image_trim(void)
{
    for (struct perf_image **at = &images.all; *at;) {
        struct perf_image *i = *at;
        i->unused = i->users ? 0 : i->unused + 1;
        if (i->unused < KEEP_INTERVALS) {
            at = &i->next;
            continue;
        }
        *at = i->next;
        images.count--;
        free_image(i);
    }
    fk_symbols_trim();
}
