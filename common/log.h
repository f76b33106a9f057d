/*
 * Logging of our own programs: one line on stderr, `time level event
 * key=value ...`. Values with blanks or control characters are quoted and
 * escaped. Thread-safe (one write a line). Not for agent/, which has the
 * host's callback, and not for libraries, which return errors.
 */
#ifndef FK_COMMON_LOG_H
#define FK_COMMON_LOG_H

#include "common/err.h"

enum fk_log_level { FK_LOG_DEBUG, FK_LOG_INFO, FK_LOG_WARN, FK_LOG_ERROR };

void fk_log_set_level(enum fk_log_level level);
/* fmt after the event name is printf of `key=value` pairs. */
void fk_log(enum fk_log_level level, const char *event, const char *fmt, ...)
    FK_PRINTF(3, 4);
/* For a value in a log line: quoted when it must be; static per thread, the
 * four latest results stay valid. */
const char *fk_log_quote(const char *text);

#endif
