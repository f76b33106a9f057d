/*
 * One request and its answer, as the application sees them: no HTTP library
 * in sight. A call is used by one thread at a time: the HTTP thread makes it,
 * a worker answers it, the HTTP thread sends it.
 */
#ifndef FK_DEMOAPP_CALL_H
#define FK_DEMOAPP_CALL_H

#include "common/buf.h"

#include <stdbool.h>

enum call_method { CALL_GET, CALL_HEAD, CALL_POST, CALL_OTHER };

struct app;
struct endpoint;

enum { CALL_TEXT_MAX = 1024, CALL_ANSWER_MAX = 64 * 1024 };

struct call {
    struct app *app;
    enum call_method method;
    bool local;                      /* from this machine */
    const struct endpoint *endpoint; /* set by endpoints_find */
    char text[CALL_TEXT_MAX]; /* decoded, what follows the endpoint's path */
    size_t text_len;
    int64_t number; /* the endpoint's parameter, or its usual value */
    bool has_number;

    int status;
    struct fk_buf body;       /* JSON */
    const char *header_name;  /* one header of the answer, or NULL */
    const char *header_value; /* a constant string */
};

void call_init(struct call *c, struct app *app, enum call_method method);
void call_fini(struct call *c);
struct fk_slice call_text(const struct call *c);
/* Answer {"error":sentence,"status":status}. */
void call_fail(struct call *c, int status, const char *fmt, ...)
    FK_PRINTF(3, 4);

#endif
