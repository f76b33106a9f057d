#include "loadgen/response.h"

#include <string.h>
#include <strings.h>

enum { MAX_CHUNK_DIGITS = 15 }; /* of hex: fits 64 bits with room to spare */

void response_init(struct response *r)
{
    fk_buf_init(&r->line, RESPONSE_MAX_HEAD);
    response_reset(r);
}

void response_fini(struct response *r)
{
    fk_buf_fini(&r->line);
}

void response_reset(struct response *r)
{
    struct fk_buf line = r->line;
    *r = (struct response){.line = line};
    fk_buf_reset(&r->line);
}

/* ---- lines ---------------------------------------------------------------
 */

/* The next whole line without its end, or false. It is a view of *in, unless
 * its start came earlier. */
static bool take_line(
    struct response *r, struct fk_slice *in, struct fk_slice *line)
{
    ptrdiff_t end = fk_slice_find(*in, '\n');
    size_t len = end < 0 ? in->len : (size_t)end + 1;
    struct fk_slice part = fk_slice_sub(*in, 0, len);
    *in = fk_slice_sub(*in, len, in->len);
    r->head_bytes += len;
    if (r->head_bytes > RESPONSE_MAX_HEAD) {
        r->state = RESPONSE_BAD;
        return false;
    }
    if (end < 0 || r->line.len)
        fk_buf_add_slice(&r->line, part);
    if (r->line.err)
        r->state = RESPONSE_BAD;
    if (end < 0 || r->line.err)
        return false;
    *line = r->line.len ? fk_buf_slice(&r->line) : part;
    line->len--;
    if (line->len && line->ptr[line->len - 1] == '\r')
        line->len--;
    r->line.len = 0; /* its bytes stay until the next addition */
    return true;
}

/* HTTP/1.x NNN reason */
static enum response_state read_status(struct response *r, struct fk_slice line)
{
    int status = 0;
    if (line.len < 12 || memcmp(line.ptr, "HTTP/1.", 7) != 0 ||
        (line.ptr[7] != '0' && line.ptr[7] != '1') || line.ptr[8] != ' ' ||
        (line.len > 12 && line.ptr[12] != ' '))
        return RESPONSE_BAD;
    for (int i = 9; i < 12; i++) {
        if (line.ptr[i] < '0' || line.ptr[i] > '9')
            return RESPONSE_BAD;
        status = status * 10 + (line.ptr[i] - '0');
    }
    r->status = status;
    r->keep_alive = line.ptr[7] == '1';
    /* 101 speaks another language from here on, which nobody asked for. */
    return status < 100 || status == 101 ? RESPONSE_BAD : RESPONSE_HEADER;
}

static bool is_word(struct fk_slice s, struct fk_slice word)
{
    return s.len == word.len && strncasecmp(s.ptr, word.ptr, s.len) == 0;
}

static bool read_length(struct response *r, struct fk_slice value)
{
    uint64_t length;
    if (!fk_slice_u64(value, &length) || (r->has_length && r->left != length))
        return false;
    r->has_length = true;
    r->left = length;
    return true;
}

static bool read_encoding(struct response *r, struct fk_slice value)
{
    bool known = !r->chunked && is_word(value, FK_SLICE("chunked"));
    r->chunked = true;
    return known;
}

static bool read_connection(struct response *r, struct fk_slice value)
{
    struct fk_slice word;
    while (fk_slice_split(&value, ',', &word)) {
        if (is_word(fk_slice_trim(word), FK_SLICE("close")))
            r->keep_alive = false;
        else if (is_word(fk_slice_trim(word), FK_SLICE("keep-alive")))
            r->keep_alive = true;
    }
    return true;
}

static const struct {
    struct fk_slice name;
    bool (*read)(struct response *r, struct fk_slice value);
} headers[] = {
    {{"Content-Length", 14}, read_length},
    {{"Transfer-Encoding", 17}, read_encoding},
    {{"Connection", 10}, read_connection},
};

/* Where the body of this head ends. */
static enum response_state body_of(struct response *r)
{
    if (r->status < 200) { /* on the way: the answer itself is to come */
        r->has_length = r->chunked = false;
        return RESPONSE_STATUS;
    }
    if (r->chunked && r->has_length)
        r->keep_alive = false; /* RFC 9112 6.1: perhaps smuggled */
    if (r->status == 204 || r->status == 304)
        return RESPONSE_DONE;
    if (r->chunked)
        return RESPONSE_CHUNK_SIZE;
    if (r->has_length)
        return r->left ? RESPONSE_SIZED : RESPONSE_DONE;
    r->keep_alive = false;
    return RESPONSE_UNTIL_CLOSE;
}

