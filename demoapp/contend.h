/*
 * The same 10 ms of waiting inside a lock, twice: under a mutex, where others
 * wait asleep, and under a spin lock, where they burn CPU. `shards` locks
 * side by side are what repairs it. Thread-safe.
 */
#ifndef FK_DEMOAPP_CONTEND_H
#define FK_DEMOAPP_CONTEND_H

enum { CONTEND_HELD_MS = 10, CONTEND_SHARDS_MAX = 16 };

/* 1 <= shards <= CONTEND_SHARDS_MAX; 1 = one lock for all. */
void hold_mutex(unsigned shards);
void hold_spin(unsigned shards);

#endif
