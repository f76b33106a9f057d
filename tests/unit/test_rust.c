/* Rust's names: what the compiler writes, and what nobody would. */
#include "agent/rust.h"

#include "tests/tap.h"

#include <stdio.h>

static const struct {
    const char *raw, *want;
} names[] = {
    {"_RNvC3app4main", "app::main"},
    {"_RNvNtNtCs1234_3app5inner4deep3run", "app::inner::deep::run"},
    {"_RINvCsbVXqutUjNVO_1x4holdFEzEB2_", "x::hold::<fn() -> !>"},
    {"_RINvCsbVXqutUjNVO_1x4holdFG_RL0_eQL0_hERL0_eEB2_",
        "x::hold::<for<'a> fn(&'a str, &'a mut u8) -> &'a str>"},
    {"_RINvCsbVXqutUjNVO_1x4holdFUKClEhEB2_",
        "x::hold::<unsafe extern \"C\" fn(i32) -> u8>"},
    {"_RINvCsbVXqutUjNVO_1x5applyNCNvB2_4mains1_0EB2_",
        "x::apply::<x::main::{closure#3}>"},
    {"_RINvCsbVXqutUjNVO_1x7genericTxcbuEEB2_",
        "x::generic::<(i64, char, bool, ())>"},
    {"_RINvNtNtCsbVXqutUjNVO_1x5inner4deep1fhIB0_RSRePuEEB6_",
        "x::inner::deep::f::<u8, x::inner::deep::f<&[&str], *const ()>>"},
    {"_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeNtNtNtCsjrHSEGnQ3l9_3std2io"
     "5error5ErrorECsbVXqutUjNVO_1x",
        "core::ptr::drop_in_place::<std::io::error::Error>"},
    {"_RINvCsbVXqutUjNVO_1x4holdINtNtCslNYArtu3iFV_5alloc5boxed3BoxDNtNtNtNtCs"
     "gEmfK2I1SDS_4core4iter6traits8iterator8Iteratorp4ItemmNtNtB15_6marker4Se"
     "ndEL_EEB2_",
        "x::hold::<alloc::boxed::Box<dyn core::iter::traits::iterator::"
        "Iterator<Item = u32> + core::marker::Send>>"},
    {"_RNvMC1aNtB2_1S3new", "<a::S>::new"},
    {"_RNvXC1aNtB2_1SNtB2_1T3run", "<a::S as a::T>::run"},
    {"_RINvC1a1fAhj10_E", "a::f::<[u8; 16]>"},
    {"_RINvC1a1fKb1_Kc71_Kin5_E", "a::f::<true, 'q', -5>"},
    {"_RINvC1a1fTlEE", "a::f::<(i32,)>"},
    {"_RINvC1a1fL_E", "a::f::<'_>"},
    {"_RNvC1au7per_xra", "a::punycode{per_xra}"},
    {"_RNSC1a4vtable", NULL}, /* two bytes too many */
    {"_RNSC1a6vtable", "a::{shim:vtable#0}"},
};

TEST(names_are_read_as_the_compiler_wrote_them)
{
    char out[512];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool read = fk_rust_name(names[i].raw, out, sizeof out);
        if (names[i].want && !read)
            tap_fail(__FILE__, __LINE__, "%s is not read", names[i].raw);
        if (names[i].want)
            CHECK_STR(out, names[i].want);
        else if (read)
            tap_fail(__FILE__, __LINE__, "%s is read: %s", names[i].raw, out);
    }
}

TEST(what_is_no_such_name_is_refused)
{
    static const char *const no[] = {"", "_R", "_RN", "_RNvC3app", "_RNvC9app",
        "_RINvC1a1f", "_RINvC1a1fh", "_RNvC1a1f_", "_ZN3foo3barE", "main"};
    char out[512];
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (fk_rust_name(no[i], out, sizeof out))
            tap_fail(__FILE__, __LINE__, "%s is read: %s", no[i], out);
}

TEST(names_that_explode_are_refused)
{
    char raw[512], out[1024];
    /* A tuple of two of itself. */
    CHECK(!fk_rust_name("_RINvC1a1fTB7_B7_EE", out, sizeof out));
    memset(raw, 'S', sizeof raw - 1);
    memcpy(raw, "_RINvC1a1f", 10);
    raw[sizeof raw - 1] = '\0';
    CHECK(!fk_rust_name(raw, out, sizeof out));
    CHECK(!fk_rust_name("_RINvC1a1fB_E", out, sizeof out));
    CHECK(!fk_rust_name("_RB_", out, sizeof out));
}

TEST(a_name_too_long_for_its_room_is_refused)
{
    char out[16];
    CHECK(fk_rust_name("_RNvC3app4main", out, 10));
    CHECK_STR(out, "app::main");
    CHECK(!fk_rust_name("_RNvC3app4main", out, 9));
}

TAP_MAIN
