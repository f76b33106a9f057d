/*
 * The reading and writing under agent/rust.c: a name that is read forward and
 * its text, both with limits; after the first mistake everything is `bad` and
 * nothing happens any more. Included by agent/rust.c and nowhere else.
 */
#ifndef FK_AGENT_RUST_TEXT_H
#define FK_AGENT_RUST_TEXT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    DEPTH_MAX = 96,
    STEPS_MAX = 8192, /* back references could otherwise double and double */
    BOUND_MAX = 256,  /* lifetimes of one binder */
};

struct name {
    const char *at, *start, *end; /* behind "_R" */
    char *out;
    size_t len, room;
    unsigned depth, steps;
    uint64_t bound; /* lifetimes that binders around here have named */
    bool silent;    /* read, write nothing */
    bool bad;
};

static inline void put(struct name *n, const char *text, size_t len)
{
    if (n->silent || n->bad)
        return;
    if (len >= n->room - n->len) {
        n->bad = true;
        return;
    }
    memcpy(n->out + n->len, text, len);
    n->len += len;
    n->out[n->len] = '\0';
}

static inline void puts_(struct name *n, const char *text)
{
    put(n, text, strlen(text));
}

static inline void put_number(struct name *n, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    puts_(n, text);
}

static inline char peek(const struct name *n)
{
    return n->at < n->end && !n->bad ? *n->at : '\0';
}

static inline char take(struct name *n)
{
    char c = peek(n);
    if (c)
        n->at++;
    else
        n->bad = true;
    return c;
}

static inline bool take_if(struct name *n, char wanted)
{
    bool is = peek(n) == wanted;
    n->at += is;
    return is;
}

static inline bool enter(struct name *n)
{
    if (++n->depth > DEPTH_MAX || ++n->steps > STEPS_MAX)
        n->bad = true;
    return !n->bad;
}

static inline void leave(struct name *n)
{
    n->depth--;
}

static inline int digit62(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 36 : -1;
}

/* "_" is 0, "0_" is 1, "1_" is 2. */
static inline uint64_t read_62(struct name *n)
{
    uint64_t value = 0;
    if (take_if(n, '_'))
        return 0;
    while (!take_if(n, '_')) {
        int digit = digit62(take(n));
        if (n->bad || digit < 0 || value > (UINT64_MAX - 64) / 62) {
            n->bad = true;
            return 0;
        }
        value = value * 62 + (uint64_t)digit;
    }
    return value + 1;
}

/* With this letter in front, or 0 for none. */
static inline uint64_t read_optional_62(struct name *n, char letter)
{
    return take_if(n, letter) ? read_62(n) + 1 : 0;
}

static inline uint64_t read_decimal(struct name *n)
{
    uint64_t value = 0;
    if (take_if(n, '0'))
        return 0;
    if (peek(n) < '1' || peek(n) > '9')
        n->bad = true;
    while (peek(n) >= '0' && peek(n) <= '9' && value < 1 << 20)
        value = value * 10 + (uint64_t)(take(n) - '0');
    return value;
}

#endif
