/*
 * What it costs to read each format of profiles, up to a batch that the store
 * takes, beside inflating the same body with zlib. One profile has 1,000
 * stacks of 23 frames; a core's CPU time is measured.
 */
#include "common/clock.h"
#include "common/gzip.h"
#include "common/pb.h"
#include "common/rng.h"
#include "server/otlp.h"
#include "server/server.h"
#include "server/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACKS = 1000, DEPTH = 23, FUNCTIONS = 400, CHUNKS = 300 };

#define RUN_NS (300 * FK_NS_PER_MS)

static uint32_t stack_frame(uint64_t stack, uint64_t depth)
{
    /* Roots are shared, leaves differ. */
    return (uint32_t)fk_rng_below(
        fk_rng_at(depth, depth < 15 ? stack % 8 : stack), FUNCTIONS);
}

static int name_of(uint32_t function, char name[64])
{
    return snprintf(
        name, 64, "service::module_%u::function_%u", function / 20, function);
}

/* ---- bodies ------------------------------------------------------------ */

static void write_pprof(struct fk_buf *out)
{
    static char names[FUNCTIONS][64];
    struct fk_pprof_writer w;
    const struct fk_pprof_type cpu = {FK_SLICE("cpu"), FK_SLICE("nanoseconds")};

    fk_pprof_writer_init(&w, 4 << 20);
    fk_pprof_add_type(&w, cpu.type, cpu.unit);
    for (uint32_t i = 0; i < STACKS; i++) {
        struct fk_pprof_frame frames[DEPTH] = {0};
        int64_t value = (int64_t)i + 1;
        for (uint32_t k = 0; k < DEPTH; k++) {
            uint32_t f = stack_frame(i, k);
            name_of(f, names[f]);
            frames[DEPTH - 1 - k].name = fk_slice_of(names[f]);
        }
        fk_pprof_add_sample(&w, frames, DEPTH, &value, 1, NULL, 0);
    }
    if (fk_pprof_finish(&w, 1, 1, cpu, 1, cpu.type) == FK_OK)
        fk_buf_add_slice(out, fk_buf_slice(&w.body));
    fk_pprof_writer_fini(&w);
}

static void add_stack(struct fk_buf *out, uint32_t stack)
{
    char name[64];

    for (uint32_t k = 0; k < DEPTH; k++) {
        name_of(stack_frame(stack, k), name);
        fk_buf_printf(out, "%s%s", k ? ";" : "", name);
    }
}

static void write_groups(struct fk_buf *out)
{
    for (uint32_t i = 0; i < STACKS; i++) {
        add_stack(out, i);
        fk_buf_printf(out, " %u\n", i + 1);
    }
}

static void write_trie(struct fk_buf *out)
{
    struct fk_buf key;

    fk_buf_init(&key, 1 << 16);
    fk_buf_add(out, "\0\0", 2);
    fk_pb_add_varint(out, STACKS);
    for (uint32_t i = 0; i < STACKS; i++) {
        fk_buf_reset(&key);
        add_stack(&key, i);
        fk_pb_add_varint(out, key.len);
        fk_buf_add_slice(out, fk_buf_slice(&key));
        fk_pb_add_varint(out, i + 1);
        fk_pb_add_varint(out, 0);
    }
    fk_buf_fini(&key);
}

static void write_tree(struct fk_buf *out)
{
    char name[64];

    fk_buf_add(out, "\0\0", 2);
    fk_pb_add_varint(out, STACKS);
    for (uint32_t i = 0; i < STACKS; i++)
        for (uint32_t k = 0; k < DEPTH; k++) {
            int n = name_of(stack_frame(i, k), name);
            fk_pb_add_varint(out, (uint64_t)n);
            fk_buf_add(out, name, (size_t)n);
            fk_pb_add_varint(out, k == DEPTH - 1 ? i + 1 : 0);
            fk_pb_add_varint(out, k < DEPTH - 1);
        }
}

