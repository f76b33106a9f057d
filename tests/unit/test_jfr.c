#include "server/jfr.h"

#include "common/buf.h"
#include "server/jfr_labels.h"
#include "server/jfr_names.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- a recording of one chunk, written by hand --------------------------- */

static void varint(struct fk_buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        fk_buf_addc(b, (char)(v | 0x80));
    fk_buf_addc(b, (char)v);
}

static void text(struct fk_buf *b, const char *z)
{
    fk_buf_addc(b, 3);
    varint(b, strlen(z));
    fk_buf_adds(b, z);
}

static void event(struct fk_buf *out, const struct fk_buf *in)
{
    /* A size of four bytes, as the virtual machine writes it. */
    size_t size = in->len + 4;

    for (int i = 0; i < 4; i++, size >>= 7)
        fk_buf_addc(out, (char)((size & 0x7f) | (i < 3 ? 0x80 : 0)));
    fk_buf_add_slice(out, fk_buf_slice(in));
}

/* Classes by number, and their fields: "name class flags", c = constant,
 * a = list. */
static const struct {
    int id;
    const char *name, *fields;
} classes[] = {
    {4, "long", ""},
    {5, "int", ""},
    {6, "boolean", ""},
    {7, "java.lang.String", ""},
    {20, "java.lang.Class", "name 22 c"},
    {21, "jdk.types.StackTrace", "truncated 6 -,frames 24 a"},
    {22, "jdk.types.Symbol", "string 7 -"},
    {23, "jdk.types.Method", "type 20 c,name 22 c"},
    {24, "jdk.types.StackFrame",
        "method 23 c,lineNumber 5 -,bytecodeIndex 5 -"},
    {25, "jdk.types.ThreadState", "name 7 -"},
    {101, "jdk.ExecutionSample",
        "startTime 4 -,stackTrace 21 c,state 25 c,contextId 4 -"},
    {102, "profiler.WallClockSample",
        "startTime 4 -,stackTrace 21 c,state 25 c,samples 5 -"},
    {103, "jdk.ObjectAllocationInNewTLAB",
        "startTime 4 -,stackTrace 21 c,tlabSize 4 -"},
    {104, "jdk.ActiveSetting", "startTime 4 -,name 7 -,value 7 -"},
    {105, "jdk.JavaMonitorEnter", "startTime 4 -,duration 4 -,stackTrace 21 c"},
    {106, "jdk.CPULoad", "startTime 4 -,unheard 7 a"},
};

enum { NUM_CLASSES = sizeof(classes) / sizeof(classes[0]) };

struct strings {
    struct fk_slice all[256];
    unsigned n;
};

static unsigned string_of(struct strings *s, struct fk_slice one)
{
    unsigned i = 0;

    while (i < s->n && !fk_slice_eq(s->all[i], one))
        i++;
    if (i == s->n)
        s->all[s->n++] = one;
    return i;
}

static void attribute(
    struct fk_buf *b, struct strings *s, const char *key, struct fk_slice value)
{
    varint(b, string_of(s, fk_slice_of(key)));
    varint(b, string_of(s, value));
}

static void field(struct fk_buf *b, struct strings *s, struct fk_slice spec)
{
    struct fk_slice name, class;

    fk_slice_split(&spec, ' ', &name);
    fk_slice_split(&spec, ' ', &class);
    bool plain = fk_slice_eqz(spec, "-");
    varint(b, string_of(s, FK_SLICE("field")));
    varint(b, plain ? 2 : 3);
    attribute(b, s, "name", name);
    attribute(b, s, "class", class);
    if (fk_slice_eqz(spec, "c"))
        attribute(b, s, "constantPool", FK_SLICE("true"));
    else if (!plain)
        attribute(b, s, "dimension", FK_SLICE("1"));
    varint(b, 0);
}

