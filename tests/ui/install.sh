#!/bin/sh
# Puts the page's test tools into tests/ui/node_modules, once. Needs no
# network when they are there already.
#   install.sh [bench]     bench: what only benchmarks compare with as well
set -eu
cd "$(dirname "$0")"
part='"dependencies"' omit=--omit=dev
[ "${1:-}" != bench ] || part='ependencies"' omit=

# Lines "name version" of package.json's dependencies.
wanted() {
    sed -n "/$part/,/}/"'s/.*"\([a-z0-9-]*\)": "\([0-9.]*\)".*/\1 \2/p' \
        package.json
}

missing=$(wanted | while read -r name version; do
    grep -qs "\"version\": \"$version\"" "node_modules/$name/package.json" ||
        echo "$name $version"
done)
[ -n "$missing" ] || exit 0
if ! command -v npm >/dev/null 2>&1; then
    echo "tests/ui: npm is missing; on Debian: apt-get install npm" >&2
    exit 1
fi
# shellcheck disable=SC2086
npm ci $omit --no-audit --no-fund --loglevel=error >&2
