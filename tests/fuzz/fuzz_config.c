/* The configuration file: whatever it says, values are strings that end or
 * numbers within their limits. */
#include "common/check.h"
#include "server/server.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct server_options o;
    struct fk_opt table[OPTIONS_MAX_ROWS];
    struct fk_diag diag = {""};
    struct fk_buf shown;
    char *text = calloc(1, size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    options_init(&o);
    options_table(&o, table);
    enum fk_err err = fk_opt_read(table, text, "file", &diag);
    FK_ASSERT(!err || diag.text[0]);
    FK_ASSERT(o.live.limits.label_names >= 1);
    fk_buf_init(&shown, 1 << 20);
    options_print(&o, &shown);
    fk_buf_fini(&shown);
    free(text);
    return 0;
}
