#include "server/upload.h"

enum fk_err upload_jfr(struct upload *u)
{
    return fk_diag_set(
        &u->diag, FK_ERR_FORMAT, "this server does not read jfr yet");
}
