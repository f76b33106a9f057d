#include "agent/perf/maps.h"

#include "agent/objects.h"

#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

/* False at the end. *whole: it fitted. */
static bool read_line(struct perf_maps *m, bool *whole)
{
    if (fgets(m->line, sizeof(m->line), m->file) == NULL)
        return false;
    m->lines++;
    size_t n = strcspn(m->line, "\n");
    *whole = m->line[n] == '\n' || feof(m->file);
    m->line[n] = '\0';
    for (int c = 0; !*whole && c != '\n' && c != EOF;)
        c = getc(m->file);
    return true;
}

/* "lo-hi r-xp offset major:minor inode   path" */
static bool parse(const char *line, struct perf_mapping *m)
{
    unsigned major, minor;
    char mode[5];
    int path = 0;
    unsigned long inode;
    const char *space = strchr(line, ' ');
    if (space == NULL || strlen(space) < 4 || space[3] != 'x')
        return false; /* most are not, and sscanf is slow */
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %" SCNx64 " %x:%x %lu %n",
            &m->lo, &m->hi, mode, &m->offset, &major, &minor, &inode,
            &path) < 7 ||
        m->lo >= m->hi)
        return false;
    m->device = makedev(major, minor);
    m->inode = inode;
    m->path = line + path;
    return strcmp(m->path, FK_VDSO_PATH) == 0 || m->path[0] == '/';
}

bool perf_maps_next(struct perf_maps *maps, struct perf_mapping *mapping)
{
    bool whole;
    while (read_line(maps, &whole))
        if (whole && parse(maps->line, mapping))
            return true;
    return false;
}

void perf_maps_rewind(struct perf_maps *maps)
{
    rewind(maps->file);
    maps->lines = 0;
}
