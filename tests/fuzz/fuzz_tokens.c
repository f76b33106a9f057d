/* The file of tokens: what is accepted has names and tenants that end. */
#include "common/check.h"
#include "server/tokens.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tokens t;
    struct fk_diag diag = {""};
    const struct fk_slice text = {(const char *)data, size};
    enum fk_err err = tokens_parse(&t, text, &diag);
    FK_ASSERT(!err || diag.text[0]);
    for (uint32_t i = 0; !err && i < t.count; i++) {
        const struct token *k = &t.token[i];
        FK_ASSERT(memchr(k->name, 0, sizeof k->name) && k->name[0]);
        FK_ASSERT(memchr(k->tenant, 0, sizeof k->tenant) && k->rights);
    }
    FK_ASSERT(err || !tokens_find(&t, text));
    tokens_fini(&t);
    return 0;
}
