/*
 * Label selectors: {a="b", c!="d", e=~"re", f!~"re"}, Prometheus's grammar
 * with quoted names (spec/pyroscope-api 2.7). A metric name in front equals
 * a matcher on __name__. Regexes are fully anchored; a missing label equals
 * the empty string. Matchers are ANDed. Immutable after parsing, so many
 * threads may match with one selector.
 */
#ifndef SERVER_SELECTOR_H
#define SERVER_SELECTOR_H

#include "common/arena.h"
#include "common/err.h"
#include "common/labels.h"

enum matcher_op { MATCH_EQ, MATCH_NE, MATCH_RE, MATCH_NRE };

struct regex;

struct matcher {
    struct fk_slice name, value;
    enum matcher_op op;
    const struct regex *regex; /* compiled, for _RE and _NRE */
};

#define SELECTOR_MAX_MATCHERS 64
#define SELECTOR_MAX_BYTES    (16 * 1024)
#define SELECTOR_MAX_REGEX    1024
/* Steps of regular expressions over all that a selector is compared with: about
 * a second. */
#define SELECTOR_MAX_WORK ((uint64_t)1 << 27)

struct selector {
    struct matcher matcher[SELECTOR_MAX_MATCHERS];
    uint32_t count;
};

/* Everything lives in the arena. */
FK_MUST_USE enum fk_err selector_parse(struct fk_slice text,
    struct fk_arena *arena, struct selector *out, struct fk_diag *diag);
void selector_init(struct selector *s); /* empty: matches everything */
void selector_fini(struct selector *s);
/* Add one equality, for instance the profile type of a query. */
FK_MUST_USE enum fk_err selector_add_eq(
    struct selector *s, struct fk_slice name, struct fk_slice value);
/* *work is what is left of SELECTOR_MAX_WORK; when it gets to 0, the answer
 * means nothing. */
bool matcher_matches(
    const struct matcher *m, struct fk_slice value, uint64_t *work);
bool selector_matches(
    const struct selector *s, const struct fk_labels *l, uint64_t *work);

#endif
