#include "loadgen/address.h"

#include "common/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The number found for a name, or the host itself when it is one. */
static bool read_number(struct fk_slice text, uint16_t port, struct address *a)
{
    char host[64];
    if (text.len >= sizeof host)
        return false;
    memcpy(host, text.ptr, text.len);
    host[text.len] = '\0';
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, host, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons(port);
        a->len = sizeof a->v4;
        return true;
    }
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(port);
    a->len = sizeof a->v6;
    return inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1;
}

const char *address_find(
    const struct engine_target *target, struct address *out)
{
    struct fk_url url;
    if (fk_url_parse(fk_slice_of(target->base_url), &url, NULL))
        return "because it cannot read the address";
    if (url.https)
        return "because it does not speak TLS";
    struct fk_slice number =
        *target->address ? fk_slice_of(target->address) : url.host;
    return read_number(number, url.port, out)
               ? NULL
               : "because its address is not a plain number";
}

bool address_pin(const struct engine_target *target, char *out, size_t size)
{
    struct fk_url url;
    const char *address = target->address;
    bool v6 = strchr(address, ':') != NULL;
    if (!*address || fk_url_parse(fk_slice_of(target->base_url), &url, NULL) ||
        fk_slice_find(url.host, ':') >= 0)
        return false;
    snprintf(out, size, "%.*s:%u:%s%s%s", FK_SLICE_ARG(url.host),
        (unsigned)url.port, v6 ? "[" : "", address, v6 ? "]" : "");
    return true;
}
