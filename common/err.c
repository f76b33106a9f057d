#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *fk_err_name(enum fk_err err)
{
    switch (err) {
    case FK_OK:
        return "ok";
    case FK_ERR_ARG:
        return "arg";
    case FK_ERR_FORMAT:
        return "format";
    case FK_ERR_LIMIT:
        return "limit";
    case FK_ERR_NOMEM:
        return "nomem";
    case FK_ERR_IO:
        return "io";
    case FK_ERR_NOT_FOUND:
        return "not_found";
    case FK_ERR_EXISTS:
        return "exists";
    case FK_ERR_RETRY:
        return "retry";
    case FK_ERR_FULL:
        return "full";
    case FK_ERR_CORRUPT:
        return "corrupt";
    case FK_ERR_UNAVAILABLE:
        return "unavailable";
    case FK_ERR_CANCELLED:
        return "cancelled";
    case FK_ERR_PARTIAL:
        return "partial";
    }
    return "unknown";
}

const char *fk_errno_text(int error)
{
#ifdef __GLIBC__
    const char *text = strerrordesc_np(error);
    return text ? text : "unknown error";
#else
    return strerror(error); /* musl's are constants */
#endif
}

/* Drop the bytes of a character that the end of the buffer cut in two. */
static void cut_at_character(char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (len - (start - 1) < want)
        text[start - 1] = '\0';
}

enum fk_err fk_diag_set(
    struct fk_diag *diag, enum fk_err err, const char *fmt, ...)
{
    if (!diag || diag->text[0])
        return err;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(diag->text, sizeof diag->text, fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof diag->text)
        cut_at_character(diag->text, sizeof diag->text - 1);
    return err;
}
