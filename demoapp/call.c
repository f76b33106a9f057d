#include "demoapp/call.h"

#include "common/json.h"

#include <stdio.h>
#include <string.h>

void call_init(struct call *c, struct app *app, enum call_method method)
{
    memset(c, 0, sizeof *c);
    c->app = app;
    c->method = method;
    c->status = 200;
    fk_buf_init(&c->body, CALL_ANSWER_MAX);
}

void call_fini(struct call *c)
{
    fk_buf_fini(&c->body);
}

struct fk_slice call_text(const struct call *c)
{
    return (struct fk_slice){c->text, c->text_len};
}

void call_fail(struct call *c, int status, const char *fmt, ...)
{
    char sentence[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);

    struct fk_json j;
    fk_buf_reset(&c->body);
    fk_json_init(&j, &c->body);
    fk_json_object(&j);
    fk_json_key(&j, "error");
    fk_json_strz(&j, sentence);
    fk_json_key(&j, "status");
    fk_json_i64(&j, status);
    fk_json_end(&j);
    c->status = status;
}
