#include "agent/message.h"

#include "agent/config.h"
#include "common/pb.h"
#include "tests/tap.h"

static const flamekit_tag tags[] = {{"env", "workshop"}, {"region", "eu"},
    {"region", "us"}, {"service_name", "impostor"}, {"empty", ""}};

/* "name=value name=value" of the labels; the profile and the id beside it. */
struct decoded {
    struct fk_buf labels;
    struct fk_slice profile, id;
};

static void decode_label(struct fk_slice message, struct fk_buf *out)
{
    struct fk_pb pb;
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 2)
            fk_buf_addc(out, '=');
        fk_buf_add_slice(out, fk_pb_bytes(&pb));
    }
    CHECK(!pb.err);
    fk_buf_addc(out, ' ');
}

static void decode_series(struct fk_slice message, struct decoded *d)
{
    struct fk_pb pb, sample;
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        struct fk_slice inner = fk_pb_bytes(&pb);
        if (pb.field == 1) {
            decode_label(inner, &d->labels);
            continue;
        }
        CHECK_INT(pb.field, 2);
        fk_pb_init(&sample, inner);
        while (fk_pb_next(&sample)) {
            struct fk_slice bytes = fk_pb_bytes(&sample);
            *(sample.field == 1 ? &d->profile : &d->id) = bytes;
        }
        CHECK(!sample.err);
    }
    CHECK(!pb.err);
}

TEST(a_message_decodes_to_what_went_in)
{
    flamekit_config c;
    fk_config_defaults(&c);
    c.application_name = "shop.checkout";
    c.tags = tags;
    c.num_tags = 5;
    struct fk_buf out;
    fk_buf_init(&out, 65536);
    struct fk_series series = {"process_cpu", FK_SLICE("not really a pprof")};
    fk_message_add(&out, &c, &series);
    fk_message_add(&out, &c, &series);
    CHECK_INT(out.err, FK_OK);

    struct decoded d[2] = {0};
    unsigned n = 0;
    struct fk_pb pb;
    fk_pb_init(&pb, fk_buf_slice(&out));
    while (fk_pb_next(&pb)) {
        CHECK_INT(pb.field, 1);
        CHECK(n < 2);
        fk_buf_init(&d[n].labels, 4096);
        decode_series(fk_pb_bytes(&pb), &d[n++]);
    }
    CHECK(!pb.err);
    CHECK_INT(n, 2);
    CHECK_STR(d[0].labels.ptr, "__name__=process_cpu env=workshop region=us "
                               "service_name=shop.checkout ");
    CHECK(fk_slice_eqz(d[0].profile, "not really a pprof"));
    CHECK_INT(d[0].id.len, 36);
    CHECK(!fk_slice_eq(d[0].id, d[1].id));
    fk_buf_fini(&d[0].labels);
    fk_buf_fini(&d[1].labels);
    fk_buf_fini(&out);
}

TEST(ids_are_random_uuids_of_version_4)
{
    char a[FK_UUID_TEXT], b[FK_UUID_TEXT];
    for (int i = 0; i < 1000; i++) {
        fk_uuid_text(a);
        fk_uuid_text(b);
        CHECK_INT(strlen(a), 36);
        CHECK_INT(a[14], '4');
        CHECK(strchr("89ab", a[19]) != NULL);
        CHECK(strcmp(a, b) != 0);
    }
}

TEST(a_message_that_is_too_large_is_an_error)
{
    flamekit_config c;
    fk_config_defaults(&c);
    c.application_name = "x";
    struct fk_buf out;
    fk_buf_init(&out, 64);
    struct fk_series series = {"process_cpu", FK_SLICE("0123456789abcdef")};
    fk_message_add(&out, &c, &series);
    CHECK(out.err != FK_OK);
    fk_buf_fini(&out);
}

TAP_MAIN
