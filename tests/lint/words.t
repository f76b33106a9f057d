#!/bin/sh
# Words that no tracked file may hold: notes to self without an issue, paths
# of one machine, addresses of package mirrors, secrets.
. tests/tap.sh

# The patterns are split, so that this file does not match itself.
find_words() { # PATTERN [PATHSPEC]
    ! git grep -nIE "$1" -- "${2:-.}" ':!tests/fuzz/corpus'
}
ok "no note to self without an issue" \
    find_words '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b(\([^#]|[^(])'
ok "no path of one machine" \
    find_words '(^|[^a-zA-Z0-9_.$}])/(wo''rk/|ho''me/[a-z]|Us''ers/)'
ok "no package mirror" \
    find_words '(local''host|127\.0\.0\.1):48''73|regis''try\.[a-z.-]+(:[0-9]+)?/' \
    ':!*.md'
ok "no secret" \
    find_words 'BEGIN [A-Z ]*PRIV''ATE KEY|AKI''A[0-9A-Z]{16}'
ok "no block of dead code" find_words '^#if ''0'
ok "no text with carriage returns" find_words "$(printf '\r')\$"

default_in_switch() { # `default:` hides the enum value that was forgotten
    git ls-files 'common/*.c' 'agent/*.c' 'server/*.c' 'cli/*.c' 'loadgen/*.c' \
        'demoapp/*.c' | xargs awk -f tests/lint/default.awk
}
ok "no default: in a switch over an enum" default_in_switch
tap_done
