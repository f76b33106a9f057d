#include "agent/perf/process.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/map.h"
#include "common/slice.h"

enum {
    BUCKETS = 1024,
    CODES_MAX = FK_OBJECTS_MAX,
    KEEP_INTERVALS = 4,
    CONTAINER_DIGITS = 64,
    CONTAINER_SHOWN = 12,
};

static struct {
    struct perf_process *bucket[BUCKETS];
    struct fk_map by_id;
    size_t count;
    int32_t last_id;
    uint16_t epoch;
    const char *cgroup;
    unsigned refused;
} all = {.by_id = {0}};

void perf_processes_want(const char *cgroup)
{
    all.cgroup = cgroup;
    fk_map_init(&all.by_id, PERF_PROCESSES_MAX);
}

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

/* ---- names -------------------------------------------------------------- */

static void read_line(pid_t pid, const char *name, char *line, size_t room)
{
    FILE *f = open_proc(pid, name);
    line[0] = '\0';
    if (f == NULL)
        return;
    if (fgets(line, (int)room, f) != NULL)
        line[strcspn(line, "\n")] = '\0';
    fclose(f);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void name_program(struct perf_process *p)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/%d/exe", (int)p->pid);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    char *gone = strstr(path, " (deleted)");
    if (gone != NULL)
        *gone = '\0';
    snprintf(p->program, sizeof(p->program), "%.*s", PERF_NAME_BYTES - 1,
        n > 0        ? last_part(path)
        : p->comm[0] ? p->comm
                     : "[ended]");
}

/* Docker, containerd, podman and Kubernetes: 64 hexadecimal digits. */
static void name_container(struct perf_process *p, const char *path)
{
    for (size_t run = 0; *path != '\0'; path++) {
        run = isxdigit((unsigned char)*path) ? run + 1 : 0;
        if (run == CONTAINER_DIGITS)
            snprintf(p->container, sizeof(p->container), "%.*s",
                CONTAINER_SHOWN, path - CONTAINER_DIGITS + 1);
    }
}

/* Lines "N:controllers:/path"; the longest path says most. */
static void name_group(struct perf_process *p)
{
    char line[4096], best[4096] = "";
    FILE *f = open_proc(p->pid, "cgroup");
    p->wanted = all.cgroup == NULL;
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *path = strchr(line, '/');
        if (path != NULL && strlen(path) > strlen(best))
            memcpy(best, path, strlen(path) + 1);
        if (path != NULL && all.cgroup && strstr(path, all.cgroup))
            p->wanted = true;
    }
    if (f != NULL)
        fclose(f);
    name_container(p, best);
    snprintf(p->group, sizeof(p->group), "%.*s", PERF_NAME_BYTES - 1,
        best[0] && best[1] ? last_part(best) : p->program);
}

static void name(struct perf_process *p)
{
    read_line(p->pid, "comm", p->comm, sizeof(p->comm));
    name_program(p);
    name_group(p);
}

/* ---- the map ------------------------------------------------------------ */

static void free_map(struct perf_process *p)
{
    for (size_t i = 0; p->objects && i < p->objects->count; i++)
        perf_image_put(p->code[i].image);
    free(p->objects);
    free(p->code);
    p->objects = NULL;
    p->code = NULL;
}

/* "lo-hi r-xp offset major:minor inode   path"; only code counts. */
static bool read_mapping(char *line, struct perf_mapping *m)
{
    unsigned major, minor;
    char mode[5];
    int path = 0;
    unsigned long inode;
    line[strcspn(line, "\n")] = '\0';
    const char *space = strchr(line, ' ');
    if (space == NULL || strlen(space) < 4 || space[3] != 'x')
        return false; /* most are not, and sscanf is slow */
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %" SCNx64 " %x:%x %lu %n",
            &m->lo, &m->hi, mode, &m->offset, &major, &minor, &inode,
            &path) < 7)
        return false;
    m->device = makedev(major, minor);
    m->inode = inode;
    m->path = line + path;
    return strcmp(m->path, FK_VDSO_PATH) == 0 || m->path[0] == '/';
}

static void add_code(struct perf_process *p, const struct perf_mapping *m)
{
    struct perf_code *c = &p->code[p->objects->count];
    *c = (struct perf_code){.image = perf_image_get(p->pid, m)};
    c->object = (struct fk_object){.lo = m->lo, .hi = m->hi};
    if (c->image != NULL && perf_image_has(c->image, m)) {
        c->known = true;
        c->shift = perf_image_shift(c->image, m);
        c->object.base = PERF_IMAGE_BASE + c->shift;
        c->object.cfi = c->image->object.cfi;
        c->object.cfi.lo += c->shift;
        c->object.cfi.hi += c->shift;
    }
    p->objects->spans[p->objects->count++] =
        (struct fk_span){m->lo, m->hi, &c->object};
}

