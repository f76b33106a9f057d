# awk -f banned.awk banned.txt FILE...: calls of banned functions outside
# comments and strings, as file:line: name: what to use.
FILENAME == ARGV[1] {
    if (/^#/ || !NF)
        next
    split($0, half, "|")
    name = half[1]
    gsub(/[ \t]/, "", name)
    sub(/^ */, "", half[2])
    instead[name] = half[2]
    next
}

FNR == 1 { comment = 0 }

{
    line = $0
    gsub(/\\./, "", line)
    gsub(/"[^"]*"/, "\"\"", line)
    gsub(/\/\*[^*]*\*+([^*\/][^*]*\*+)*\//, " ", line)
    if (comment) {
        if (!sub(/^.*\*\//, "", line))
            next
        comment = 0
    }
    if (sub(/\/\*.*/, "", line))
        comment = 1
    sub(/\/\/.*/, "", line)
    while (match(line, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
        before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
        name = substr(line, RSTART, RLENGTH - 1)
        gsub(/[ \t]/, "", name)
        if (name in instead && before !~ /[.>]/) {
            printf "%s:%d: %s: use %s\n", FILENAME, FNR, name, instead[name]
            bad = 1
        }
        line = substr(line, RSTART + RLENGTH)
    }
}

END { exit bad }