static void write_speedscope(struct fk_buf *out)
{
    char name[64];

    fk_buf_adds(out,
        "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
        "\"shared\":{\"frames\":[");
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        name_of(i, name);
        fk_buf_printf(out, "%s{\"name\":\"%s\"}", i ? "," : "", name);
    }
    fk_buf_adds(out, "]},\"profiles\":[{\"type\":\"sampled\",\"name\":\"b\","
                     "\"unit\":\"none\",\"samples\":[");
    for (uint32_t i = 0; i < STACKS; i++) {
        fk_buf_adds(out, i ? ",[" : "[");
        for (uint32_t k = 0; k < DEPTH; k++)
            fk_buf_printf(out, "%s%u", k ? "," : "", stack_frame(i, k));
        fk_buf_adds(out, "]");
    }
    fk_buf_adds(out, "],\"weights\":[");
    for (uint32_t i = 0; i < STACKS; i++)
        fk_buf_printf(out, "%s%u", i ? "," : "", i + 1);
    fk_buf_adds(out, "]}]}");
}

static void add_dictionary(struct fk_buf *out)
{
    static const char *const words[] = {
        "", "samples", "count", "cpu", "nanoseconds"};
    char name[64];
    size_t dictionary = fk_pb_begin(out, 2), at, inner;

    for (int i = 0; i < 5; i++)
        fk_pb_add_string(out, 5, words[i]);
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        name_of(i, name);
        fk_pb_add_string(out, 5, name);
        at = fk_pb_begin(out, 3);
        if (i > 0)
            fk_pb_add_u64(out, 1, i + 5);
        fk_pb_end(out, at);
        at = fk_pb_begin(out, 2);
        inner = fk_pb_begin(out, 3);
        fk_pb_add_u64(out, 1, i);
        fk_pb_end(out, inner);
        fk_pb_end(out, at);
    }
    for (uint32_t i = 0; i < STACKS; i++) {
        at = fk_pb_begin(out, 7);
        inner = fk_pb_begin(out, 1);
        for (uint32_t k = DEPTH; k-- > 0;)
            fk_pb_add_varint(out, stack_frame(i, k));
        fk_pb_end(out, inner);
        fk_pb_end(out, at);
    }
    fk_pb_end(out, dictionary);
}

static void add_type(struct fk_buf *out, uint32_t field, uint64_t type)
{
    size_t at = fk_pb_begin(out, field);

    fk_pb_add_u64(out, 1, type);
    fk_pb_add_u64(out, 2, type + 1);
    fk_pb_end(out, at);
}

static void write_otlp(struct fk_buf *out)
{
    size_t resource = fk_pb_begin(out, 1), scope = fk_pb_begin(out, 2);
    size_t profile = fk_pb_begin(out, 2);

    add_type(out, 1, 1);
    add_type(out, 5, 3);
    fk_pb_add_u64(out, 6, 10000000);
    for (uint32_t i = 0; i < STACKS; i++) {
        size_t at = fk_pb_begin(out, 2);
        fk_pb_add_u64(out, 1, i);
        fk_pb_add_u64(out, 4, i + 1);
        fk_pb_end(out, at);
    }
    fk_pb_end(out, profile);
    fk_pb_end(out, scope);
    fk_pb_end(out, resource);
    add_dictionary(out);
}

/* A small recording of the fuzzer's, again and again. */
static void write_jfr(struct fk_buf *out)
{
    char chunk[8192];
    FILE *f = fopen("tests/fuzz/corpus/jfr/chunk", "rb");
    size_t n = f ? fread(chunk, 1, sizeof(chunk), f) : 0;

    for (int i = 0; i < CHUNKS; i++)
        fk_buf_add(out, chunk, n);
    if (f)
        fclose(f);
}

/* ---- reading ----------------------------------------------------------- */

static enum fk_err add_otlp(
    void *arg, const struct fk_pprof *p, const struct fk_labels *labels)
{
    struct upload *u = arg;
    const struct ingest_source source = {
        .labels = labels, .fallback_ns = FK_NS_PER_S};

    return ingest_add_decoded(&u->in, &source, p, &u->diag);
}

