#include "demoapp/endpoints.h"

#include "common/check.h"
#include "demoapp/app.h"
#include "demoapp/handlers.h"
#include "demoapp/primes.h"
#include "demoapp/profiler.h"
#include "demoapp/wait.h"

#include <string.h>

const struct endpoint endpoints_table[] = {
    {"/", CALL_GET, LANE_CPU, handle_index, NULL, "this list"},
    {"/api/primes_slow", CALL_GET, LANE_CPU, handle_primes_slow, NULL,
        "counts primes by trial division: about 20 ms of CPU"},
    {"/api/primes_fast", CALL_GET, LANE_CPU, handle_primes_fast, NULL,
        "counts the same primes by a sieve: about 0.3 ms of CPU"},
    {"/api/hash", CALL_GET, LANE_CPU, handle_hash, "text",
        "hashes the text every time: about 3 ms of CPU"},
    {"/api/hash_cached", CALL_GET, LANE_CPU, handle_hash_cached, "text",
        "remembers hashes: about 0.02 ms when the text is known"},
    {"/api/slow_io", CALL_GET, LANE_IO, handle_slow_io, NULL,
        "waits 200 ms for a pretended disk, with hardly any CPU"},
    {"/api/mixed", CALL_GET, LANE_IO, handle_mixed, NULL,
        "works for about 20 ms and then waits as long"},
    {"/api/report", CALL_GET, LANE_CPU, handle_report, NULL,
        "fills 2 MB of memory and frees it"},
    {"/api/session", CALL_GET, LANE_CPU, handle_session, NULL,
        "keeps 4 KB a call; with the fault leak=on for ever"},
    {"/api/locked", CALL_GET, LANE_IO, handle_locked, NULL,
        "waits 10 ms inside one mutex"},
    {"/api/spin", CALL_GET, LANE_IO, handle_spin, NULL,
        "waits 10 ms inside one spin lock"},
    {"/api/faults", CALL_POST, LANE_INLINE, handle_faults, "flag",
        "switches cache=cold, leak=on, leak=off or none"},
    {"/api/kit/flush", CALL_POST, LANE_CPU, handle_flush, NULL,
        "sends the profile of the last seconds at once"},
    {"/healthz", CALL_GET, LANE_INLINE, handle_healthz, NULL,
        "says that the process answers"},
    {"/api/kit/hello", CALL_GET, LANE_INLINE, handle_hello, NULL,
        "says which run of the kit this process belongs to"},
    {"/api/kit/hello_profiler", CALL_POST, LANE_CPU, handle_hello_profiler,
        NULL, "burns 0.2 s of CPU and sends the profile at once"},
    {0},
};
_Static_assert(
    sizeof endpoints_table / sizeof *endpoints_table <= APP_MAX_ENDPOINTS,
    "a counter for each endpoint");

const struct endpoint_number endpoints_numbers[] = {
    {"/api/primes_slow", "n", 2, PRIMES_LIMIT, PRIMES_LIMIT},
    {"/api/primes_fast", "n", 2, PRIMES_LIMIT, PRIMES_LIMIT},
    {"/api/slow_io", "ms", 0, WAIT_LONGEST_MS, WAIT_USUAL_MS},
    {0},
};

static const struct endpoint_number *number_of(const struct endpoint *r)
{
    const struct endpoint_number *n = endpoints_numbers;
    while (n->path && strcmp(n->path, r->path) != 0)
        n++;
    return n->path ? n : NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* A path's percent coding; unlike in a query, '+' is itself. */
static bool decode(struct call *c, struct fk_slice coded)
{
    size_t i = 0;
    c->text_len = 0;
    while (i < coded.len) {
        if (c->text_len == sizeof c->text)
            return false;
        char byte = coded.ptr[i++];
        if (byte == '%' && i + 1 < coded.len) {
            int high = hex_digit(coded.ptr[i]);
            int low = hex_digit(coded.ptr[i + 1]);
            if (high >= 0 && low >= 0) {
                byte = (char)(high << 4 | low);
                i += 2;
            }
        }
        c->text[c->text_len++] = byte;
    }
    return true;
}

/* Does `path` name this endpoint, alone or with a text after it? */
static bool matches(const struct endpoint *r, struct fk_slice path)
{
    struct fk_slice base = fk_slice_of(r->path);
    if (fk_slice_eq(path, base))
        return true;
    return r->text_name && fk_slice_starts(path, base) &&
           path.ptr[base.len] == '/';
}

static bool take_text(struct call *c, struct fk_slice path)
{
    const struct endpoint *r = c->endpoint;
    size_t skip = fk_slice_of(r->path).len + 1;
    if (!r->text_name)
        return true;
    if (path.len <= skip) {
        call_fail(c, 400, "Something must follow the path: %s/<%s>.", r->path,
            r->text_name);
        return false;
    }
    if (!decode(c, fk_slice_sub(path, skip, path.len))) {
        call_fail(c, 414,
            "The text is longer than %d bytes; send a shorter "
            "one.",
            CALL_TEXT_MAX);
        return false;
    }
    if (!fk_slice_utf8(call_text(c))) {
        call_fail(c, 400,
            "The text is not UTF-8; percent-encode its UTF-8 "
            "bytes.");
        return false;
    }
    return true;
}

static bool method_fits(struct call *c)
{
    enum call_method wanted = c->endpoint->method;
    if (c->method == wanted || (c->method == CALL_HEAD && wanted == CALL_GET))
        return true;
    c->header_name = "Allow";
    c->header_value = wanted == CALL_GET ? "GET, HEAD" : "POST";
    call_fail(
        c, 405, "%s answers %s only.", c->endpoint->path, c->header_value);
    return false;
}

bool endpoints_find(struct call *c, struct fk_slice path)
{
    for (const struct endpoint *r = endpoints_table; r->path; r++) {
        if (!matches(r, path))
            continue;
        c->endpoint = r;
        const struct endpoint_number *number = number_of(r);
        c->number = number ? number->usual : 0;
        return method_fits(c) && take_text(c, path);
    }
    call_fail(c, 404, "There is no such path here; GET / lists what is.");
    return false;
}

bool endpoints_take(struct call *c, struct fk_slice name, struct fk_slice value)
{
    const struct endpoint_number *n = number_of(c->endpoint);
    if (!n || !fk_slice_eqz(name, n->name))
        return true;
    if (c->has_number)
        call_fail(
            c, 400, "The parameter %s is there twice; send it once.", n->name);
    else if (!fk_slice_i64(value, &c->number) || c->number < n->least ||
             c->number > n->most)
        call_fail(c, 400,
            "The parameter %s is a whole number from %lld to %lld, such as "
            "%s?%s=%lld.",
            n->name, (long long)n->least, (long long)n->most, c->endpoint->path,
            n->name, (long long)n->usual);
    else
        return c->has_number = true;
    return false;
}

void endpoints_run(struct call *c)
{
    FK_ASSERT(c->endpoint);
    struct profiler_scope scope = profiler_enter(c->endpoint->path);
    c->endpoint->handler(c);
    profiler_leave(scope);
    if (c->body.err)
        call_fail(
            c, 500, "The answer did not fit into %d bytes.", CALL_ANSWER_MAX);
    atomic_fetch_add_explicit(&c->app->requests[c->endpoint - endpoints_table],
        1, memory_order_relaxed);
}
