#include "server/otlp.h"

#include "common/pb.h"
#include "tests/tap.h"

#include <inttypes.h>

/* Requests are written as JSON, which is readable, and read as protobuf. */
struct seen {
    struct fk_buf text; /* "name{service} type:unit a;b{k=v}=3 " */
    const struct fk_pprof_location *locations;
};

static void show_sample(struct seen *seen, const struct fk_pprof *p,
    const struct fk_pprof_sample *s)
{
    for (uint32_t i = s->num_locations; i-- > 0;) {
        const struct fk_pprof_location *l = &p->locations[s->locations[i]];
        for (uint32_t k = l->num_lines; k-- > 0;)
            fk_buf_printf(&seen->text, FK_SLICE_FMT ";",
                FK_SLICE_ARG(p->functions[l->lines[k].function].name));
        if (l->num_lines == 0)
            fk_buf_printf(&seen->text, "0x%" PRIx64 ";", l->address);
    }
    for (uint32_t i = 0; i < s->num_labels; i++)
        fk_buf_printf(&seen->text, "{" FK_SLICE_FMT "=" FK_SLICE_FMT "}",
            FK_SLICE_ARG(s->labels[i].key), FK_SLICE_ARG(s->labels[i].str));
    fk_buf_printf(&seen->text, "=%" PRId64 " ", s->values[0]);
}

static enum fk_err show(
    void *arg, const struct fk_pprof *p, const struct fk_labels *labels)
{
    struct seen *seen = arg;

    fk_buf_printf(&seen->text,
        FK_SLICE_FMT "{" FK_SLICE_FMT "} " FK_SLICE_FMT ":" FK_SLICE_FMT " ",
        FK_SLICE_ARG(fk_labels_get(labels, FK_SLICE("__name__"))),
        FK_SLICE_ARG(fk_labels_get(labels, FK_SLICE("service_name"))),
        FK_SLICE_ARG(p->types[0].type), FK_SLICE_ARG(p->types[0].unit));
    for (uint32_t i = 0; i < p->num_samples; i++)
        show_sample(seen, p, &p->samples[i]);
    CHECK(!seen->locations || seen->locations == p->locations);
    seen->locations = p->locations;
    return FK_OK;
}

static enum fk_err read_json(
    const char *text, struct seen *seen, struct fk_diag *diag)
{
    struct fk_arena arena;
    struct fk_buf proto;

    fk_arena_init(&arena, (size_t)16 << 20);
    fk_buf_init(&proto, 1 << 20);
    fk_buf_init(&seen->text, 1 << 16);
    seen->locations = NULL;
    enum fk_err err =
        otlp_json_to_proto(fk_slice_of(text), &arena, &proto, diag);
    if (!err)
        err = otlp_read(fk_buf_slice(&proto), &arena, show, seen, diag);
    fk_buf_fini(&proto);
    fk_arena_fini(&arena);
    return err;
}

static enum fk_err count_labels(
    void *arg, const struct fk_pprof *p, const struct fk_labels *labels)
{
    (void)labels;
    *(uint32_t *)arg = p->samples[0].num_labels;
    return FK_OK;
}

static void put(struct fk_buf *out, uint32_t field, struct fk_buf *message)
{
    fk_pb_add_bytes(out, field, fk_buf_slice(message));
    fk_buf_fini(message);
}

/* Room is made for one; more of them went into what lies behind it. */
TEST(of_many_links_of_a_sample_the_last_one_counts)
{
    struct fk_buf body, all[7];
    struct fk_arena arena;
    struct fk_diag diag = {""};
    uint32_t labels = 0;

    enum { BODY, SCOPE, PROFILE, TYPE, SAMPLE, TABLES, LINK };

    fk_arena_init(&arena, (size_t)16 << 20);
    fk_buf_init(&body, 1 << 16);
    for (int i = 0; i < 7; i++)
        fk_buf_init(&all[i], 1 << 16);
    for (int i = 0; i < 300; i++)
        fk_pb_add_u64(&all[SAMPLE], 3, 1);
    fk_pb_add_u64(&all[SAMPLE], 4, 7);
    fk_pb_add_u64(&all[TYPE], 1, 1);
    put(&all[PROFILE], 1, &all[TYPE]);
    put(&all[PROFILE], 2, &all[SAMPLE]);
    put(&all[SCOPE], 2, &all[PROFILE]);
    put(&all[BODY], 2, &all[SCOPE]);
    put(&body, 1, &all[BODY]);
    fk_pb_add_bytes(&all[TABLES], 5, FK_SLICE(""));
    fk_pb_add_bytes(&all[TABLES], 5, FK_SLICE("cpu"));
    fk_pb_add_bytes(&all[TABLES], 4, FK_SLICE(""));
    fk_pb_add_bytes(&all[LINK], 1, FK_SLICE("trace"));
    fk_pb_add_bytes(&all[LINK], 2, FK_SLICE("span"));
    put(&all[TABLES], 4, &all[LINK]);
    put(&body, 2, &all[TABLES]);
    CHECK_INT(
        otlp_read(fk_buf_slice(&body), &arena, count_labels, &labels, &diag),
        FK_OK);
    CHECK_INT(labels, 2);
    fk_buf_fini(&body);
    fk_arena_fini(&arena);
}