static enum fk_err upload_otlp(struct upload *u)
{
    return otlp_read(
        u->request->body, &u->request->arena, add_otlp, u, &u->diag);
}

static const struct {
    const char *name;
    void (*write)(struct fk_buf *out);
    upload_fn read;
    double goal; /* speed, in that of gunzip */
} formats[] = {
    {"pprof", write_pprof, upload_pprof, 0.1},
    {"folded", write_groups, upload_groups, 0.1},
    {"trie", write_trie, upload_trie, 0.1},
    {"tree", write_tree, upload_tree, 0.1},
    {"speedscope", write_speedscope, upload_speedscope, 0.02},
    {"otlp", write_otlp, upload_otlp, 0.1},
    {"jfr", write_jfr, upload_jfr, 0.02},
};

static size_t read_once(upload_fn read, struct fk_slice body)
{
    static struct server server;
    static struct request request;
    struct upload *u = calloc(1, sizeof(*u));

    if (!u)
        exit(1);
    options_init(&server.options);
    server.options.live.limits.older_than_ns = 0;
    request = (struct request){.server = &server, .body = body};
    fk_arena_init(&request.arena, (size_t)512 << 20);
    u->request = &request;
    u->name.app = FK_SLICE("bench.cpu");
    u->from_ns = FK_NS_PER_S;
    u->sample_rate = 100;
    ingest_init(&u->in, &request);
    if (fk_labels_set(&u->labels, FK_SLICE("__name__"), FK_SLICE("x")) ||
        read(u) != FK_OK || u->in.batch.num_profiles == 0) {
        fprintf(stderr, "formats: %s\n", u->diag.text);
        exit(1);
    }
    size_t profiles = u->in.batch.num_profiles;
    ingest_fini(&u->in);
    fk_arena_fini(&request.arena);
    free(u);
    return profiles;
}

/* CPU seconds a reading takes. */
static double time_reading(upload_fn read, struct fk_slice body, size_t *made)
{
    int64_t began = fk_cpu_ns(), took;
    int n = 0;

    do {
        *made = read_once(read, body);
        n++;
        took = fk_cpu_ns() - began;
    } while (took < RUN_NS);
    return (double)took / FK_NS_PER_S / n;
}

static double time_gunzip(struct fk_slice body)
{
    struct fk_buf packed, plain;
    int64_t took;
    int n = 0;

    fk_buf_init(&packed, (size_t)64 << 20);
    fk_buf_init(&plain, (size_t)64 << 20);
    if (fk_gzip_write(body, 6, &packed) != FK_OK)
        exit(1);
    int64_t began = fk_cpu_ns();
    do {
        fk_buf_reset(&plain);
        if (fk_gzip_read(fk_buf_slice(&packed), &plain, NULL) != FK_OK)
            exit(1);
        n++;
        took = fk_cpu_ns() - began;
    } while (took < RUN_NS);
    fk_buf_fini(&plain);
    fk_buf_fini(&packed);
    return (double)took / FK_NS_PER_S / n;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct fk_buf body;
        size_t made;
        fk_buf_init(&body, (size_t)64 << 20);
        formats[i].write(&body);
        double mb = (double)body.len / 1e6;
        double gunzip = time_gunzip(fk_buf_slice(&body));
        double took = time_reading(formats[i].read, fk_buf_slice(&body), &made);
        printf("# %s: body of %.2f MB, gunzip alone %.0f MB/s\n",
            formats[i].name, mb, mb / gunzip);
        printf("bench format_%s_mb_s %.3g MB/s goal %.3g %s\n", formats[i].name,
            mb / took, formats[i].goal * mb / gunzip,
            gunzip / took >= formats[i].goal ? "ok" : "short");
        printf("bench format_%s_profiles_s %.3g profiles/s goal 100 %s\n",
            formats[i].name, (double)made / took,
            (double)made / took >= 100 ? "ok" : "short");
        fk_buf_fini(&body);
    }
    return 0;
}
