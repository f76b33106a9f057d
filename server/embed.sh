#!/bin/sh
# embed.sh OUT UI STRIP: packs the page in folder UI into OUT/assets/ (each
# file with its gzip twin), OUT/assets_data.S (the bytes, by .incbin) and
# OUT/assets_table.c (path, MIME type, ETag and length of each, and of its
# twin). A browser is sent the modules joined by bundle.sh and, as the style
# sheets, without what only their readers need (by the program STRIP); the
# modules as they were written lie beside them, for who wants to read them.
# In index.html /assets/@BUILD@/ becomes a path with the hash of all files, so
# browsers may keep what is behind it for ever and a new server never meets
# old modules.
set -eu
out=$1 ui=$2 strip=$3
here=$(pwd)
rm -rf "$out/assets" "$out/stripped"
mkdir -p "$out/assets" "$out/stripped"
for path in "$ui"/*.js "$ui"/*.css "$ui"/*.html; do
    [ -f "$path" ] || continue
    cp "$path" "$out/assets/"
    "$strip" "$path" >"$out/stripped/${path##*/}"
done
if [ -f "$ui/app.js" ]; then
    sh server/bundle.sh "$out/stripped" "$here/$out/assets"
    cp "$out/stripped"/*.css "$out/assets/"
    sed -e '/rel="modulepreload"/d' -e 's|/app\.js"|/page.js"|' \
        "$ui/index.html" >"$out/assets/index.html"
fi
files=$(cd "$out/assets" && find . -type f | sed 's|^\./||' | LC_ALL=C sort)

build=$(cd "$out/assets" && for f in $files; do
    echo "$f"
    cat "$f"
done | sha256sum | cut -c1-16)

mime_of() {
    case $1 in
    *.html) echo 'text/html; charset=utf-8' ;;
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
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
    plain=$out/assets/$f
    case $f in
    *.html) sed -i "s|/assets/@BUILD@/|/assets/$build/|g" "$plain" ;;
    esac
    gzip -9nc "$plain" >"$plain.gz"
    for twin in "" .gz; do
        name=asset_$i${twin#.}
        printf '    .global %s\n%s:\n' "$name" "$name" >&3
        printf '    .incbin "%s"\n' "$here/$plain$twin" >&3
        echo "extern const char ${name}[];" >>"$out/assets_names"
    done
    printf '    {"%s", "%s", "\\"%s\\"", {asset_%s, %s}, {asset_%sgz, %s}},\n' \
        "$f" "$(mime_of "$f")" "$(sha256sum <"$plain" | cut -c1-16)" \
        $i "$(wc -c <"$plain")" $i "$(wc -c <"$plain.gz")" >&4
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
