#include "cli/speedscope.h"

#include "common/json.h"

/* Frame i is function i; the one behind the last stands for addresses. */
static void write_frames(const struct fk_pprof *p, struct fk_json *j)
{
    fk_json_key(j, "shared");
    fk_json_object(j);
    fk_json_key(j, "frames");
    fk_json_array(j);
    for (uint32_t i = 0; i < p->num_functions; i++) {
        const struct fk_pprof_function *f = &p->functions[i];
        fk_json_object(j);
        fk_json_key(j, "name");
        fk_json_str(j, f->name.len ? f->name : FK_SLICE("unknown"));
        if (f->file.len) {
            fk_json_key(j, "file");
            fk_json_str(j, f->file);
        }
        fk_json_end(j);
    }
    fk_json_object(j);
    fk_json_key(j, "name");
    fk_json_strz(j, "unknown");
    fk_json_end(j);
    fk_json_end(j);
    fk_json_end(j);
}

static void write_stack(const struct fk_pprof *p,
    const struct fk_pprof_sample *s, struct fk_json *j)
{
    fk_json_array(j);
    for (uint32_t i = s->num_locations; i-- > 0;) {
        const struct fk_pprof_location *l = &p->locations[s->locations[i]];
        for (uint32_t k = l->num_lines; k-- > 0;)
            fk_json_u64(j, l->lines[k].function);
        if (!l->num_lines)
            fk_json_u64(j, p->num_functions);
    }
    fk_json_end(j);
}

static const char *unit_of(struct fk_slice unit)
{
    static const char *const known[] = {
        "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (fk_slice_eqz(unit, known[i]))
            return known[i];
    return "none";
}

static void write_profile(
    const struct fk_pprof *p, uint32_t type, struct fk_json *j)
{
    int64_t total = 0;
    fk_json_object(j);
    fk_json_key(j, "type");
    fk_json_strz(j, "sampled");
    fk_json_key(j, "name");
    fk_json_str(j, p->types[type].type);
    fk_json_key(j, "unit");
    fk_json_strz(j, unit_of(p->types[type].unit));
    fk_json_key(j, "samples");
    fk_json_array(j);
    for (uint32_t i = 0; i < p->num_samples; i++)
        write_stack(p, &p->samples[i], j);
    fk_json_end(j);
    fk_json_key(j, "weights");
    fk_json_array(j);
    for (uint32_t i = 0; i < p->num_samples; i++) {
        fk_json_i64(j, p->samples[i].values[type]);
        total += p->samples[i].values[type];
    }
    fk_json_end(j);
    fk_json_key(j, "startValue");
    fk_json_i64(j, 0);
    fk_json_key(j, "endValue");
    fk_json_i64(j, total);
    fk_json_end(j);
}

enum fk_err speedscope_write(
    const struct fk_pprof *p, uint32_t type, struct fk_buf *out)
{
    struct fk_json j;
    fk_json_init(&j, out);
    fk_json_object(&j);
    fk_json_key(&j, "$schema");
    fk_json_strz(&j, "https://www.speedscope.app/file-format-schema.json");
    write_frames(p, &j);
    fk_json_key(&j, "profiles");
    fk_json_array(&j);
    write_profile(p, type, &j);
    fk_json_end(&j);
    fk_json_end(&j);
    fk_buf_addc(out, '\n');
    return out->err;
}