static void add_metadata(struct fk_buf *out)
{
    static char ids[NUM_CLASSES][8];
    struct strings s = {.n = 0};
    struct fk_buf tree, whole;

    fk_buf_init(&tree, 1 << 16);
    fk_buf_init(&whole, 1 << 16);
    varint(&tree, string_of(&s, FK_SLICE("root")));
    varint(&tree, 0);
    varint(&tree, NUM_CLASSES);
    for (int i = 0; i < NUM_CLASSES; i++) {
        struct fk_slice rest = fk_slice_of(classes[i].fields), one;
        size_t n = rest.len > 0;
        snprintf(ids[i], sizeof(ids[i]), "%d", classes[i].id);
        for (size_t k = 0; k < rest.len; k++)
            n += rest.ptr[k] == ',';
        varint(&tree, string_of(&s, FK_SLICE("class")));
        varint(&tree, 2);
        attribute(&tree, &s, "name", fk_slice_of(classes[i].name));
        attribute(&tree, &s, "id", fk_slice_of(ids[i]));
        varint(&tree, n);
        for (size_t k = 0; k < n && fk_slice_split(&rest, ',', &one); k++)
            field(&tree, &s, one);
    }
    fk_buf_add(&whole, "\0\0\0\1", 4); /* type, start, duration, id */
    varint(&whole, s.n);
    for (unsigned i = 0; i < s.n; i++) {
        fk_buf_addc(&whole, 3);
        varint(&whole, s.all[i].len);
        fk_buf_add_slice(&whole, s.all[i]);
    }
    fk_buf_add_slice(&whole, fk_buf_slice(&tree));
    event(out, &whole);
    fk_buf_fini(&tree);
    fk_buf_fini(&whole);
}

/* main calls work; thread states 1 running, 2 sleeping, 3 runnable. */
static void add_constants(struct fk_buf *out)
{
    static const char *const symbols[] = {
        "Main", "main", "work", "n/One$$Lambda$14/0x7f"};
    static const char *const states[] = {
        "STATE_DEFAULT", "STATE_SLEEPING", "STATE_RUNNABLE"};
    struct fk_buf b;

    fk_buf_init(&b, 1 << 16);
    fk_buf_add(&b, "\1\0\0\0\0\5", 6); /* type, times, delta, flags; 5 pools */
    varint(&b, 22);
    varint(&b, 4);
    for (unsigned i = 0; i < 4; i++) {
        varint(&b, i + 1);
        text(&b, symbols[i]);
    }
    varint(&b, 25);
    varint(&b, 3);
    for (unsigned i = 0; i < 3; i++) {
        varint(&b, i + 1);
        text(&b, states[i]);
    }
    fk_buf_add(&b, "\x14\2\1\1\2\4", 6);     /* classes: symbols 1, 4 */
    fk_buf_add(&b, "\x17\2\1\1\2\2\2\3", 8); /* Main.main, Lambda.work */
    fk_buf_add(&b, "\x15\2", 2);             /* stack traces: */
    fk_buf_add(&b, "\1\0\2\2\7\0\1\3\0", 9); /* work:7 < main:3 */
    fk_buf_add(&b, "\2\0\1\1\3\0", 6);       /* main:3 */
    event(out, &b);
    fk_buf_fini(&b);
}

static void add_event(struct fk_buf *out, const char *bytes, size_t n)
{
    struct fk_buf b;

    fk_buf_init(&b, 4096);
    fk_buf_add(&b, bytes, n);
    event(out, &b);
    fk_buf_fini(&b);
}

static void setting(struct fk_buf *out, const char *value)
{
    struct fk_buf b;

    fk_buf_init(&b, 4096);
    fk_buf_add(&b, "\x68\0", 2);
    text(&b, "event");
    text(&b, value);
    event(out, &b);
    fk_buf_fini(&b);
}

#define EVENT(out, bytes) add_event(out, bytes, sizeof(bytes) - 1)

/* Constants stand behind the events that need them. */
static void chunk(struct fk_buf *out, const char *event_setting)
{
    struct fk_buf b;
    unsigned char head[68] = "FLR\0\0\2\0\1";

    fk_buf_init(&b, 1 << 20);
    EVENT(&b, "\x65\1\1\1\5");      /* work, running, context 5 */
    EVENT(&b, "\x65\1\1\1\5");      /* once more */
    EVENT(&b, "\x65\1\2\2\0");      /* main, sleeping */
    EVENT(&b, "\x65\1\x63\1\0");    /* a stack that is not there */
    EVENT(&b, "\x66\1\2\3\7");      /* main, runnable, 7 samples */
    EVENT(&b, "\x67\1\1\x80\x10");  /* work, a TLAB of 2048 */
    EVENT(&b, "\x69\1\x64\2");      /* main waited 100 */
    EVENT(&b, "\x6a\1\2\1\5\1x\0"); /* of no interest, with texts */
    setting(&b, event_setting);
    size_t metadata = sizeof(head) + b.len;
    add_metadata(&b);
    add_constants(&b);
    size_t size = sizeof(head) + b.len;
    for (int i = 0; i < 4; i++) {
        head[15 - i] = (unsigned char)(size >> (8 * i));
        head[31 - i] = (unsigned char)(metadata >> (8 * i));
    }
    head[67] = 1;
    fk_buf_add(out, head, sizeof(head));
    fk_buf_add_slice(out, fk_buf_slice(&b));
    fk_buf_fini(&b);
}

