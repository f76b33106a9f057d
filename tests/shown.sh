# shellcheck shell=sh
# What a document shows is what happens: `. tests/shown.sh` after tests/tap.sh.
# A ```sh block is a command, a ```text block below it what it prints; there
# {x} stands for anything in a line, a line of three dots for any lines.
#
#   blocks FILE              writes $TMP/block.NNN.sh, and .text when shown
#   matches EXPECTED GOT     files; says what is missing
#   here FILE                with the ports that this kit got

blocks() {
    rm -f "$TMP"/block.*
    awk -v dir="$TMP" '
        /^```/ { if (kind) { kind = ""; next }
                 kind = substr($0, 4)
                 if (kind == "sh") n++
                 if (kind == "sh" || kind == "text")
                     file = sprintf("%s/block.%03d.%s", dir, n, kind)
                 next }
        kind == "sh" || kind == "text" { print > file }' "$1"
}

# matches EXPECTED GOT
matches() {
    awk -v expected="$1" '
        function pattern(s,   out, c, i) {
            out = ""
            while (match(s, /\{[^}]*\}/)) {
                out = out quote(substr(s, 1, RSTART - 1)) ".*"
                s = substr(s, RSTART + RLENGTH)
            }
            return "^" out quote(s) "$"
        }
        function quote(s) { gsub(/[][().*+?^$|\\]/, "\\\\&", s); return s }
        BEGIN { while ((getline line < expected) > 0) want[n++] = line }
        { got[m++] = $0 }
        END {
            j = 0
            for (i = 0; i < n; i++) {
                if (want[i] == "...") { free = 1; continue }
                while (j < m && got[j] !~ pattern(want[i]) && free) j++
                if (j >= m || got[j] !~ pattern(want[i])) {
                    print "missing: " want[i]
                    exit 1
                }
                j++; free = 0
            }
        }' "$2"
}

here() { # the ports that this kit got
    sed -e "s,http://localhost:5000,$FLAMEKIT_APP,g" \
        -e "s,localhost:5000,${FLAMEKIT_APP#http://},g" \
        -e "s,http://localhost:4040,$FLAMEKIT_SERVER,g" "$1"
}
