# awk -f layers.awk layers.txt FILE...: every #include that layers.txt does
# not allow, as file:line: text. Exit 1 when there was one.
function folder(path)
{
    return path ~ /\// ? substr(path, 1, index(path, "/") - 1) : path
}

function allowed(list, what,    part, n, i)
{
    n = split(list, part, " ")
    for (i = 1; i <= n; i++)
        if (part[i] == what || part[i] == folder(what))
            return 1
    return 0
}

function complain(why)
{
    printf "%s:%d: %s: %s\n", FILENAME, FNR, $0, why
    bad = 1
}

FILENAME == ARGV[1] {
    if (!/^#/ && NF) {
        key = $1
        $1 = ""
        rule[key] = $0
    }
    next
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    target = quoted[2]
    mine = FILENAME in rule ? rule[FILENAME] : rule[folder(FILENAME)]
    if (target !~ /\//)
        complain("write the path from the root")
    else if (folder(target) != folder(FILENAME) && !allowed(mine, target))
        complain("layers.txt does not let " folder(FILENAME) " include it")
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0
    sub(/^[^<]*/, "", header)
    sub(/>.*/, ">", header)
    if (header in rule && !allowed(rule[header], FILENAME))
        complain("only" rule[header] " may know this library")
}

END { exit bad }
