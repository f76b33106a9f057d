#include "server/render_doc.h"

void render_doc_graph(struct fk_json *out, const struct flamebearer *f)
{
    fk_json_key(out, "flamebearer");
    fk_json_object(out);
    fk_json_key(out, "names");
    fk_json_array(out);
    for (uint32_t i = 0; i < f->num_names; i++)
        fk_json_str(out, flamebearer_name(f, i));
    fk_json_end(out);
    fk_json_key(out, "levels");
    fk_json_array(out);
    for (uint32_t i = 0; i < f->num_levels; i++) {
        size_t n;
        const int64_t *v = flamebearer_level(f, i, &n);
        fk_json_array(out);
        for (size_t k = 0; k < n; k++)
            fk_json_i64(out, v[k]);
        fk_json_end(out);
    }
    fk_json_end(out);
    fk_json_key(out, "numTicks");
    fk_json_i64(out, f->total);
    fk_json_key(out, "maxSelf");
    fk_json_i64(out, f->max_self);
    fk_json_end(out);
}

void render_doc_metadata(
    struct fk_json *out, const char *format, const struct profile_type *type)
{
    struct profile_type_units u = profile_type_units(type);
    fk_json_key(out, "metadata");
    fk_json_object(out);
    fk_json_key(out, "format");
    fk_json_strz(out, format);
    fk_json_key(out, "spyName");
    fk_json_strz(out, "");
    fk_json_key(out, "sampleRate");
    fk_json_i64(out, u.sample_rate);
    fk_json_key(out, "units");
    fk_json_str(out, u.units);
    fk_json_key(out, "name");
    fk_json_str(out, type->sample_type);
    fk_json_end(out);
}

void render_doc_null(struct fk_json *out, const char *key)
{
    fk_json_key(out, key);
    fk_json_null(out);
}

void render_doc_ticks(struct fk_json *out, const struct tree *t)
{
    static const char *const names[TREE_SIDES] = {"leftTicks", "rightTicks"};
    for (int s = 0; s < TREE_SIDES; s++) {
        if (!t->node[0].total[s])
            continue;
        fk_json_key(out, names[s]);
        fk_json_i64(out, t->node[0].total[s]);
    }
}
