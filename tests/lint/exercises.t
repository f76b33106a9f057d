#!/bin/sh
# What every exercise has, so that a student learns the rhythm once: the same
# seven headings, a misconception behind each wrong answer, three hints; and
# what a teacher shows beside them.
# shellcheck disable=SC2317 # functions are called by name
. tests/tap.sh

headings='1 Story
2 Predict
3 Do
4 See
5 Explain
6 Check
7 Further'
front() { sed -n '2,/^---$/p' "$1/README.md"; }
# The misconceptions that a wrong answer can show, and those that are promised.
shown() {
    { sed -n -e 's/^[a-z] wrong \([^ ]*\) .*/\1/p' "$1/quiz.kit"
      awk '$1 == "wrong"' "$1/check.kit" | sed 's/ ".*//' | awk '{ print $NF }'
      # The two sides of a diff the wrong way round: cli/judge_work.c
      grep -q '^W  *viewed diff left=' "$1/check.kit" && echo M3; } | sort -u
}
promised() { front "$1" | sed -n 's/^misconceptions: *\[\(.*\)\]$/\1/p' | tr -d ' ' | tr ',' '\n' | sort -u; }
rights() { # one right option an item, and two or more that are wrong
    awk '$1 == "item" { if (item && (right != 1 || wrong < 2)) print item
                        item = $2; right = wrong = 0 }
         $2 == "right" { right++ } $2 == "wrong" { wrong++ }
         END { if (right != 1 || wrong < 2) print item }' "$1/quiz.kit"
}

for dir in exercises/[0-9]*; do
    is "$dir: the seven headings" "$(sed -n 's/^## //p' "$dir/README.md")" "$headings"
    missing=$(for field in id title scenario minutes machine_seconds load \
        objectives needs misconceptions predict; do
        front "$dir" | grep -q "^$field: ." || echo "$field"
    done)
    is "$dir: its front matter is whole" "$missing" ""
    story=$(sed -n '/^## 1/,/^## 2/p' "$dir/README.md" | grep -c '^[^#]')
    ok "$dir: a story of at most five lines ($story)" [ "$story" -le 5 ]
    is "$dir: wrong answers show misconceptions" \
        "$(shown "$dir" | grep -vxE 'M([1-9]|1[0-9]|2[0-8])')" ""
    is "$dir: those that it promises" "$(shown "$dir")" "$(promised "$dir")"
    is "$dir: one right option of a question" "$(rights "$dir")" ""
    for kind in W U; do
        ok "$dir: evidence of kind $kind" grep -q "^$kind " "$dir/check.kit"
    done
    for hint in 1 2 3; do
        words=$(wc -w <"$dir/hints/$hint.md")
        ok "$dir: hint $hint has 8 to 80 words ($words)" \
            [ "$words" -ge 8 -a "$words" -le 80 ]
    done
    grep -q '^optional: yes' "$dir/README.md" ||
        ok "$dir: a section for the instructor" grep -q "^## $(front "$dir" |
            sed -n 's/^id: //p') " scenarios/*/instructor.md
done

ok "slides" [ "$(grep -cx -e '---' scenarios/07-*/slides.md)" -ge 8 ]

# ---- the profile `grafana` of docker-compose.yaml -------------------------------
if command -v jq >/dev/null 2>&1; then
    board=scenarios/grafana/dashboards/workshop.json
    source=scenarios/grafana/datasources/flamekit.yaml
    of_source() { sed -n "s/^ *\(- \)\{0,1\}$1: *//p" $source; }
    is "grafana: every panel and query asks the provisioned source" \
        "$(jq -r '[.panels[] | .datasource] | unique[] | .type + " " + .uid' $board)" \
        "$(of_source type) $(of_source uid)"
    ok "grafana: the source is a service of docker-compose.yaml, on its port" \
        grep -q "entrypoint.*flamekit-server" docker-compose.yaml
    is "grafana: at the address where it answers" "$(of_source url)" "http://server:4040"
    is "grafana: panels have numbers of their own" \
        "$(jq '[.panels[].id] | length == (unique | length)' $board)" true
    is "grafana: of types that the demo app sends" \
        "$(jq -r '[.panels[].targets[].profileTypeId] | unique | join(" ")' $board)" \
        "process_cpu:cpu:nanoseconds:cpu:nanoseconds wall:wall:nanoseconds:wall:nanoseconds"
    where=$(sed -n 's,.*\./scenarios/grafana:\([^:]*\):ro.*,\1,p' docker-compose.yaml)
    is "grafana: the board lies where its provider looks" \
        "$(sed -n 's/^ *path: *//p' scenarios/grafana/dashboards/flamekit.yaml)" \
        "$where/dashboards"
else
    skip "grafana's provisioning" "jq is not installed"
fi
tap_done
