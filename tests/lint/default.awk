# `default:` in a switch whose first case is an enum constant of ours (upper
# case, beginning FK_): the compiler then no longer names a forgotten one.
/switch \(/ { first = ""; switch_line = FNR }
/^[ \t]*case / && first == "" { first = $2 }
/^[ \t]*default:/ && first ~ /^FK_(ERR|OK|PB|OPT|LOG|RULE|THREAD)/ {
    printf "%s:%d: default: in a switch over %s...\n", FILENAME, FNR, first
    bad = 1
}
END { exit bad }
