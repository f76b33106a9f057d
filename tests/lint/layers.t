#!/bin/sh
# The dependency graph of docs/architecture.md, and one home for each foreign
# header: tests/lint/layers.txt.
. tests/tap.sh
need awk

layers() {
    git ls-files '*.c' '*.h' |
        xargs awk -f tests/lint/layers.awk tests/lint/layers.txt
}
ok "every include is allowed" layers

# The check itself: each of these lines must be refused.
mkdir "$TMP/server" "$TMP/demoapp" "$TMP/agent"
echo '#include "cli/client.h"' >"$TMP/server/a.c"
echo '#include "tests/tap.h"' >"$TMP/server/b.c"
echo '#include "queue.h"' >"$TMP/server/c.c"
echo '#include <sqlite3.h>' >"$TMP/server/d.c"
echo '#include "agent/queue.h"' >"$TMP/demoapp/e.c"
echo '#include "agent/flamekit.h"' >"$TMP/demoapp/good.c"
rules=$PWD/tests/lint
refused() { # FILE: inside $TMP, so that paths look like those of the kit
    (cd "$TMP" && ! awk -f "$rules/layers.awk" "$rules/layers.txt" "$1")
}
for bad in server/a.c server/b.c server/c.c server/d.c demoapp/e.c; do
    ok "refused: $(cat "$TMP/$bad")" refused "$bad"
done
refused demoapp/good.c >/dev/null
is "allowed: $(cat "$TMP/demoapp/good.c")" $? 1
tap_done
