#include "server/ingest_metric.h"

#include "server/request_json.h"

#include <string.h>

/* The name that decides: the one of the client's config, or of this table;
 * a config replaces the table. */
static struct fk_slice display_name(
    struct fk_slice type, struct request_json *config, struct fk_arena *arena)
{
    static const char *const names[][2] = {
        {"samples", "cpu"},
        {"goroutine", "goroutines"},
        {"contentions", "mutex_count"},
        {"delay", "mutex_duration"},
    };

    if (config) {
        char *key = fk_arena_strdup(arena, type);
        const struct json_t *row =
            key ? request_json_object(config, config->root, key) : NULL;
        struct fk_slice name = request_json_str(config, row, "display-name");
        return name.len ? name : type;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (fk_slice_eqz(type, names[i][0]))
            return fk_slice_of(names[i][1]);
    return type;
}

static const char *metric_of(struct fk_slice name)
{
    static const struct {
        const char *part, *metric;
    } rules[] = {
        {"cpu", "process_cpu"},
        {"alloc_", "memory"},
        {"inuse_", "memory"},
        {"mutex_", "mutex"},
        {"block_", "block"},
        {"goroutines", "goroutines"},
    };

    if (fk_slice_eqz(name, "space") || fk_slice_eqz(name, "objects"))
        return "memory";
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (fk_slice_contains(name, fk_slice_of(rules[i].part)))
            return rules[i].metric;
    return NULL;
}

struct fk_slice ingest_metric(const struct fk_pprof *p,
    struct request_json *config, struct fk_arena *arena)
{
    struct fk_slice last = {0};

    for (uint32_t i = 0; i < p->num_types; i++)
        if (fk_slice_eqz(p->types[i].type, "wall"))
            return FK_SLICE("wall");
    for (uint32_t i = 0; i < p->num_types; i++) {
        last = p->types[i].type;
        const char *metric = metric_of(display_name(last, config, arena));
        if (metric)
            return fk_slice_of(metric);
    }
    return last;
}

/* Interpreters' profilers tell the file of a function beside its name; the
 * name alone, such as "<module>", would say nothing. */
static enum fk_err prefix_files(
    struct fk_pprof *p, bool keep_absolute, struct fk_arena *arena)
{
    struct fk_buf text;
    enum fk_err err = FK_OK;

    fk_buf_init(&text, 256 * 1024);
    for (uint32_t i = 0; i < p->num_functions && err == FK_OK; i++) {
        struct fk_pprof_function *f = &p->functions[i];
        if (f->file.len == 0 || (keep_absolute && f->file.ptr[0] == '/'))
            continue;
        fk_buf_reset(&text);
        fk_buf_add_slice(&text, f->file);
        fk_buf_addc(&text, ' ');
        fk_buf_add_slice(&text, f->name);
        f->name = fk_arena_dup(arena, fk_buf_slice(&text));
        if (text.err || !f->name.ptr)
            err = FK_ERR_LIMIT;
    }
    fk_buf_fini(&text);
    return err;
}

static enum fk_err dashes_to_underscores(
    struct fk_pprof *p, struct fk_arena *arena)
{
    for (uint32_t i = 0; i < p->num_types; i++) {
        char *text = fk_arena_strdup(arena, p->types[i].type);
        if (!text)
            return FK_ERR_LIMIT;
        for (size_t k = 0; k < p->types[i].type.len; k++)
            if (text[k] == '-')
                text[k] = '_';
        p->types[i].type.ptr = text;
    }
    return FK_OK;
}

bool ingest_old_dotnet(struct fk_slice spy, struct request_json *config)
{
    if (fk_slice_eqz(spy, "dotnetspy"))
        return true;
    return config && fk_slice_eqz(spy, "unknown") &&
           request_json_has(config, config->root, "inuse-space");
}

enum fk_err ingest_repair(struct fk_pprof *p, struct fk_slice spy,
    bool old_dotnet, struct fk_arena *arena)
{
    if (fk_slice_eqz(spy, "pyspy"))
        return prefix_files(p, true, arena);
    if (fk_slice_eqz(spy, "rbspy") || fk_slice_eqz(spy, "scripting"))
        return prefix_files(p, false, arena);
    return old_dotnet ? dashes_to_underscores(p, arena) : FK_OK;
}