/* ---- reading ---------------------------------------------------------------
 */

static const char *const kind_names[JFR_KINDS] = {"cpu", "wall", "tlab",
    "outside", "alloc", "lock", "park", "live", "malloc"};

/* "cpu main;work=2,0@5 ", in the order in which they came. */
static void show(const struct jfr *j, struct fk_buf *out)
{
    for (uint32_t i = 0; i < j->num_samples; i++) {
        const struct jfr_sample *s = &j->samples[i];
        fk_buf_printf(out, "%s ", kind_names[s->kind]);
        for (uint32_t k = s->depth; k-- > 0;) {
            const struct fk_pprof_line *l =
                &j->locations[s->locations[k]].lines[0];
            fk_buf_printf(out, FK_SLICE_FMT ":%d%s",
                FK_SLICE_ARG(j->functions[l->function].name), (int)l->line,
                k ? ";" : "");
        }
        fk_buf_printf(out, "=%d,%d@%d ", (int)s->value[0], (int)s->value[1],
            (int)s->tags.context);
    }
}

#define MAIN "Main.main:3"
#define WORK MAIN ";n/One$$Lambda_.work:7"

TEST(events_become_samples_with_stacks)
{
    static const struct {
        const char *setting, *want;
    } rows[] = {
        {"cpu", "cpu " WORK "=2,0@5 wall " MAIN "=7,7@0 tlab " WORK
                "=1,2048@0 lock " MAIN "=1,100@0 "},
        {"wall", "wall " WORK "=2,0@5 cpu " WORK "=2,0@5 wall " MAIN
                 "=8,7@0 cpu " MAIN "=7,7@0 tlab " WORK "=1,2048@0 lock " MAIN
                 "=1,100@0 "},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_buf body, out;
        struct fk_arena arena;
        struct fk_diag diag = {{0}};
        struct jfr j;
        fk_buf_init(&body, 1 << 20);
        fk_buf_init(&out, 1 << 16);
        fk_arena_init(&arena, (size_t)64 << 20);
        chunk(&body, rows[i].setting);
        enum fk_err err = jfr_open(&j, fk_buf_slice(&body), &arena, &diag);
        CHECK_STR(diag.text, "");
        CHECK_INT(err, FK_OK);
        show(&j, &out);
        CHECK_STR(out.ptr ? out.ptr : "", rows[i].want);
        CHECK(fk_slice_eqz(j.event, rows[i].setting));
        jfr_close(&j);
        fk_arena_fini(&arena);
        fk_buf_fini(&out);
        fk_buf_fini(&body);
    }
}

TEST(chunks_share_their_functions_and_locations)
{
    struct fk_buf body;
    struct fk_arena arena;
    struct fk_diag diag = {{0}};
    struct jfr j;

    fk_buf_init(&body, 1 << 20);
    fk_arena_init(&arena, (size_t)64 << 20);
    for (int i = 0; i < 200; i++)
        chunk(&body, "cpu");
    CHECK_INT(jfr_open(&j, fk_buf_slice(&body), &arena, &diag), FK_OK);
    CHECK_INT(j.num_functions, 2);
    CHECK_INT(j.num_locations, 2);
    CHECK_INT(j.num_samples, 200 * 4);
    CHECK(arena.used < (size_t)2 << 20); /* tables went with their chunks */
    jfr_close(&j);
    fk_arena_fini(&arena);
    fk_buf_fini(&body);
}

/* Whatever byte is wrong: an answer, and a sentence when it is an error. */
TEST(damage_is_answered)
{
    struct fk_buf body;
    int refused = 0;

    fk_buf_init(&body, 1 << 20);
    chunk(&body, "wall");
    for (size_t i = 0; i < body.len * 2; i++) {
        struct fk_arena arena;
        struct fk_diag diag = {{0}};
        struct jfr j;
        struct fk_slice bytes = fk_buf_slice(&body);
        char *copy = malloc(bytes.len + 1);
        memcpy(copy, bytes.ptr, bytes.len);
        fk_arena_init(&arena, (size_t)64 << 20);
        if (i < bytes.len)
            bytes.len = i; /* cut */
        else
            copy[i - bytes.len] ^= 0x41;
        bytes.ptr = copy;
        enum fk_err err = jfr_open(&j, bytes, &arena, &diag);
        CHECK(!err == !diag.text[0]);
        refused += err != FK_OK;
        CHECK(i >= body.len || err == FK_ERR_FORMAT);
        jfr_close(&j);
        fk_arena_fini(&arena);
        free(copy);
    }
    CHECK(refused > (int)body.len);
    fk_buf_fini(&body);
}

