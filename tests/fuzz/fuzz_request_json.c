/* JSON bodies, read with every reader: an error always has its sentence, and
 * what is dumped is JSON again. */
#include "common/check.h"
#include "server/request_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 1 << 20 };

static void read_fields(struct request_json *j, struct fk_arena *arena)
{
    static const struct request_json_word words[] = {{"SUM", 1}, {NULL, 0}};

    request_json_str(j, j->root, "label_selector");
    request_json_i64(j, j->root, "start");
    request_json_double(j, j->root, "step");
    request_json_bool(j, j->root, "flag");
    request_json_enum(j, j->root, "aggregation", words);
    request_json_bytes(j, j->root, "raw_profile", arena);
    request_json_i64(j, request_json_object(j, j->root, "left"), "start");
    size_t n = request_json_count(j, j->root, "series");
    for (size_t i = 0; i < n && !j->err; i++)
        request_json_str(
            j, request_json_object_at(j, j->root, "series", i), "name");
    n = request_json_count(j, j->root, "matchers");
    for (size_t i = 0; i < n && !j->err; i++)
        request_json_str_at(j, j->root, "matchers", i);
}

static void check_dump(struct request_json *j)
{
    struct request_json again;
    struct fk_buf out;

    fk_buf_init(&out, MEMORY);
    if (request_json_object(j, j->root, "left")) {
        request_json_dump(j, j->root, "left", &out);
        FK_ASSERT(
            out.err || request_json_open(&again, fk_buf_slice(&out)) == FK_OK);
        if (!out.err)
            request_json_close(&again);
    }
    fk_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request_json j;
    struct fk_arena arena;

    fk_arena_init(&arena, MEMORY);
    if (request_json_open(&j, (struct fk_slice){(const char *)data, size}) ==
        FK_OK) {
        check_dump(&j);
        read_fields(&j, &arena);
    }
    FK_ASSERT((j.err == FK_OK) == (j.diag.text[0] == '\0'));
    request_json_close(&j);
    fk_arena_fini(&arena);
    return 0;
}
