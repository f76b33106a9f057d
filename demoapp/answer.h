/*
 * The JSON of an answer: one object that begins with the endpoint's path and
 * ends with a seal that costs CPU, as making pages does in real services.
 */
#ifndef FK_DEMOAPP_ANSWER_H
#define FK_DEMOAPP_ANSWER_H

#include "common/json.h"
#include "demoapp/call.h"

void answer_open(struct call *c, struct fk_json *j);
void answer_text(struct fk_json *j, const char *key, const char *value);
void answer_int(struct fk_json *j, const char *key, int64_t value);
void answer_hex(struct fk_json *j, const char *key, uint64_t value);

/* What every page of the service pays: about 0.4 ms to seal the JSON at
 * hand. Adds the member "seal" and closes the object. */
void render_json(struct fk_json *j);

#endif
