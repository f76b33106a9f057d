#include "server/tokens.h"

#include "common/buf.h"
#include "server/hex.h"
#include "server/tenant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELDS = 4, MAX_NAME = 63 };

static enum fk_err mistake(
    struct fk_diag *diag, unsigned line, const char *what)
{
    return fk_diag_set(diag, FK_ERR_FORMAT,
        "line %u: %s; a line is NAME RIGHTS TENANT HASH, such as: lab "
        "read,write * and the token's SHA-256 in hex",
        line, what);
}

static bool read_rights(struct fk_slice words, unsigned *out)
{
    static const struct {
        const char *word;
        unsigned rights;
    } known[] = {{"read", RIGHT_READ}, {"write", RIGHT_WRITE},
        {"admin", RIGHT_READ | RIGHT_WRITE | RIGHT_ADMIN}};
    struct fk_slice word;
    *out = 0;
    while (fk_slice_split(&words, ',', &word)) {
        unsigned before = *out;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (fk_slice_eqz(word, known[i].word))
                *out |= known[i].rights;
        if (*out == before)
            return false;
    }
    return *out != 0;
}

/* The words of a line, up to one too many. */
static size_t split_line(struct fk_slice line, struct fk_slice out[FIELDS + 1])
{
    struct fk_slice word;
    size_t n = 0;
    for (size_t i = 0; i < line.len && line.ptr[i] != '#';) {
        size_t end = i;
        while (end < line.len && !strchr(" \t\r", line.ptr[end]))
            end++;
        word = fk_slice_sub(line, i, end);
        if (word.len && n <= FIELDS)
            out[n++] = word;
        i = end + 1;
    }
    return n;
}

static enum fk_err read_line(struct token *t, const struct fk_slice *word,
    unsigned line, struct fk_diag *diag)
{
    bool any = fk_slice_eqz(word[2], "*");
    *t = (struct token){.rights = 0};
    if (word[0].len > MAX_NAME || memchr(word[0].ptr, '\0', word[0].len))
        return mistake(diag, line, "the name is longer than 63 bytes");
    if (!read_rights(word[1], &t->rights))
        return mistake(
            diag, line, "the rights must be read, write, read,write or admin");
    if (!any && !tenant_name_ok(word[2]))
        return mistake(diag, line, "the tenant must be a tenant's name, or *");
    if (!hex_read(word[3], t->hash, sizeof t->hash))
        return mistake(diag, line, "the hash must be 64 digits of 0-9 and a-f");
    memcpy(t->name, word[0].ptr, word[0].len);
    if (!any)
        memcpy(t->tenant, word[2].ptr, word[2].len);
    return FK_OK;
}

static enum fk_err add(struct tokens *t, struct fk_slice line, unsigned number,
    struct fk_diag *diag)
{
    struct fk_slice word[FIELDS + 1];
    size_t n = split_line(line, word);
    if (n == 0)
        return FK_OK;
    if (n != FIELDS)
        return mistake(diag, number, "it must have four words");
    if (t->count == TOKENS_MAX)
        return fk_diag_set(diag, FK_ERR_LIMIT, "line %u: more than %d tokens",
            number, TOKENS_MAX);
    return read_line(&t->token[t->count++], word, number, diag);
}

enum fk_err tokens_parse(
    struct tokens *t, struct fk_slice text, struct fk_diag *diag)
{
    struct fk_slice line;
    enum fk_err err = FK_OK;
    *t = (struct tokens){.token = calloc(TOKENS_MAX, sizeof *t->token)};
    if (!t->token)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    for (unsigned number = 1; !err && fk_slice_split(&text, '\n', &line);
         number++)
        err = add(t, line, number, diag);
    return err;
}

void tokens_fini(struct tokens *t)
{
    free(t->token);
    *t = (struct tokens){0};
}

/* Of the file that was opened, not of the name. */
static enum fk_err check_mode(int fd, const char *path, struct fk_diag *diag)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return fk_diag_set(
            diag, FK_ERR_ARG, "the tokens in %s: it is no file", path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return fk_diag_set(diag, FK_ERR_ARG,
            "the tokens in %s belong to another user; make the file your own",
            path);
    if (st.st_mode & 077)
        return fk_diag_set(diag, FK_ERR_ARG,
            "the tokens in %s can be read by others (mode %03o); run: chmod "
            "600 %s",
            path, (unsigned)st.st_mode & 0777, path);
    return FK_OK;
}

static enum fk_err slurp(
    int fd, const char *path, struct fk_buf *out, struct fk_diag *diag)
{
    char chunk[4096];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        fk_buf_add(out, chunk, (size_t)n);
    if (n < 0)
        return fk_diag_set(diag, FK_ERR_IO,
            "the tokens in %s cannot be read: "
            "%s",
            path, strerror(errno));
    if (out->err)
        return fk_diag_set(diag, out->err,
            "the tokens in %s: more than %u bytes", path, TOKENS_MAX_BYTES);
    return FK_OK;
}

enum fk_err tokens_load(
    struct tokens *t, const char *path, struct fk_diag *diag)
{
    struct fk_buf text;
    struct fk_diag why = {""};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *t = (struct tokens){0};
    if (fd < 0)
        return fk_diag_set(diag, FK_ERR_ARG,
            "the tokens in %s cannot be read: %s", path, strerror(errno));
    fk_buf_init(&text, TOKENS_MAX_BYTES);
    enum fk_err err = check_mode(fd, path, diag);
    if (!err)
        err = slurp(fd, path, &text, diag);
    if (!err)
        err = tokens_parse(t, fk_buf_slice(&text), &why);
    if (why.text[0])
        fk_diag_set(diag, err, "the tokens in %s, %s", path, why.text);
    fk_buf_fini(&text);
    close(fd);
    return err;
}

const struct token *tokens_find(const struct tokens *t, struct fk_slice secret)
{
    uint8_t hash[FK_SHA256_BYTES];
    const struct token *found = NULL;
    fk_sha256(secret, hash);
    for (uint32_t i = 0; i < t->count; i++) {
        unsigned differs = 0;
        for (size_t k = 0; k < sizeof hash; k++)
            differs |= (unsigned)(hash[k] ^ t->token[i].hash[k]);
        if (!differs)
            found = &t->token[i];
    }
    return found;
}
