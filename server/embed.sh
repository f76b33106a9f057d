#!/bin/sh
# embed.sh OUT UI: packs the page in folder UI into OUT/assets_data.S (the
# bytes, by .incbin) and OUT/assets_table.c (path, MIME type, ETag and length
# of each, and of its gzip twin). In index.html /assets/@BUILD@/ becomes a
# path with the hash of all files, so browsers may keep what is behind it for
# ever and a new server never meets old modules.
set -eu
out=$1 ui=$2
here=$(pwd)
files=$(cd "$ui" 2>/dev/null && find . -type f ! -name '.*' | sed 's|^\./||' |
    grep -E '\.(html|js|css|svg|png|ico|json|woff2|txt)$' |
    grep -Ev '\.test\.js$|(^|/)(tsconfig|jsconfig|package)\.json$' |
    LC_ALL=C sort) || files=
mkdir -p "$out/assets"

build=none
[ -z "$files" ] || build=$(cd "$ui" && for f in $files; do
    echo "$f"
    cat "$f"
done | sha256sum | cut -c1-16)

mime_of() {
    case $1 in
    *.html) echo 'text/html; charset=utf-8' ;;
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
    *.svg) echo 'image/svg+xml' ;;
    *.png) echo 'image/png' ;;
    *.ico) echo 'image/x-icon' ;;
    *.json) echo 'application/json' ;;
    *.woff2) echo 'font/woff2' ;;
    *) echo 'text/plain; charset=utf-8' ;;
    esac
}

exec 3>"$out/assets_data.S" 4>"$out/assets_rows"
echo '    .section .rodata' >&3
echo '    .section .note.GNU-stack,"",%progbits' >&3
echo '    .section .rodata' >&3
: >"$out/assets_names"
i=0
for f in $files; do
    plain=$out/assets/$i.plain
    case $f in
    *.html) sed "s|/assets/@BUILD@/|/assets/$build/|g" "$ui/$f" >"$plain" ;;
    *) cat "$ui/$f" >"$plain" ;;
    esac
    gzip -9nc "$plain" >"$out/assets/$i.gz"
    for kind in plain gz; do
        printf '    .global asset_%s_%s\nasset_%s_%s:\n' $i $kind $i $kind >&3
        printf '    .incbin "%s"\n' "$here/$out/assets/$i.$kind" >&3
        echo "extern const char asset_${i}_${kind}[];" >>"$out/assets_names"
    done
    printf '    {"%s", "%s", "\\"%s\\"", {asset_%s_plain, %s}, {asset_%s_gz, %s}},\n' \
        "$f" "$(mime_of "$f")" "$(sha256sum <"$plain" | cut -c1-16)" \
        $i "$(wc -c <"$plain")" $i "$(wc -c <"$out/assets/$i.gz")" >&4
    i=$((i + 1))
done
{
    echo '/* Made by server/embed.sh. */'
    echo '#include "server/assets.h"'
    cat "$out/assets_names"
    echo "const char assets_build[] = \"$build\";"
    echo 'const struct asset assets[] = {'
    cat "$out/assets_rows"
    echo '    {0},'
    echo '};'
} >"$out/assets_table.c"
