/*
 * An array that is doubled when it is full: its owner keeps the pointer, how
 * many elements it has and for how many there is room.
 */
#ifndef FK_COMMON_ARRAY_H
#define FK_COMMON_ARRAY_H

#include <stddef.h>

/* The array with room for one more element of this size, perhaps elsewhere.
 * NULL: no memory; then the old one and *cap are as they were. Begins with
 * NULL, 0 and 0; free() frees it. */
void *fk_array_more(void *array, size_t count, size_t *cap, size_t size);

#endif
