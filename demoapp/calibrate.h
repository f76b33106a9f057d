/*
 * `demoapp --calibrate`: what the teaching functions cost on this machine.
 * The exercises check shares, so what matters is the ratio between them; a
 * machine on which a ratio leaves the band of two tells another story.
 */
#ifndef FK_DEMOAPP_CALIBRATE_H
#define FK_DEMOAPP_CALIBRATE_H

#include <stdbool.h>

/* Prints a table on stdout; false when a row is outside the band. */
bool calibrate(void);

#endif
