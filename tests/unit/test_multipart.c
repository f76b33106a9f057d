#include "server/multipart.h"

#include "tests/tap.h"

#define TYPE "multipart/form-data; boundary=b"

static enum fk_err read(const char *type, const char *body, struct multipart *m)
{
    struct fk_diag diag = {{0}};
    enum fk_err err =
        multipart_read(fk_slice_of(type), fk_slice_of(body), m, &diag);

    CHECK(err == FK_OK || diag.text[0] != '\0');
    return err;
}

TEST(multipart_reads_files_and_fields)
{
    struct multipart m;

    CHECK_INT(read(TYPE,
                  "preamble\r\n--b\r\n"
                  "Content-Disposition: form-data; name=\"profile\"; "
                  "filename=\"p.pprof\"\r\n"
                  "Content-Type: application/octet-stream\r\n\r\n"
                  "by\r\ntes--b\r\n--b\r\n"
                  "content-disposition: form-data; name=field\r\n\r\n"
                  "value\r\n--b--\r\nepilogue",
                  &m),
        FK_OK);
    CHECK_INT(m.count, 2);
    CHECK(fk_slice_eqz(m.part[0].name, "profile"));
    CHECK(fk_slice_eqz(m.part[0].filename, "p.pprof"));
    CHECK(fk_slice_eqz(m.part[0].body, "by\r\ntes--b"));
    CHECK(m.part[0].is_file);
    CHECK(fk_slice_eqz(m.part[1].name, "field"));
    CHECK(fk_slice_eqz(m.part[1].body, "value"));
    CHECK(!m.part[1].is_file);
    CHECK(multipart_file(&m, "profile") == &m.part[0]);
    CHECK(multipart_file(&m, "field") == NULL);
}

TEST(multipart_takes_the_forms_that_clients_write)
{
    static const struct {
        const char *type, *body;
        size_t parts;
    } rows[] = {
        {TYPE, "--b--", 0},
        {TYPE, "--b--\r\n", 0},
        {"multipart/form-data; boundary=\"b\"", "--b\r\n\r\nx\r\n--b--", 1},
        {"multipart/form-data; charset=utf-8; BOUNDARY=b",
            "--b\r\n\r\nx\r\n--b--", 1},
        {TYPE, "--b  \r\n\r\nx\r\n--b--", 1},
        {TYPE, "--b\r\n\r\n\r\n--b--", 1},
        {TYPE,
            "--b\r\nContent-Disposition: form-data; name=\"a;b=c\"\r\n\r\nx"
            "\r\n--b--",
            1},
    };
    struct multipart m;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_diag("row %zu", i);
        CHECK_INT(read(rows[i].type, rows[i].body, &m), FK_OK);
        CHECK_INT(m.count, rows[i].parts);
    }
    CHECK(fk_slice_eqz(m.part[0].name, "a;b=c"));
}

TEST(multipart_refuses_what_is_cut_or_wrong)
{
    static const struct {
        const char *type, *body;
        enum fk_err err;
    } rows[] = {
        {"multipart/form-data", "--b--", FK_ERR_FORMAT},
        {"multipart/form-data; boundary=", "--b--", FK_ERR_FORMAT},
        {"multipart/form-data; boundary", "--b--", FK_ERR_FORMAT},
        {"multipart/form-data; boundary="
         "0123456789012345678901234567890123456789012345678901234567890123456"
         "789x",
            "", FK_ERR_FORMAT},
        {TYPE, "", FK_ERR_FORMAT},
        {TYPE, "--c--", FK_ERR_FORMAT},
        {TYPE, "--b", FK_ERR_FORMAT},
        {TYPE, "--bx\r\n\r\n", FK_ERR_FORMAT},
        {TYPE, "--b\r\n", FK_ERR_FORMAT},
        {TYPE, "--b\r\nA: b\r\n", FK_ERR_FORMAT},
        {TYPE, "--b\r\n\r\nx", FK_ERR_FORMAT},
        {TYPE, "--b\r\n\r\nx\r\n--b", FK_ERR_FORMAT},
    };
    struct multipart m;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_diag("row %zu", i);
        CHECK_INT(read(rows[i].type, rows[i].body, &m), rows[i].err);
    }
}

TEST(multipart_counts_its_parts)
{
    char body[1024] = "--b";
    struct multipart m;

    for (int i = 0; i < MULTIPART_MAX_PARTS; i++)
        memcpy(body + strlen(body), "\r\n\r\n\r\n--b", 10);
    memcpy(body + strlen(body), "--", 3);
    CHECK_INT(read(TYPE, body, &m), FK_OK);
    CHECK_INT(m.count, MULTIPART_MAX_PARTS);
    memcpy(body + strlen(body) - 2, "\r\n\r\n\r\n--b--", 12);
    CHECK_INT(read(TYPE, body, &m), FK_ERR_LIMIT);
}

TEST(multipart_is_known_by_its_type)
{
    CHECK(multipart_is(fk_slice_of(" Multipart/Form-Data; boundary=x")));
    CHECK(!multipart_is(fk_slice_of("multipart/mixed")));
    CHECK(!multipart_is((struct fk_slice){0}));
}

TAP_MAIN
