#!/bin/sh
# Functions of at most 80 lines and complexity 15, files of at most 500 lines
# (tests, which are tables, of 1,000), headers of 150; what is larger stands in
# exceptions.txt with its reason. What is printed for a class fits on a page.
. tests/tap.sh
need pmccabe

git ls-files '*.c' '*.h' >"$TMP/files"
grep -v '^#' tests/lint/exceptions.txt | sed 's/ *|.*//' >"$TMP/excepted"
# pmccabe prints complexity, traditional complexity, statements, first line,
# lines, file(line): name.
xargs pmccabe <"$TMP/files" 2>/dev/null |
    awk -F '\t' '{ split($6, at, "("); name = $6; sub(/.*: /, "", name)
        print $1, $5, at[1] ":" name }' >"$TMP/functions"

echo "# longest functions:"
sort -k2,2 -rn "$TMP/functions" | head -n 5 |
    awk '{ printf "#   %3d lines %s\n", $2, $3 }'
echo "# most complex functions:"
sort -rn "$TMP/functions" | head -n 5 |
    awk '{ printf "#   %3d paths %s\n", $1, $3 }'

# Lines `SIZE NAME` on standard input that are no exceptions.
not_excepted() {
    awk -v list="$TMP/excepted" 'BEGIN { while ((getline n < list) > 0) known[n] }
        !($2 in known) { print; bad = 1 } END { exit bad }'
}
lengths() { awk '$2 > 80 { print $2, $3 }' "$TMP/functions" | not_excepted; }
paths() { awk '$1 > 15 { print $1, $3 }' "$TMP/functions" | not_excepted; }
files() {
    xargs wc -l <"$TMP/files" | awk '$2 != "total" &&
        $1 > ($2 ~ /\.h$/ ? 150 : $2 ~ /^tests/ ? 1000 : 500) { print $1, $2 }' | not_excepted
}
ok "no function is longer than 80 lines" lengths
ok "no function is more complex than 15" paths
ok "no file is longer than 500 lines, no header than 150" files

# As text, at ten characters an inch.
sheets() {
    wc -lL exercises/CHEATSHEET.md exercises/GLOSSARY.md |
        awk '$3 != "total" && ($1 > 60 || $2 > 80) { print; bad = 1 } END { exit bad }'
}
ok "cheat sheet and glossary print on one A4 page each" sheets

reasons() {
    grep -v -e '^#' -e '^$' tests/lint/exceptions.txt |
        awk -F '|' 'NF != 2 || length($2) < 10 { print; bad = 1 } END { exit bad }'
}
ok "every exception has its reason" reasons
tap_done
