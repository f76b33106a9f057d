#!/bin/sh
# A manual page from what a program says of itself: man.sh PROGRAM >PAGE
# `--help` is a line "usage: ...", a sentence or two, and rows of an option or
# a word, blanks, and what it means; a long option has a line of its own.
set -eu

program=$1
name=$(basename "$program")
"$program" --help | awk -v name="$name" -v version="$("$program" --version)" '
function plain(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    sub(/^[.'"'"']/, "\\\\\\&&", s)
    return s
}
BEGIN {
    printf ".TH %s 1 \"\" \"%s\" \"Flamekit\"\n", toupper(name), version
    print ".SH NAME"
}
NR == 1 {
    usage = $0
    sub(/^usage: */, "", usage)
    next
}
!begun && /^       / {
    sub(/^ */, "")
    usage = usage "\n.br\n" $0
    next
}
!begun && /^[A-Za-z]/ { what = what (what == "" ? "" : " ") $0; next }
!begun && /^ / {
    begun = 1
    short = what == "" ? "a continuous-profiling workshop" : what
    sub(/[.:;].*/, "", short)
    print plain(name) " \\- " plain(short)
    print ".SH SYNOPSIS\n" plain(usage)
    print ".SH DESCRIPTION\n" plain(what)
}
# A row: at most six blanks, the term, two blanks or more, the meaning.
match($0, /^ ? ? ? ? ? ?[^ ]([^ ]| [^ ])*/) && begun {
    term = substr($0, 1, RLENGTH)
    meaning = substr($0, RLENGTH + 1)
    sub(/^ */, "", term)
    sub(/^ */, "", meaning)
    print ".TP\n\\fB" plain(term) "\\fR"
    if (meaning != "")
        print plain(meaning)
    next
}
begun && /^ / { sub(/^ */, ""); print plain($0); next }
/^$/ { next }
{ print ".PP\n" plain($0) }
END {
    print ".SH SEE ALSO"
    print "flamekit(1), flamekit\\-server(1), loadgen(1), demoapp(1)"
}'
