/* UUIDs of stored profiles: there and back, and what is none. */
#include "server/profile_id.h"
#include "tests/tap.h"

#include <string.h>

TEST(there_and_back)
{
    static const struct profile_id ids[] = {{0, 0}, {1, 1700000000000},
        {PROFILE_ID_MAX_SERIES, (1ll << 48) - 1}, {0xabcdef, 77}};

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char text[PROFILE_ID_TEXT];
        struct profile_id got;
        profile_id_print(&ids[i], text);
        CHECK_INT(strlen(text), 36);
        CHECK(text[14] == '8' && strchr("89ab", text[19]));
        CHECK_INT(profile_id_parse(fk_slice_of(text), &got), FK_OK);
        CHECK_INT(got.series, ids[i].series);
        CHECK_INT(got.time_ms, ids[i].time_ms);
        for (char *c = text; *c; c++)
            if (*c >= 'a' && *c <= 'f')
                *c = (char)(*c - 'a' + 'A');
        CHECK_INT(profile_id_parse(fk_slice_of(text), &got), FK_OK);
    }
}

TEST(what_is_none)
{
    static const struct {
        const char *text;
        enum fk_err err;
    } rows[] = {
        {"", FK_ERR_FORMAT},
        {"7", FK_ERR_FORMAT},
        {"00000000-0000-4000-8000-00000000000", FK_ERR_FORMAT},
        {"00000000-0000-4000-8000-0000000000000", FK_ERR_FORMAT},
        {"00000000-0000-4000-8000-00000000000g", FK_ERR_FORMAT},
        {"00000000000000004000080000000000000-", FK_ERR_FORMAT},
        {"00000000-0000-4000-8000-000000000000", FK_ERR_NOT_FOUND},
        {"00000000-0000-8000-8000-000000000001", FK_ERR_NOT_FOUND},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct profile_id got;
        CHECK_INT(
            profile_id_parse(fk_slice_of(rows[i].text), &got), rows[i].err);
    }
}

TAP_MAIN
