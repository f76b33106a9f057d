# Adds up the logs of run_one.sh: one line, and exit 1 when anything failed.
# A file that ends badly without a failed test of its own, or whose plan does
# not hold, counts as one failure.
function close_file()
{
    if (file == "")
        return
    if (bad == 0 && (status != 0 || planned != seen)) {
        failed++
        printf "%s: exit %s, %d of %d tests ran\n", file, status, seen, planned
    }
    failed += bad
}

/^#! file / {
    close_file()
    file = $3
    seen = bad = status = 0
    planned = -1
}
/^#! exit / { status = $3 }
/^1\.\.[0-9]+/ {
    planned = substr($1, 4) + 0
    if (planned == 0)
        skipped++
}
/^not ok/ { seen++; bad++ }
/^ok/ {
    seen++
    if (/# *[Ss][Kk][Ii][Pp]/)
        skipped++
    else
        passed++
}
END {
    close_file()
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0
}
