#!/bin/sh
# bundle.sh STRIPPED OUT: joins the page's stripped modules of one folder into
# the three files that a browser is sent; alike things pack better together.
#   page.js   app.js and what it imports: up to the first picture
#   parts.js  rest.js and what it imports: the other parts of Explore
#   more.js   all that is brought by import() when somebody wants it
# Modules that need as many others are alike and lie side by side, as what packs
# them looks back only so far.
# A module becomes a function that returns its exports, run when it is first
# used, so names and order stay as they are in separate files.
set -eu
cd "$1"
out=$2

# The modules that these import before they run.
needs() {
    cat "$@" | grep -oE '(from|import)"\./[a-z_]+\.js"' |
        sed -E 's|.*"\./(.*)"|\1|'
}

# A module and all it needs.
closure() {
    all=$1 more=$1
    while [ -n "$more" ]; do
        # shellcheck disable=SC2086
        more=$(needs $more | sort -u | grep -vxF "$all") || more=
        all="$all
$more"
    done
    echo "$all" | sed '/^$/d'
}

# One module as "name":()=>{...}
wrap() {
    exports=$(grep -oE '\bexport (const|class|(async )?function) [A-Za-z_]+' "$1" |
        sed 's/.* //' | paste -sd, -)
    printf '"%s":()=>{' "${1%.js}"
    sed -E -f "$out/bundle.sed" "$1"
    printf '\nreturn{%s}},\n' "$exports"
}

{
    closure app.js | sed 's/$/ page.js/'
    closure rest.js | sed 's/$/ parts.js/'
    printf '%s more.js\n' ./*.js | sed 's|^\./||'
} | awk '!seen[$1]++' | while read -r module bundle; do
    echo "$module $bundle $(needs "$module" | wc -l)"
done | LC_ALL=C sort -k2,2 -k3,3n -k1,1 | cut -d ' ' -f 1,2 >"$out/bundle.txt"
{
    cat <<'END'
:names
s/(import\{[^}]*) as /\1:/;t names
s/import(\{[^}]*\})from"\.\/([a-z_]+)\.js";/const\1=$use("\2");/g
s/import"\.\/([a-z_]+)\.js";/$use("\1");/g
s/\bexport ((const|class|async|function) )/\1/g
END
    sed -E 's|(.*)\.js (.*)|s!import\\("./\1\.js"\\)!import("./\2").then(()=>$use("\1"))!g|' \
        "$out/bundle.txt"
} >"$out/bundle.sed"

for bundle in page.js parts.js more.js; do
    {
        case $bundle in
        page.js) echo '/* Without comments and spaces. As they were written: app.js, dom.js, ... beside this file. */
const all={},made={};export const $use=(name)=>made[name]??=all[name](),$add=(modules)=>Object.assign(all,modules);' ;;
        parts.js) echo 'import{$add,$use}from"./page.js";' ;;
        more.js) echo 'import{$add,$use}from"./page.js";import"./parts.js";' ;;
        esac
        echo '$add({'
        for module in $(sed -n "s/ $bundle\$//p" "$out/bundle.txt"); do
            wrap "$module"
        done
        echo '});'
        [ $bundle != page.js ] || echo '$use("app");'
    } >"$out/$bundle"
done
rm "$out/bundle.sed"
rm "$out/bundle.txt"
