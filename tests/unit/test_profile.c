/* cli/profile.c: questions to a flame graph. */
#include "cli/profile.h"
#include "tests/tap.h"

/* Stacks: a;b;e 1, a;c 2, a;c;d 1, recursive a;c;c 4 and libx.so+0x1f 2. */
static const char *const render =
    "{\"flamebearer\":{\"names\":[\"total\",\"a\",\"b\",\"c\",\"d\",\"e\","
    "\"libx.so+0x1f\"],"
    "\"levels\":[[0,10,0,0],[0,8,0,1,0,2,2,6],[0,1,0,2,0,7,2,3],"
    "[0,1,1,5,2,4,4,3,0,1,1,4]],"
    "\"numTicks\":10,\"maxSelf\":4}}";

static void open_text(const char *text, struct profile *p)
{
    struct fk_diag diag = {""};
    json_t *json = json_loads(text, 0, NULL);
    CHECK(json != NULL);
    if (profile_from_json(json, p, &diag))
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
}

TEST(total_counts_recursion_once)
{
    struct profile p;
    open_text(render, &p);
    CHECK_INT(profile_total(&p), 10);
    CHECK_INT(profile_total_of(&p, "a"), 8);
    CHECK_INT(profile_total_of(&p, "c"), 7);
    CHECK_INT(profile_self_of(&p, "c"), 6);
    CHECK_INT(profile_total_of(&p, "nobody"), 0);
    profile_fini(&p);
}

TEST(paths_are_matched_frame_by_frame)
{
    static const char *const yes[] = {"a", "c", "d"};
    static const char *const gap[] = {"a", "d"};
    static const char *const twice[] = {"c", "c"};
    struct profile p;
    open_text(render, &p);
    CHECK_INT(profile_path(&p, yes, 3), 1);
    CHECK_INT(profile_path(&p, gap, 2), 0);
    CHECK_INT(profile_path(&p, twice, 2), 4);
    CHECK_INT(profile_depth(&p, "d"), 3);
    CHECK_INT(profile_depth(&p, "nobody"), 0);
    profile_fini(&p);
}

TEST(top_self_and_unresolved)
{
    struct profile p;
    open_text(render, &p);
    CHECK_STR(profile_top_self(&p, NULL), "c");
    CHECK_STR(profile_top_self(&p, "b"), "e");
    CHECK(profile_top_self(&p, "e") == NULL);
    CHECK_INT(profile_unresolved(&p), 2);
    profile_fini(&p);
}

TEST(names_without_a_function)
{
    static const struct {
        const char *name;
        bool unresolved;
    } rows[] = {
        {"0x7f00", true},
        {"[unknown]", true},
        {"unknown!0x1f", true},
        {"libc.so.6+0x3f8f0", true},
        {"main", false},
        {"0xcafe_handler", false},
        {"get0x12", false},
        {"[vdso]", false},
        {"0x", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tap_diag("%s", rows[i].name);
        CHECK_INT(profile_name_unresolved(rows[i].name), rows[i].unresolved);
    }
}

TEST(an_answer_that_is_no_flame_graph_is_refused)
{
    static const char *const rows[] = {
        "{}",
        "{\"flamebearer\":{\"names\":[],\"levels\":[]}}",
        "{\"flamebearer\":{\"names\":[1],\"levels\":[[0,1,1,0]]}}",
        "{\"flamebearer\":{\"names\":[\"t\"],\"levels\":[[0,1,1,7]]}}",
        "{\"flamebearer\":{\"names\":[\"t\"],\"levels\":[[0,-1,1,0]]}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct profile p;
        struct fk_diag diag = {""};
        CHECK_INT(profile_from_json(json_loads(rows[i], 0, NULL), &p, &diag),
            FK_ERR_FORMAT);
        CHECK(*diag.text != '\0');
    }
}

TAP_MAIN
