#include "server/multipart.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool starts_nocase(struct fk_slice s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.len >= n && strncasecmp(s.ptr, prefix, n) == 0;
}

bool multipart_is(struct fk_slice content_type)
{
    return starts_nocase(fk_slice_trim(content_type), "multipart/form-data");
}

/* The value at the front of *rest, quoted or up to ';'. Backslashes inside of
 * quotes stay: browsers put Windows paths there unescaped. */
static struct fk_slice parameter_value(struct fk_slice *rest)
{
    struct fk_slice value = *rest;

    if (value.len > 0 && value.ptr[0] == '"') {
        fk_slice_split(rest, '"', &(struct fk_slice){0});
        fk_slice_split(rest, '"', &value);
        fk_slice_split(rest, ';', &(struct fk_slice){0});
        return value;
    }
    fk_slice_split(rest, ';', &value);
    return fk_slice_trim(value);
}

/* `; name=value` of a header's value. */
static bool parameter(
    struct fk_slice header, const char *name, struct fk_slice *out)
{
    struct fk_slice rest = header;

    fk_slice_split(&rest, ';', &(struct fk_slice){0});
    while (rest.len > 0) {
        ptrdiff_t equals = fk_slice_find(rest, '=');
        if (equals < 0)
            return false;
        struct fk_slice key =
            fk_slice_trim(fk_slice_sub(rest, 0, (size_t)equals));
        rest = fk_slice_sub(rest, (size_t)equals + 1, rest.len);
        struct fk_slice value = parameter_value(&rest);
        if (key.len == strlen(name) && starts_nocase(key, name)) {
            *out = value;
            return true;
        }
    }
    return false;
}

static void read_disposition(struct fk_slice head, struct multipart_part *p)
{
    struct fk_slice line;

    while (fk_slice_split(&head, '\n', &line)) {
        if (!starts_nocase(line, "Content-Disposition:"))
            continue;
        line = fk_slice_trim(line);
        parameter(line, "name", &p->name);
        p->is_file = parameter(line, "filename", &p->filename);
    }
}

/* Everything before `mark`, and *rest behind it; false when it is absent. */
static bool take_until(
    struct fk_slice *rest, struct fk_slice mark, struct fk_slice *out)
{
    const char *hit =
        rest->len ? memmem(rest->ptr, rest->len, mark.ptr, mark.len) : NULL;

    if (!hit)
        return false;
    size_t at = (size_t)(hit - rest->ptr);
    *out = fk_slice_sub(*rest, 0, at);
    *rest = fk_slice_sub(*rest, at + mark.len, rest->len);
    return true;
}

/* Behind a delimiter: "--" ends the body, a line end starts a part. */
static enum fk_err read_part(struct fk_slice *rest, struct fk_slice delimiter,
    struct multipart *m, struct fk_diag *diag)
{
    struct multipart_part *p = &m->part[m->count];
    struct fk_slice head;

    if (m->count == MULTIPART_MAX_PARTS)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the form has more than %d parts", MULTIPART_MAX_PARTS);
    if (!take_until(rest, FK_SLICE("\r\n"), &head) ||
        fk_slice_trim(head).len > 0)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "part %zu of the form: a line end is missing behind the boundary",
            m->count + 1);
    /* A part without headers starts with the empty line itself. */
    if (fk_slice_starts(*rest, FK_SLICE("\r\n")))
        *rest = fk_slice_sub(*rest, 2, rest->len);
    else if (!take_until(rest, FK_SLICE("\r\n\r\n"), &head) ||
             head.len > MULTIPART_MAX_HEAD)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "part %zu of the form: its headers do not end within %d bytes",
            m->count + 1, MULTIPART_MAX_HEAD);
    *p = (struct multipart_part){0};
    read_disposition(head, p);
    if (!take_until(rest, delimiter, &p->body))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "part %zu of the form is cut: its closing boundary is missing",
            m->count + 1);
    m->count++;
    return FK_OK;
}

enum fk_err multipart_read(struct fk_slice content_type, struct fk_slice body,
    struct multipart *out, struct fk_diag *diag)
{
    char text[MULTIPART_MAX_BOUNDARY + 8];
    struct fk_slice boundary = {0}, preamble;

    out->count = 0;
    if (!parameter(content_type, "boundary", &boundary) || boundary.len == 0 ||
        boundary.len > MULTIPART_MAX_BOUNDARY)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "Content-Type has no boundary of 1 to %d bytes",
            MULTIPART_MAX_BOUNDARY);
    int n = snprintf(
        text, sizeof(text), "\r\n--%.*s", (int)boundary.len, boundary.ptr);
    struct fk_slice delimiter = {text, (size_t)n};
    struct fk_slice first = fk_slice_sub(delimiter, 2, delimiter.len);
    if (fk_slice_starts(body, first))
        body = fk_slice_sub(body, first.len, body.len);
    else if (!take_until(&body, delimiter, &preamble))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "the form does not hold its boundary '%.*s'", (int)boundary.len,
            boundary.ptr);
    while (!fk_slice_starts(body, FK_SLICE("--"))) {
        enum fk_err err = read_part(&body, delimiter, out, diag);
        if (err)
            return err;
    }
    return FK_OK;
}

const struct multipart_part *multipart_file(
    const struct multipart *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->part[i].is_file && fk_slice_eqz(m->part[i].name, name))
            return &m->part[i];
    return NULL;
}
