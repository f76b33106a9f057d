# objdump -d LIB | awk -v root=NAME -f reach.awk: every function outside the
# library that NAME may call, directly or through others, one a line with the
# path by which it is reached. A pointer to a function that is only taken
# counts as a call. Calls through pointers are printed as `*` in their caller.
function note(from, to)
{
    edges[from] = edges[from] " " to
}

/^[0-9a-f]+ <.*>:$/ {
    at = $1
    sub(/^0+/, "", at)
    name[at] = substr($2, 2, length($2) - 3)
    outside[at] = name[at] ~ /@plt$/ || name[at] ~ /^(_init|\.plt)/
    if (name[at] == root)
        start = at
    next
}

/(call|bl?r)[a-z]*[ \t]+\*?(%r|QWORD|x[0-9])/ || /call[ \t]+\*/ { note(at, "*") }

{
    # Targets look like `1a2b <name>` or `<name+0x8>`: only starts count.
    line = $0
    while (match(line, /[0-9a-f]+ <[^>+]*>/)) {
        split(substr(line, RSTART, RLENGTH), target, " ")
        if (target[1] != at)
            note(at, target[1])
        line = substr(line, RSTART + RLENGTH)
    }
}

END {
    if (start == "") {
        print "no function " root
        exit 1
    }
    queue[last = 1] = start
    path[start] = root
    for (next_one = 1; next_one <= last; next_one++) {
        from = queue[next_one]
        n = split(edges[from], to, " ")
        for (i = 1; i <= n; i++) {
            if (to[i] == "*") {
                print "* " path[from]
            } else if (to[i] in name && !(to[i] in path)) {
                path[to[i]] = path[from] " > " name[to[i]]
                if (outside[to[i]]) {
                    sub(/@.*/, "", name[to[i]])
                    print name[to[i]], path[to[i]]
                } else {
                    queue[++last] = to[i]
                }
            }
        }
    }
}
