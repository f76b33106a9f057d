/* Environment texts of the agent: whatever is accepted is within the limits
 * and free of line breaks; whatever is refused leaves nothing behind. */
#include "agent/env_text.h"
#include "agent/labels.h"
#include "common/check.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_headers(const char *text)
{
    struct fk_env_text t;
    memset(&t, 0, sizeof(t));
    if (!fk_env_headers(text, &t))
        FK_ASSERT(t.used == 0 && t.headers[0] == NULL);
    size_t n = 0;
    for (; t.headers[n] != NULL; n++)
        FK_ASSERT(strpbrk(t.headers[n], "\r\n") == NULL &&
                  strstr(t.headers[n], ": ") != NULL);
    FK_ASSERT(n <= FK_HEADERS_MAX && t.used <= sizeof(t.bytes));
}

static void check_labels(const char *text)
{
    struct fk_env_text t;
    memset(&t, 0, sizeof(t));
    if (!fk_env_labels(text, &t))
        FK_ASSERT(t.used == 0 && t.num_tags == 0);
    for (size_t i = 0; i < t.num_tags; i++)
        FK_ASSERT(fk_labels_key_ok(t.tags[i].key) &&
                  fk_labels_value_ok(t.tags[i].value));
    FK_ASSERT(t.num_tags <= FK_STATIC_TAGS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    uint64_t bytes;
    bool on;
    check_headers(text);
    check_labels(text);
    fk_env_size(text, &bytes);
    fk_env_bool(text, &on);
    free(text);
    return 0;
}
