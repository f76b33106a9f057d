/*
 * Tells the service manager how the server is (sd_notify's protocol): one
 * datagram to the socket that $NOTIFY_SOCKET names. Without it, nothing.
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

/* Such as "READY=1" or "STOPPING=1"; lines separated by newlines. */
void notify_send(const char *state);

#endif
