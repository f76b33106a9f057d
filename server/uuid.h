/* Random ids: version 4 of RFC 9562. */
#ifndef SERVER_UUID_H
#define SERVER_UUID_H

#include <stdint.h>

void uuid_make(uint8_t id[16]);
/* 36 characters and a NUL. */
void uuid_print(const uint8_t id[16], char text[37]);

#endif
