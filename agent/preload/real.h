/*
 * The functions behind those that the preload library puts in front: the C
 * library's own, or those of another library that does the same. The agent
 * itself calls nothing else: its objects are linked with these names in
 * place of the ordinary ones (agent/module.mk).
 */
#ifndef FK_AGENT_PRELOAD_REAL_H
#define FK_AGENT_PRELOAD_REAL_H

#include <pthread.h>
#include <signal.h>

int fk_real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*start)(void *), void *arg);
int fk_real_pthread_mutex_lock(pthread_mutex_t *m);
int fk_real_pthread_mutex_clocklock(
    pthread_mutex_t *m, clockid_t clock, const struct timespec *t);
int fk_real_sigaction(
    int signo, const struct sigaction *action, struct sigaction *old);

#endif
