#include "common/array.h"
#include "tests/tap.h"

#include <stdlib.h>

TEST(an_array_grows_and_keeps_what_it_has)
{
    int *array = NULL, moves = 0;
    size_t cap = 0;
    for (size_t count = 0; count < 5000; count++) {
        size_t before = cap;
        int *more = fk_array_more(array, count, &cap, sizeof *more);
        CHECK(more && cap > count);
        moves += cap != before;
        array = more;
        array[count] = (int)count;
    }
    for (int i = 0; i < 5000; i++)
        CHECK_INT(array[i], i);
    CHECK(moves <= 11); /* doubling, not one by one */
    free(array);
}

TEST(room_that_is_there_is_used)
{
    size_t cap = 0;
    char *array = fk_array_more(NULL, 0, &cap, 1);
    CHECK(array && cap > 1);
    size_t had = cap;
    for (size_t count = 1; count < had; count++)
        CHECK(fk_array_more(array, count, &cap, 1) == array && cap == had);
    free(array);
}

TAP_MAIN