#define DICTIONARY                                                             \
    "\"dictionary\":{\"string_table\":[\"\",\"samples\",\"count\",\"cpu\","    \
    "\"nanoseconds\",\"main\",\"work\",\"service.name\",\"thread\","           \
    "\"off_cpu\"],"                                                            \
    "\"functionTable\":[{},{\"nameStrindex\":5},{\"nameStrindex\":6}],"        \
    "\"mappingTable\":[{}],"                                                   \
    "\"locationTable\":[{},{\"lines\":[{\"functionIndex\":2},"                 \
    "{\"functionIndex\":1}]},{\"address\":\"255\"}],"                          \
    "\"linkTable\":[{},{\"traceId\":\"AQI=\",\"spanId\":\"qw==\"}],"           \
    "\"attributeTable\":[{},{\"keyStrindex\":7,\"value\":"                     \
    "{\"stringValue\":\"web\"}},{\"keyStrindex\":8,\"value\":"                 \
    "{\"intValue\":\"12\"}},{\"keyStrindex\":8,\"value\":{\"arrayValue\":"     \
    "{\"values\":[{\"stringValueStrindex\":5}]}}}],"                           \
    "\"stackTable\":[{},{\"locationIndices\":[1]},"                            \
    "{\"locationIndices\":[2,1]}]}"
#define CPU                                                                    \
    "\"sampleType\":{\"typeStrindex\":1,\"unitStrindex\":2},"                  \
    "\"periodType\":{\"typeStrindex\":3,\"unitStrindex\":4},\"period\":10,"
#define REQUEST(resource, profile)                                             \
    "{\"resourceProfiles\":[{\"resource\":{\"attributes\":[" resource          \
    "]},\"scopeProfiles\":[{\"profiles\":[{" profile "}]}]}]," DICTIONARY "}"
#define NAMED(name, value)                                                     \
    "{\"key\":\"" name "\",\"value\":{\"stringValue\":\"" value "\"}}"

TEST(samples_come_with_type_service_stack_and_labels)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {REQUEST(NAMED("service.name", "shop"),
             CPU "\"samples\":[{\"stackIndex\":1,\"values\":[2,\"1\"]},"
                 "{\"stackIndex\":2,\"timestampsUnixNano\":[\"5\",6]}]"),
            "process_cpu{shop} cpu:nanoseconds main;work;=30 "
            "main;work;0xff;=20 "},
        {REQUEST("", CPU "\"samples\":[{\"stackIndex\":1,\"values\":[1]}]"),
            "process_cpu{unknown_service} cpu:nanoseconds main;work;=10 "},
        {REQUEST(NAMED("process.executable.name", "sh"),
             CPU "\"samples\":[{\"values\":[1]}]"),
            "process_cpu{unknown_service:sh} cpu:nanoseconds =10 "},
        {REQUEST(NAMED("service.name", "shop"),
             CPU "\"samples\":[{\"stackIndex\":1,\"attributeIndices\":[1,2],"
                 "\"values\":[1]},{\"stackIndex\":1,\"linkIndex\":1,"
                 "\"attributeIndices\":[3],\"values\":[1]}]"),
            "process_cpu{shop} cpu:nanoseconds main;work;{thread=main}"
            "{trace_id=0102}{span_id=ab}=10 "
            "process_cpu{web} cpu:nanoseconds main;work;{thread=12}=10 "},
        {REQUEST("", "\"sampleType\":{\"typeStrindex\":9,\"unitStrindex\":4},"
                     "\"samples\":[{\"stackIndex\":1,\"values\":[7]}]"),
            "off_cpu{unknown_service} off_cpu:nanoseconds main;work;=7 "},
        {REQUEST("", "\"sampleType\":{\"typeStrindex\":6,\"unitStrindex\":2},"
                     "\"periodType\":{\"typeStrindex\":5},"
                     "\"samples\":[{\"stackIndex\":1,\"values\":[7]}]"),
            "main{unknown_service} work:count main;work;=7 "},
        {REQUEST("", CPU "\"samples\":[]"), ""},
        {"{}", ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seen seen;
        struct fk_diag diag = {{0}};
        enum fk_err err = read_json(rows[i].text, &seen, &diag);
        CHECK_STR(diag.text, "");
        CHECK_INT(err, FK_OK);
        CHECK_STR(seen.text.ptr ? seen.text.ptr : "", rows[i].want);
        fk_buf_fini(&seen.text);
    }
}

