/* Bytes as hex digits, upper or lower case. */
#ifndef SERVER_HEX_H
#define SERVER_HEX_H

#include "common/slice.h"

int hex_digit(char c); /* -1: it is none */
/* Exactly n bytes; false: the text is something else. */
bool hex_read(struct fk_slice text, uint8_t *out, size_t n);

#endif
