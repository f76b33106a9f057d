/* Files that are written whole, and what is no file. */
#include "common/file.h"

#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[4][sizeof folder + 64];
    static unsigned turn;
    char *at = path[turn++ % 4];
    snprintf(at, sizeof path[0], "%s/%s", folder, name);
    return at;
}

static void setup(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/flamekit-test.XXXXXX",
        base && strlen(base) < 32 ? base : "/tmp");
    CHECK(mkdtemp(folder));
}

static void teardown(const char *const *names)
{
    for (; *names; names++)
        unlink(in_folder(*names));
    CHECK_INT(rmdir(folder), 0); /* nothing else was left in it */
}

static const char *content(const char *path)
{
    static char text[64];
    FILE *f = fopen(path, "re");
    CHECK(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

TEST(file_takes_the_place_of_another)
{
    struct stat before, after;
    setup();
    const char *path = in_folder("a");
    CHECK_INT(fk_file_replace(path, FK_SLICE("one"), 0600), FK_OK);
    CHECK(stat(path, &before) == 0);
    CHECK_INT(before.st_mode & 0777, 0600);
    int reader = open(path, O_RDONLY | O_CLOEXEC);
    CHECK_INT(fk_file_replace(path, FK_SLICE("the other"), 0600), FK_OK);
    CHECK_STR(content(path), "the other");
    CHECK(fstat(reader, &after) == 0 && after.st_size == 3); /* has its own */
    close(reader);
    CHECK_INT(fk_file_replace(path, FK_SLICE(""), 0600), FK_OK);
    CHECK_STR(content(path), "");
    teardown((const char *const[]){"a", NULL});
}

TEST(file_that_cannot_be_written_leaves_nothing)
{
    char name[NAME_MAX + 1], path[PATH_MAX + 64];
    setup();
    CHECK_INT(
        fk_file_replace(in_folder("no/a"), FK_SLICE("x"), 0600), FK_ERR_IO);
    CHECK_INT(errno, ENOENT);
    CHECK_INT(fk_file_replace(folder, FK_SLICE("x"), 0600), FK_ERR_IO);
    CHECK_INT(errno, EISDIR);
    memset(name, 'n', NAME_MAX); /* fits, but not with what is put behind it */
    name[NAME_MAX] = '\0';
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_INT(fk_file_replace(path, FK_SLICE("x"), 0600), FK_ERR_IO);
    CHECK_INT(errno, ENAMETOOLONG);
    memset(path, '/', PATH_MAX);
    path[PATH_MAX] = '\0';
    CHECK_INT(fk_file_replace(path, FK_SLICE("x"), 0600), FK_ERR_IO);
    teardown((const char *const[]){NULL});
}

/* Somebody else may write to the folder, and guess the name. */
TEST(file_is_not_written_through_a_link)
{
    char part[40];
    setup();
    CHECK_INT(fk_file_replace(in_folder("victim"), FK_SLICE("v"), 0600), FK_OK);
    snprintf(part, sizeof part, "a.%ld.part", (long)getpid());
    CHECK(symlink(in_folder("victim"), in_folder(part)) == 0);
    CHECK_INT(fk_file_replace(in_folder("a"), FK_SLICE("new"), 0600), FK_OK);
    CHECK_STR(content(in_folder("victim")), "v");
    CHECK_STR(content(in_folder("a")), "new");
    teardown((const char *const[]){"victim", "a", NULL});
}

/* As root, a file in the place of /dev/null would break the machine. */
TEST(file_never_replaces_what_is_none)
{
    struct stat st;
    char text[8] = "";
    setup();
    const char *pipe = in_folder("pipe"), *link = in_folder("null");
    CHECK(mkfifo(pipe, 0600) == 0 && symlink("/dev/null", link) == 0);
    CHECK_INT(fk_file_replace(pipe, FK_SLICE("x"), 0600), FK_ERR_IO);
    CHECK_INT(errno, ENXIO); /* nobody reads: that is not waited for */
    int reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK_INT(fk_file_replace(pipe, FK_SLICE("x"), 0600), FK_OK);
    CHECK_INT(read(reader, text, sizeof text), 1);
    CHECK_STR(text, "x");
    CHECK(lstat(pipe, &st) == 0 && S_ISFIFO(st.st_mode));
    close(reader);
    CHECK_INT(fk_file_replace(link, FK_SLICE("x"), 0600), FK_OK);
    CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    teardown((const char *const[]){"pipe", "null", NULL});
}

TAP_MAIN
