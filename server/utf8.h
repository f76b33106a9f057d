/* One character of UTF-8 at a time, forgiving: a byte that begins no
 * well-formed sequence is a character of its own, U+FFFD. */
#ifndef SERVER_UTF8_H
#define SERVER_UTF8_H

#include "common/buf.h"

#define UTF8_BAD 0xFFFDu

/* The character at s[*at], *at < s.len; moves *at behind it. */
uint32_t utf8_next(struct fk_slice s, size_t *at);
void utf8_add(struct fk_buf *out, uint32_t c);

#endif