TEST(what_is_wrong_is_named_by_its_place)
{
    static const struct {
        const char *text, *where;
    } rows[] = {
        {"[]", "the body must be a JSON object"},
        {"{\"resourceProfiles\":[{\"what\":1}]}",
            "\"resourceProfiles[0].what\" is not a field"},
        {"{\"dictionary\":{\"stringTable\":[\"\",3]}}",
            "\"dictionary.stringTable[1]\" must be a string"},
        {"{\"dictionary\":{\"linkTable\":[{\"traceId\":\"*\"}]}}",
            "\"dictionary.linkTable[0].traceId\" must be base64"},
        {"{\"dictionary\":{\"stackTable\":7}}",
            "\"dictionary.stackTable\" must be a list"},
        {"{\"dictionary\":{\"stackTable\":[{\"locationIndices\":[\"x\"]}]}}",
            "\"dictionary.stackTable[0].locationIndices[0]\" must be a whole"},
        {"{\"dictionary\":{\"stackTable\":[{\"locationIndices\":[1]}]}}",
            "dictionary.stack_table[0] refers to entry 1 of "
            "dictionary.location_table, which has 0"},
        {"{\"dictionary\":{\"stackTable\":[{\"locationIndices\":[0]}]}}",
            "dictionary.stack_table[0] has locations"},
        {"{\"dictionary\":{\"functionTable\":[{\"nameStrindex\":4}]}}",
            "a function's name refers to string 4"},
        {REQUEST("", CPU "\"samples\":[{\"stackIndex\":9}]"),
            "profile 0: a sample refers past the end of dictionary.stack"},
        {REQUEST("", CPU "\"samples\":[{\"linkIndex\":9}]"),
            "profile 0: a sample refers past the end of dictionary.link"},
        {REQUEST("", CPU "\"samples\":[{\"attributeIndices\":[9]}]"),
            "profile 0: a sample refers past the end of dictionary.attr"},
        {REQUEST("", CPU "\"samples\":[{\"values\":"
                         "[9223372036854775807,1]}]"),
            "profile 0: a sample's values do not fit"},
        {REQUEST("", CPU "\"samples\":[{\"values\":[9223372036854775807]}]"),
            "profile 0: a sample's value does not fit"},
        {REQUEST("", "\"sampleType\":{\"typeStrindex\":99}"),
            "a sample type refers to string 99"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct seen seen;
        struct fk_diag diag = {{0}};
        CHECK_INT(read_json(rows[i].text, &seen, &diag), FK_ERR_FORMAT);
        diag.text[strlen(rows[i].where)] = '\0';
        CHECK_STR(diag.text, rows[i].where);
        fk_buf_fini(&seen.text);
    }
}

TEST(a_profile_has_at_most_16000_samples)
{
    struct fk_buf body;
    struct fk_arena arena;
    struct fk_diag diag = {{0}};
    struct seen seen = {.locations = NULL};

    fk_buf_init(&body, 1 << 20);
    fk_arena_init(&arena, (size_t)16 << 20);
    size_t resource = fk_pb_begin(&body, 1), scope = fk_pb_begin(&body, 2);
    size_t profile = fk_pb_begin(&body, 2);
    for (int i = 0; i <= OTLP_MAX_SAMPLES; i++)
        fk_pb_add_bytes(&body, 2, (struct fk_slice){"", 0});
    fk_pb_end(&body, profile);
    fk_pb_end(&body, scope);
    fk_pb_end(&body, resource);
    CHECK_INT(otlp_read(fk_buf_slice(&body), &arena, show, &seen, &diag),
        FK_ERR_LIMIT);
    CHECK(strstr(diag.text, "16,000"));
    fk_arena_fini(&arena);
    fk_buf_fini(&body);
}

TAP_MAIN
