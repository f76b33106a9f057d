/* Buckets of a profile type: see series.h. */
#include "cli/series.h"

#include "cli/client.h"

#include <stdlib.h>
#include <string.h>

#define SELECT_SERIES "/querier.v1.QuerierService/SelectSeries"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A number that JSON of protobuf writes as a string. */
static int64_t integer_of(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    const char *text = json_string_value(v);
    return text ? strtoll(text, NULL, 10) : (int64_t)json_number_value(v);
}

void series_from_json(
    json_t *answer, const struct profile_query *query, struct series *out)
{
    static double cores[SERIES_MAX];
    const int64_t step_ms = SERIES_STEP_S * 1000;
    int64_t n = (query->until_ms - query->from_ms) / step_ms + 1;
    n = n > SERIES_MAX ? SERIES_MAX : n;
    memset(cores, 0, sizeof cores);
    size_t i;
    json_t *point, *series = json_object_get(answer, "series");
    json_array_foreach(
        json_object_get(json_array_get(series, 0), "points"), i, point)
    {
        int64_t at =
            (integer_of(point, "timestamp") - query->from_ms) / step_ms;
        if (at >= 0 && at < n)
            cores[at] += json_number_value(json_object_get(point, "value")) /
                         (1e9 * SERIES_STEP_S);
    }
    qsort(cores, (size_t)n, sizeof *cores, by_value);
    *out = (struct series){cores[n - 1], cores[n / 2]};
}

enum fk_err series_fetch(const char *server, const struct profile_query *query,
    struct series *out, struct fk_diag *diag)
{
    json_t *answer = NULL;
    json_t *ask = json_pack("{s:s, s:s, s:I, s:I, s:i}", "profileTypeID",
        query->type, "labelSelector", query->selector, "start",
        (json_int_t)query->from_ms, "end", (json_int_t)query->until_ms, "step",
        SERIES_STEP_S);
    char *body = ask ? json_dumps(ask, 0) : NULL;
    struct client_request post = {"POST", server, SELECT_SERIES, body, 0};
    enum fk_err err = body ? client_json(&post, &answer, diag)
                           : fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    if (!err)
        series_from_json(answer, query, out);
    json_decref(answer);
    json_decref(ask);
    free(body);
    return err;
}