/* There may be more by now than were counted: those at the next look. */
static void read_lines(struct perf_process *p, FILE *maps, size_t room)
{
    char line[4400];
    struct perf_mapping m;
    while (p->objects->count < room && fgets(line, sizeof(line), maps))
        if (read_mapping(line, &m))
            add_code(p, &m);
    p->stale = p->objects->count == room && room < CODES_MAX;
}

static size_t count_lines(FILE *maps)
{
    char line[4400];
    struct perf_mapping m;
    size_t n = 0;
    while (fgets(line, sizeof(line), maps))
        n += read_mapping(line, &m);
    rewind(maps);
    return n < CODES_MAX ? n + 16 : CODES_MAX;
}

static uint16_t next_epoch(void)
{
    if (++all.epoch == 0)
        all.epoch = 1;
    return all.epoch;
}

/* The old map stays when the process is gone. */
static void read_map(struct perf_process *p, int64_t now_ns)
{
    p->stale = false;
    p->read_ns = now_ns;
    FILE *maps = open_proc(p->pid, "maps");
    if (maps == NULL && (errno == EACCES || errno == EPERM) && !p->refused) {
        p->refused = true;
        all.refused++;
    }
    if (maps == NULL)
        return;
    size_t room = count_lines(maps);
    struct perf_process old = *p;
    p->objects = calloc(1, sizeof(*p->objects) + room * sizeof(struct fk_span));
    p->code = calloc(room, sizeof(*p->code));
    if (p->objects && p->code) {
        p->objects->epoch = next_epoch();
        read_lines(p, maps, room);
        if (p->objects->count > 0 || old.objects == NULL) {
            fclose(maps);
            free_map(&old);
            return;
        }
    }
    fclose(maps);
    free(p->objects);
    free(p->code);
    p->objects = old.objects;
    p->code = old.code;
}

/* ---- the table ---------------------------------------------------------- */

static struct perf_process **place_of(pid_t pid)
{
    struct perf_process **at = &all.bucket[(unsigned)pid % BUCKETS];
    while (*at != NULL && ((*at)->pid != pid || (*at)->ended))
        at = &(*at)->next;
    return at;
}

struct perf_process *perf_process_seen(pid_t pid, int64_t now_ns)
{
    struct perf_process **at = place_of(pid), *p = *at;
    if (p == NULL) {
        p = all.count < PERF_PROCESSES_MAX ? calloc(1, sizeof(*p)) : NULL;
        if (p == NULL)
            return NULL;
        *p = (struct perf_process){
            .id = ++all.last_id, .pid = pid, .stale = true};
        if (fk_map_put(&all.by_id, (uint64_t)p->id, (uintptr_t)p) != FK_OK) {
            free(p);
            return NULL;
        }
        all.count++;
        *at = p;
        name(p);
    }
    p->unused = 0;
    if (p->wanted && p->stale)
        read_map(p, now_ns);
    return p;
}

bool perf_process_look_again(struct perf_process *p, int64_t now_ns)
{
    if (now_ns - p->read_ns < PERF_MAP_AGE_NS)
        return false;
    read_map(p, now_ns);
    return true;
}

void perf_process_changed(pid_t pid)
{
    struct perf_process *p = *place_of(pid);
    if (p != NULL)
        p->stale = true;
}

void perf_process_ended(pid_t pid)
{
    struct perf_process *p = *place_of(pid);
    if (p != NULL)
        p->ended = true;
}

const struct perf_process *perf_process_of(int32_t id)
{
    uint64_t at = fk_map_get(&all.by_id, (uint64_t)id);
    return at != FK_MAP_NONE ? (const struct perf_process *)(uintptr_t)at
                             : NULL;
}

const struct perf_code *perf_process_code(
    const struct perf_process *p, uintptr_t pc)
{
    const struct fk_object *o =
        p->objects ? fk_objects_find(p->objects, pc) : NULL;
    return o != NULL ? (const struct perf_code *)o : NULL;
}

void perf_processes_trim(void)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct perf_process **at = &all.bucket[i]; *at;) {
            struct perf_process *p = *at;
            if (!p->ended && ++p->unused < KEEP_INTERVALS) {
                at = &p->next;
                continue;
            }
            *at = p->next;
            fk_map_del(&all.by_id, (uint64_t)p->id);
            free_map(p);
            free(p);
            all.count--;
        }
    }
}

unsigned perf_processes_refused(void)
{
    return all.refused;
}
