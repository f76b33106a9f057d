#!/bin/sh
# Every pitfall that a page numbers stands in its table with what is done
# about it and with its tests, or with the reason why there is none. A row:
#     | 7 | the pitfall | what we do | `tests/unit/test_x.c: name_of_test` |
# or  | 8 | the pitfall | what we do | no test: the reason |
. tests/tap.sh

# PAGE HIGHEST-NUMBER
cat >"$TMP/pages" <<'END'
docs/storage.md 34
docs/agent.md 63
END

# NUMBER, tab, last column
rows_of() {
    awk -F ' *[|] *' '$2 ~ /^[0-9]+$/ && NF == 6 { print $2 "\t" $5 }' "$1"
}

missing() { # PAGE HIGHEST
    rows_of "$1" | cut -f1 | sort -n >"$TMP/have"
    seq "$2" | cmp -s - "$TMP/have" || seq "$2" | diff - "$TMP/have" | grep '^[<>]'
}

# A test is named in its file: TEST(name) in C, ok "name" in shell.
dangling() { # PAGE
    rows_of "$1" | while IFS="$(printf '\t')" read -r number tests; do
        case $tests in "no test: "??????????*) continue ;; esac
        found=$(echo "$tests" | grep -o '`[^`]*`' | tr -d '`')
        [ -n "$found" ] || { echo "$number has neither a test nor a reason"; continue; }
        echo "$found" | while IFS=: read -r file name; do
            [ -f "$file" ] && grep -qF -- "${name# }" "$file" ||
                echo "$number: $file has no \"${name# }\""
        done
    done
}

while read -r page highest; do
    [ -f "$page" ] || { skip "$page" "not written yet"; continue; }
    is "$page: rows 1 to $highest, once each" "$(missing "$page" "$highest")" ""
    is "$page: every row has a test that exists, or a reason" "$(dangling "$page")" ""
done <"$TMP/pages"

# The test itself: it sees what is wrong.
cat >"$TMP/page.md" <<'END'
| 1 | a | b | `tests/lint/pitfalls.t: it sees what is wrong` |
| 2 | a | b | `tests/lint/none.t: a test that is gone` |
| 4 | a | b | no test: because |
END
is "a number that is missing" "$(missing "$TMP/page.md" 4)" "< 3"
is "a test that is missing, and a reason that is none" "$(dangling "$TMP/page.md")" \
    "2: tests/lint/none.t has no \"a test that is gone\"
4 has neither a test nor a reason"
tap_done
