#include "cli/target.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/slice.h"

#define MAX_HEADERS 64

static bool find(const char *command, char path[PATH_MAX])
{
    const char *folders = getenv("PATH");
    if (strchr(command, '/') != NULL)
        return snprintf(path, PATH_MAX, "%s", command) < PATH_MAX;
    struct fk_slice rest = fk_slice_of(folders ? folders : "/bin:/usr/bin");
    struct fk_slice folder;
    while (fk_slice_split(&rest, ':', &folder)) {
        int n = snprintf(
            path, PATH_MAX, FK_SLICE_FMT "/%s", FK_SLICE_ARG(folder), command);
        if (n < PATH_MAX && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* A program without an interpreter has nobody who would load a library. */
static bool is_static(int fd, const Elf64_Ehdr *head)
{
    Elf64_Phdr rows[MAX_HEADERS];
    size_t n = head->e_phnum < MAX_HEADERS ? head->e_phnum : MAX_HEADERS;
    if (head->e_phentsize != sizeof(rows[0]) ||
        pread(fd, rows, n * sizeof(rows[0]), (off_t)head->e_phoff) !=
            (ssize_t)(n * sizeof(rows[0])))
        return false;
    for (size_t i = 0; i < n; i++)
        if (rows[i].p_type == PT_INTERP)
            return false;
    return true;
}

static const char *look(int fd)
{
    struct stat st;
    Elf64_Ehdr head;
    if (fstat(fd, &st) == 0 && (st.st_mode & (S_ISUID | S_ISGID)) != 0)
        return "it runs with another user's rights, and such programs load no "
               "foreign library";
    if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return NULL;
    if (head.e_ident[EI_CLASS] != ELFCLASS64)
        return "it is a 32-bit program and the library is not";
    if (is_static(fd, &head))
        return "it is linked statically (Go programs are too), so no library "
               "can be preloaded; flamekit-perf profiles it from outside";
    return NULL;
}

void target_explain(const char *command, char *why, size_t size)
{
    char path[PATH_MAX];
    const char *reason = NULL;
    int fd = find(command, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        reason = look(fd);
        close(fd);
    }
    snprintf(why, size, "%s",
        reason ? reason
               : "it used too little CPU time, or waited and allocated too "
                 "little, to be sampled; a higher --hz sees more");
}