static enum response_state read_header(struct response *r, struct fk_slice line)
{
    if (!line.len)
        return body_of(r);
    ptrdiff_t colon = fk_slice_find(line, ':');
    if (colon < 1 || line.ptr[0] == ' ' || line.ptr[0] == '\t' ||
        line.ptr[colon - 1] == ' ' || line.ptr[colon - 1] == '\t')
        return RESPONSE_BAD;
    struct fk_slice name = fk_slice_sub(line, 0, (size_t)colon);
    struct fk_slice value =
        fk_slice_trim(fk_slice_sub(line, (size_t)colon + 1, line.len));
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (is_word(name, headers[i].name) && !headers[i].read(r, value))
            return RESPONSE_BAD;
    return RESPONSE_HEADER;
}

static int hex_digit(char c)
{
    char lower = (char)(c | 0x20);
    if (c >= '0' && c <= '9')
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* SIZE in hex, perhaps with ";extensions". */
static enum response_state read_chunk_size(
    struct response *r, struct fk_slice line)
{
    struct fk_slice size;
    fk_slice_split(&line, ';', &size);
    size = fk_slice_trim(size);
    r->left = 0;
    if (!size.len || size.len > MAX_CHUNK_DIGITS)
        return RESPONSE_BAD;
    for (size_t i = 0; i < size.len; i++) {
        int digit = hex_digit(size.ptr[i]);
        if (digit < 0)
            return RESPONSE_BAD;
        r->left = r->left << 4 | (uint64_t)digit;
    }
    return r->left ? RESPONSE_CHUNK : RESPONSE_TRAILER;
}

static enum response_state read_chunk_end(
    struct response *r, struct fk_slice line)
{
    /* Sizes are bounded one by one, not for ever. */
    r->head_bytes = 0;
    return line.len ? RESPONSE_BAD : RESPONSE_CHUNK_SIZE;
}

static enum response_state read_trailer(
    struct response *r, struct fk_slice line)
{
    (void)r;
    return line.len ? RESPONSE_TRAILER : RESPONSE_DONE;
}

/* ---- the whole --------------------------------------------------------------
 */

static enum response_state (*const line_readers[RESPONSE_NUM_STATES])(
    struct response *r, struct fk_slice line) = {
    [RESPONSE_STATUS] = read_status,
    [RESPONSE_HEADER] = read_header,
    [RESPONSE_CHUNK_SIZE] = read_chunk_size,
    [RESPONSE_CHUNK_END] = read_chunk_end,
    [RESPONSE_TRAILER] = read_trailer,
};

static void take_body(
    struct response *r, struct fk_slice *in, struct fk_buf *kept)
{
    bool counted = r->state != RESPONSE_UNTIL_CLOSE;
    size_t n = counted && r->left < in->len ? (size_t)r->left : in->len;
    size_t room = kept->limit - kept->len;
    fk_buf_add(kept, in->ptr, n < room ? n : room);
    *in = fk_slice_sub(*in, n, in->len);
    r->bytes += n;
    r->left -= counted ? n : 0;
    if (counted && !r->left)
        r->state =
            r->state == RESPONSE_CHUNK ? RESPONSE_CHUNK_END : RESPONSE_DONE;
}

enum response_state response_feed(
    struct response *r, struct fk_slice *in, struct fk_buf *kept)
{
    struct fk_slice line;
    r->started |= in->len > 0;
    while (in->len && r->state != RESPONSE_DONE && r->state != RESPONSE_BAD) {
        if (!line_readers[r->state])
            take_body(r, in, kept);
        else if (take_line(r, in, &line))
            r->state = line_readers[r->state](r, line);
    }
    return r->state;
}

enum response_state response_close(struct response *r)
{
    r->state = r->state == RESPONSE_UNTIL_CLOSE ? RESPONSE_DONE : RESPONSE_BAD;
    return r->state;
}

bool response_check_head(struct response *r, struct fk_slice line)
{
    struct fk_buf none;
    bool other = r->state == RESPONSE_STATUS &&
                 fk_slice_starts(line, FK_SLICE("HTTP/")) && line.len > 5 &&
                 line.ptr[5] != '1';
    if (other)
        r->state = RESPONSE_DONE;
    fk_buf_init(&none, 0);
    if (r->state == RESPONSE_STATUS || r->state == RESPONSE_HEADER)
        response_feed(r, &line, &none);
    return r->state != RESPONSE_BAD;
}

bool response_head_broken(const struct response *r)
{
    return r->started &&
           (r->state == RESPONSE_STATUS || r->state == RESPONSE_HEADER);
}
