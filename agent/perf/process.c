#include "agent/perf/process.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/map.h"
#include "common/slice.h"

enum {
    BUCKETS = 1024,
    CODES_MAX = FK_OBJECTS_MAX,
    KEEP_INTERVALS = 4,
    CONTAINER_DIGITS = 64,
    CONTAINER_SHOWN = 12,
    START_WORD = 19, /* words behind the state: field 22 of proc(5) */
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

static void cut_tail(char *text, const char *tail)
{
    size_t len = strlen(text), n = strlen(tail);
    if (len >= n && strcmp(text + len - n, tail) == 0)
        text[len - n] = '\0';
}

/* What a stranger called it, as others can read it. */
static void put_name(char name[PERF_NAME_BYTES], const char *text)
{
    snprintf(name, PERF_NAME_BYTES, "%s", text);
    fk_utf8_repair(name, strlen(name));
}

static void name_program(struct perf_process *p)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/%d/exe", (int)p->pid);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    cut_tail(path, " (deleted)");
    const char *file = last_part(path);
    put_name(p->program, file[0] ? file : p->comm[0] ? p->comm : "[ended]");
}

/* A pid may be used again: the time of its start tells. */
static uint64_t start_of(pid_t pid)
{
    char line[1024];
    struct fk_slice rest, word;
    uint64_t start = 0;
    read_line(pid, "stat", line, sizeof(line));
    rest = fk_slice_of(line);
    rest =
        fk_slice_sub(rest, (size_t)(fk_slice_rfind(rest, ')') + 2), rest.len);
    for (int i = 0; i <= START_WORD; i++)
        if (!fk_slice_split(&rest, ' ', &word))
            return 0;
    return fk_slice_u64(word, &start) ? start : 0;
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
    const char *group = last_part(best);
    put_name(p->group, group[0] ? group : p->program);
}

static void name(struct perf_process *p)
{
    p->start = start_of(p->pid);
    read_line(p->pid, "comm", p->comm, sizeof(p->comm));
    fk_utf8_repair(p->comm, strlen(p->comm));
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

static size_t room_for(struct perf_maps *maps)
{
    struct perf_mapping m;
    size_t n = 0;
    while (perf_maps_next(maps, &m))
        n++;
    perf_maps_rewind(maps);
    return n < CODES_MAX ? n + 16 : CODES_MAX;
}

/* It may have grown since it was counted: then it is read again. */
static void read_lines(
    struct perf_process *p, struct perf_maps *maps, size_t room)
{
    struct perf_mapping m;
    while (perf_maps_next(maps, &m)) {
        if (p->objects->count == room) {
            p->stale = room < CODES_MAX;
            break;
        }
        add_code(p, &m);
    }
}

static uint16_t next_epoch(void)
{
    if (++all.epoch == 0)
        all.epoch = 1;
    return all.epoch;
}

/* False: there is no memory, or nothing to be read. The caller has put the
 * old map away. */
static bool fill_map(struct perf_process *p, FILE *file)
{
    struct perf_maps maps = {.file = file};
    size_t room = room_for(&maps);
    p->objects = calloc(1, sizeof(*p->objects) + room * sizeof(struct fk_span));
    p->code = calloc(room, sizeof(*p->code));
    if (p->objects == NULL || p->code == NULL)
        return false;
    p->objects->epoch = next_epoch();
    read_lines(p, &maps, room);
    p->rest_ns = (int64_t)maps.lines * PERF_MAP_REST_NS;
    return p->objects->count > 0;
}

/* The old map stays when the process is gone. */
static void read_map(struct perf_process *p, int64_t now_ns)
{
    p->stale = false;
    p->read_ns = now_ns;
    FILE *file = open_proc(p->pid, "maps");
    if (file == NULL && (errno == EACCES || errno == EPERM) && !p->refused) {
        p->refused = true;
        all.refused++;
    }
    if (file == NULL)
        return;
    struct perf_process old = *p;
    if (fill_map(p, file) || (p->objects && p->code && old.objects == NULL)) {
        free_map(&old);
    } else {
        free(p->objects);
        free(p->code);
        p->objects = old.objects;
        p->code = old.code;
    }
    fclose(file);
}

/* ---- the table ---------------------------------------------------------- */

static struct perf_process **place_of(pid_t pid)
{
    struct perf_process **at = &all.bucket[(unsigned)pid % BUCKETS];
    while (*at != NULL && ((*at)->pid != pid || (*at)->ended))
        at = &(*at)->next;
    return at;
}

static struct perf_process *add_process(pid_t pid, struct perf_process **at)
{
    struct perf_process *p =
        all.count < PERF_PROCESSES_MAX ? calloc(1, sizeof(*p)) : NULL;
    if (p == NULL)
        return NULL;
    *p = (struct perf_process){.id = ++all.last_id, .pid = pid, .stale = true};
    if (fk_map_put(&all.by_id, (uint64_t)p->id, (uintptr_t)p) != FK_OK) {
        free(p);
        return NULL;
    }
    all.count++;
    *at = p;
    name(p);
    return p;
}

/* One that cannot be looked at any more is what it was. */
static bool is_another(struct perf_process *p)
{
    struct perf_process now = {.pid = p->pid};
    p->doubted = false;
    p->stale = true;
    name(&now);
    return now.start != 0 &&
           (now.start != p->start || strcmp(now.program, p->program) != 0);
}

static bool may_read(const struct perf_process *p, int64_t now_ns)
{
    return p->read_ns == 0 || now_ns - p->read_ns >= p->rest_ns;
}

struct perf_process *perf_process_seen(pid_t pid, int64_t now_ns)
{
    struct perf_process **at = place_of(pid), *p = *at;
    if (p != NULL && p->doubted && is_another(p)) {
        p->ended = true;
        at = place_of(pid);
        p = NULL;
    }
    if (p == NULL)
        p = add_process(pid, at);
    if (p == NULL)
        return NULL;
    p->unused = 0;
    if (p->wanted && p->stale && may_read(p, now_ns))
        read_map(p, now_ns);
    return p;
}

bool perf_process_look_again(struct perf_process *p, int64_t now_ns)
{
    if (now_ns - p->read_ns < PERF_MAP_AGE_NS || !may_read(p, now_ns))
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

void perf_processes_doubt(void)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct perf_process *p = all.bucket[i]; p; p = p->next)
            p->doubted = true;
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
