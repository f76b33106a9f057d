#!/bin/sh
# Numbers of the exercises come from truth.expect of their scenario: every
# number in the sections "See" and "Explain" of a README, and every bound of a
# check file. Words, code spans and exercise ids are no numbers.
. tests/tap.sh

truth_of() { # EXERCISE FOLDER
    id=${1#exercises/}
    ls "scenarios/${id%%.*}"-*/truth.expect
}

values() { # TRUTH: 60% -> 60%, 20/s -> 20
    sed 's/#.*//' "$1" | awk 'NF == 2 { v = $2; sub(/\/s$|ms$|s$/, "", v); print v }'
}

text_numbers() { # README
    awk '/^## /{ on = /^## (4|5) / } on && !/^## /' "$1" |
        sed -e 's/`[^`]*`//g' -e 's/0[0-9]\.[0-9]//g' -e 's/ %/%/g' |
        grep -oE '[0-9]+(\.[0-9]+)?%?' | sort -u
}

bound_numbers() { # CHECK.KIT
    sed -n 's/^[EW]  *//p' "$1" | grep -v -e '^marked' -e '^viewed' | sed -e 's/#.*//' -e 's/([^)]*)//g' -e 's/{[^}]*}//g' -e 's/".*//' |
        sed 's/\.\./ /g' | grep -oE '(^|[ =])[0-9]+(\.[0-9]+)?%?' |
        tr -d ' =' | sort -u
}

plan_numbers() { # PLAN
    sed -n 's/^expect *=//p' "$1" | sed -e 's/([^)]*)//g' -e 's/\.\./ /g' |
        grep -oE '[0-9]+(\.[0-9]+)?%?' | sort -u
}

judge() { # FILE TRUTH NUMBERS-COMMAND
    "$3" "$1" >"$TMP/used"
    values "$2" | sort -u >"$TMP/known"
    odd=$(grep -vxFf "$TMP/known" "$TMP/used" | tr '\n' ' ')
    is "$1: every number is in $2" "$odd" ""
}

for dir in exercises/[0-9]*; do
    truth=$(truth_of "$dir")
    judge "$dir/README.md" "$truth" text_numbers
    judge "$dir/check.kit" "$truth" bound_numbers
done

for plan in scenarios/[0-9]*/*.load; do
    judge "$plan" "$(dirname "$plan")/truth.expect" plan_numbers
done

# The test itself: a number that nobody measured is found.
printf '## 4 See\n\nAbout 61 %% of it.\n' >"$TMP/README.md"
text_numbers "$TMP/README.md" >"$TMP/used"
is "a number typed by hand is seen" "$(cat "$TMP/used")" "61%"
tap_done