TEST(a_refusal_names_the_byte)
{
    static const struct {
        size_t at;
        char byte;
        const char *says;
    } rows[] = {
        {0, 'X', "JFR: byte 0: a chunk does not begin"},
        {5, 9, "JFR: byte 4: the version"},
        {12, 1, "JFR: byte 8: the size of the chunk"},
        {31, 0, "JFR: byte 24: there is no metadata"},
        {67, 0, "JFR: byte 64: the chunk's integers"},
        {68, 0, "JFR: byte 68: an event has an impossible size"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_buf body;
        struct fk_arena arena;
        struct fk_diag diag = {{0}};
        struct jfr j;
        fk_buf_init(&body, 1 << 20);
        fk_arena_init(&arena, (size_t)64 << 20);
        chunk(&body, "cpu");
        body.ptr[rows[i].at] = rows[i].byte;
        if (rows[i].at == 31)
            body.ptr[30] = 0;
        if (rows[i].at == 68)
            memset(body.ptr + 68, 0, 4);
        CHECK_INT(
            jfr_open(&j, fk_buf_slice(&body), &arena, &diag), FK_ERR_FORMAT);
        diag.text[strlen(rows[i].says)] = '\0';
        CHECK_STR(diag.text, rows[i].says);
        jfr_close(&j);
        fk_arena_fini(&arena);
        fk_buf_fini(&body);
    }
}

TEST(generated_names_are_merged)
{
    static const char *const rows[][2] = {
        {"jdk/internal/reflect/GeneratedMethodAccessor31",
            "jdk/internal/reflect/GeneratedMethodAccessor_"},
        {"a/X$$Lambda$75.0x0000000800c22a28", "a/X$$Lambda_"},
        {"X$$Lambda$14/0x0000000800c22a28", "X$$Lambda_"},
        {"X$$Lambda.0x0000000800c22a28", "X$$Lambda_"},
        {"X$$Lambda12", "X$$Lambda_"},
        {"X$$EnhancerBySpringCGLIB$$1234abcd", "X$$EnhancerBySpringCGLIB$$_"},
        {"libzstd-jni-1.5.1-16931311898282279136.so", "libzstd-jni-_.so"},
        {"./tmp/libzstd-jni-1.5.1-16931311898282279136.so (deleted)",
            "libzstd-jni-_.so"},
        {"/tmp/libamazonCorrettoCryptoProvider109b39cf33c563eb.so",
            "libamazonCorrettoCryptoProvider_.so"},
        {"X$$Lambda$14/0xZ", "X$$Lambda$14/0xZ"},
        {"$$Lambda12", "$$Lambda12"},
        {"java/lang/Thread", "java/lang/Thread"},
        {"libc-2.31.so", "libc-2.31.so"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fk_arena arena;
        fk_arena_init(&arena, 4096);
        struct fk_slice got = jfr_name_merge(fk_slice_of(rows[i][0]), &arena);
        CHECK_MEM(
            got.ptr ? got.ptr : "", got.len, rows[i][1], strlen(rows[i][1]));
        fk_arena_fini(&arena);
    }
}

TEST(labels_are_found_by_context)
{
    /* context 5: 1 -> 2, "thread" -> "main"; string 3 is missing */
    struct fk_slice body = FK_SLICE("\x0a\x10\x08\5\x12\x0c"
                                    "\x0a\4\x08\1\x10\2"
                                    "\x0a\4\x08\1\x10\3"
                                    "\x12\x0a\x08\1\x12\6thread"
                                    "\x12\x08\x08\2\x12\4main");
    struct fk_arena arena;
    struct fk_diag diag = {{0}};
    struct jfr_labels l;

    fk_arena_init(&arena, 1 << 16);
    CHECK_INT(jfr_labels_open(&l, body, &arena, &diag), FK_OK);
    struct jfr_context c = jfr_labels_context(&l, 5);
    CHECK_INT(c.count, 1);
    CHECK(fk_slice_eqz(c.labels[0].key, "thread"));
    CHECK(fk_slice_eqz(c.labels[0].str, "main"));
    CHECK_INT(jfr_labels_context(&l, 6).count, 0);
    jfr_labels_close(&l);
    CHECK_INT(jfr_labels_open(&l, FK_SLICE("\x0a\x05"), &arena, &diag),
        FK_ERR_FORMAT);
    CHECK(strstr(diag.text, "labels"));
    jfr_labels_close(&l);
    fk_arena_fini(&arena);
}

TAP_MAIN
