#include "server/tar.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK = 512, MAX_NAME = 100, OCTAL_DIGITS = 11, COPY_BYTES = 1 << 16 };

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8],
        type, link[100], magic[8], user[32], group[32], rest[183];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static void fail(struct tar *t, const char *what)
{
    if (!t->err)
        t->err = fk_diag_set(
            &t->why, FK_ERR_IO, "cannot copy %s: %s", what, strerror(errno));
}

static void put(struct tar *t, const void *bytes, size_t n, const char *name)
{
    if (!t->err && fwrite(bytes, 1, n, t->out) != n)
        fail(t, name);
}

static void pad(struct tar *t, uint64_t size, const char *name)
{
    static const char zeros[BLOCK];
    if (size % BLOCK)
        put(t, zeros, BLOCK - size % BLOCK, name);
}

/* Eleven octal digits hold 8 GiB; beyond, GNU's bytes behind a set bit. */
static void put_size(char field[12], uint64_t size)
{
    char text[24];
    if (size >> 3 * OCTAL_DIGITS == 0) {
        snprintf(text, sizeof text, "%011llo", (unsigned long long)size);
        memcpy(field, text, OCTAL_DIGITS + 1);
        return;
    }
    for (int i = 11; i >= 0; i--, size >>= 8)
        field[i] = (char)(size & 255);
    field[0] = (char)0x80;
}

static void put_header(
    struct tar *t, const char *name, char type, uint64_t size, int64_t mtime)
{
    struct header h = {.mode = "0000600",
        .uid = "0000000",
        .gid = "0000000",
        .type = type,
        .magic = "ustar  "};
    unsigned sum = 0;
    char text[24];
    memcpy(h.name, name, strnlen(name, MAX_NAME));
    if (type == '5')
        memcpy(h.mode, "0000700", sizeof h.mode);
    put_size(h.size, size);
    put_size(h.mtime, mtime > 0 ? (uint64_t)mtime : 0);
    memset(h.checksum, ' ', sizeof h.checksum);
    for (size_t i = 0; i < sizeof h; i++)
        sum += ((const unsigned char *)&h)[i];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(h.checksum, text, 7);
    put(t, &h, sizeof h, name);
}

static void put_entry(
    struct tar *t, const char *name, char type, uint64_t size, int64_t mtime)
{
    size_t n = strlen(name);
    if (n > MAX_NAME) {
        put_header(t, "././@LongLink", 'L', n + 1, 0);
        put(t, name, n + 1, name);
        pad(t, n + 1, name);
    }
    put_header(t, name, type, size, mtime);
}

void tar_add_folder(struct tar *t, const char *name)
{
    put_entry(t, name, '5', 0, 0);
}

static void copy(struct tar *t, FILE *in, uint64_t size, const char *path)
{
    char bytes[COPY_BYTES];
    for (uint64_t left = size; left && !t->err;) {
        size_t want = left < sizeof bytes ? (size_t)left : sizeof bytes;
        if (fread(bytes, 1, want, in) != want) {
            fail(t, path);
            return;
        }
        put(t, bytes, want, path);
        left -= want;
    }
    pad(t, size, path);
}

void tar_add_file(struct tar *t, const char *name, const char *path)
{
    struct stat st;
    FILE *in = t->err ? NULL : fopen(path, "re");
    if (!in || fstat(fileno(in), &st)) {
        fail(t, path);
    } else {
        put_entry(t, name, '0', (uint64_t)st.st_size, st.st_mtime);
        copy(t, in, (uint64_t)st.st_size, path);
    }
    if (in)
        fclose(in);
}

void tar_finish(struct tar *t)
{
    static const char end[2 * BLOCK];
    put(t, end, sizeof end, "the end");
}
