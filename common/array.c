#include "common/array.h"

#include <stdlib.h>

enum { FIRST_CAP = 8 };

void *fk_array_more(void *array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    size_t wanted = *cap ? *cap * 2 : FIRST_CAP;
    void *more = reallocarray(array, wanted, size);
    if (more)
        *cap = wanted;
    return more;
}
