#include "tests/scripted.h"

#include "tests/tap.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t read_request(int fd, char *text)
{
    size_t len = 0, body = 0;
    const char *end = NULL;
    while (!end || len < (size_t)(end - text) + 4 + body) {
        ssize_t n = len + 1 < SCRIPTED_MAX_REQUEST
                        ? read(fd, text + len, SCRIPTED_MAX_REQUEST - len - 1)
                        : 0;
        if (n <= 0)
            return 0;
        len += (size_t)n;
        text[len] = '\0';
        end = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        body = length ? strtoul(length + 16, NULL, 10) : 0;
    }
    return len;
}

static bool write_answer(const struct scripted *s, int fd)
{
    size_t len = strlen(s->answer), piece = s->drip ? 1 : len;
    for (size_t at = 0; at < len; at += piece)
        if (send(fd, s->answer + at, piece, MSG_NOSIGNAL) != (ssize_t)piece)
            return false;
    return true;
}

static void serve(struct scripted *s, int fd)
{
    struct linger reset = {1, 0};
    for (unsigned served = 0; read_request(fd, s->last); served++) {
        s->requests++;
        if (s->mute_after && served == s->mute_after)
            break;
        if (s->answer && !write_answer(s, fd))
            break;
        if (s->after == RESET)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (s->after != KEEP)
            break;
    }
    close(fd);
}

static void *scripted_main(void *arg)
{
    struct scripted *s = arg;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        s->connections++;
        serve(s, fd);
    }
}

void scripted_start(struct scripted *s)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    pthread_t thread;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(s->listener, (struct sockaddr *)&a, len) == 0 &&
          listen(s->listener, 16) == 0 &&
          getsockname(s->listener, (struct sockaddr *)&a, &len) == 0);
    snprintf(s->url, sizeof s->url, "http://localhost:%u", ntohs(a.sin_port));
    CHECK(pthread_create(&thread, NULL, scripted_main, s) == 0);
    pthread_detach(thread);
}
